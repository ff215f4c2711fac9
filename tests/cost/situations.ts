/** Situations that no profile was fitted to, measured on a kernel: counters side by side, random hits, a lock held long. */
import { readFileSync } from "node:fs";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Profile } from "../../lib/cost/profile.ts";
import { TimedMachine } from "../../lib/cost/timed_run.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { planTasks } from "../../lib/workload/plan.ts";

/** Profile of the machine that they were measured on. */
export const SITUATIONS_PROFILE = "emerald-rapids-kvm";

export interface Situation {
  readonly what: string;
  readonly program: string;
  readonly cpus: number;
  /** Median of the passes, and their 10 % and 90 % quantiles. */
  readonly ns: number;
  readonly low: number;
  readonly high: number;
}

const BEGINS: readonly (readonly [string, string])[] = [
  ["close", "own counter of each CPU, one cache line"],
  ["apart", "own counter of each CPU, lines apart"],
  ["random", "64 elements hit at random"],
  ["rewrite", "lock held while 16 words are rewritten"],
];

/** `rewrite_hash100`: lock held while 16 words are rewritten (hash, 100 private instructions between). */
function describe(program: string): string {
  const [begin, ...rest] = program.split("_"), text = BEGINS.find(([name]) => name === begin)![1];
  const more = rest.join(", ").replace(/^(array|hash)(\d+)$/, "$1, $2 private instructions between");
  return `${text} (${more})`;
}

export function situations(): Situation[] {
  const url = new URL("./data/situations.json", import.meta.url);
  const { rows } = JSON.parse(readFileSync(url, "utf8")) as { rows: Omit<Situation, "what">[] };
  return rows.map((row) => ({ ...row, what: describe(row.program) }));
}

export const situationsObject = (): Promise<BpfObject> =>
  bpf.file(decodeURIComponent(new URL("./progs/situations.bpf.c", import.meta.url).pathname));

/** Nanoseconds for each run by a profile. */
export function predictSituation(object: BpfObject, { program, cpus }: Situation, profile: Profile): number {
  const timed = new TimedMachine(planTasks(object, { cpus, invocations: 1500, programs: [program] }), {}, profile, 1);
  const { nsPerOp } = timed.run(), { fault } = timed.machine;
  if (fault) throw new Error(`${program}: ${fault.message}`);
  return nsPerOp;
}
