/** The races of an object: found by rules over its access table, proved by a search for a schedule that shows each. */
import type { BpfObject } from "../object/bpf_object.ts";
import type { ReportBundle } from "../report/bundle.ts";
import { WorkloadError } from "../cpu/workload_error.ts";
import { type AccessTable, accessTable } from "./access_table.ts";
import { allowedBy } from "./allowed.ts";
import { candidatesOf } from "./candidates.ts";
import { type Candidate, isNote, type RaceFinding } from "./finding.ts";
import { racesMarkdown, type RacesPart, racesParts } from "./race_markdown.ts";
import { racesJson } from "./race_json.ts";
import { racesText } from "./race_text.ts";
import { tableJson, tableText } from "./table_text.ts";
import { userMapCalls, type UserPart } from "./user_part.ts";
import type { Workload } from "../workload/workload.ts";
import { DEFAULT_BOUNDS, type WitnessBounds, WitnessSearch } from "./witness.ts";
import { t } from "../words/translation.ts";

/**
 * What to look at, and how far to search for witnesses.
 *
 * @example
 * ```ts
 * import type { FindRacesOptions } from "interleave";
 * const quick: FindRacesOptions = { programs: ["count"], bounds: { seconds: 1 } };
 * ```
 */
export interface FindRacesOptions {
  /** C functions; default: every program that the object loads. */
  readonly programs?: readonly string[];
  /** `false`: no search, every finding stays *possible*. Default true. */
  readonly witnesses?: boolean;
  /** Bounds of the search for one workload: states (default 100,000), seconds (10), anomalies looked at (24). */
  readonly bounds?: Partial<WitnessBounds>;
  /**
   * User space's part, where its calls are to be looked at too: actors and what they prepare, as a workload has them.
   */
  readonly user?: Workload["user"];
  /** What user space does before anything else runs. */
  readonly prepare?: Workload["prepare"];
  /** Called several times a second, with the share of the candidates that were searched for. */
  readonly onProgress?: (share: number) => void | Promise<void>;
}

/**
 * The races of one object. `findRaces` makes it.
 *
 * @example
 * ```ts
 * import { bpf, findRaces } from "interleave";
 * const exact = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }`;
 * const races = await findRaces(exact);
 * if (races.findings.length > 0 || races.exitCode !== 0) throw new Error("an atomic is no race");
 * ```
 */
export class Races {
  /**
   * `findRaces` makes it.
   *
   * @param accesses who touches which field how
   * @param findings in the order of the listing
   */
  constructor(
    /** Who touches which field how. */
    readonly accesses: AccessTable,
    /** All findings in the order of the listing, those that it allows included. */
    readonly findings: readonly RaceFinding[],
  ) {}

  /** The object's name. */
  get name(): string {
    return this.accesses.object.name;
  }

  /** Findings that the listing does not allow. */
  get open(): readonly RaceFinding[] {
    return this.findings.filter(({ allowed }) => allowed === undefined);
  }

  /** Those of them that are races, not notes. */
  get races(): readonly RaceFinding[] {
    return this.open.filter((one) => !isNote(one));
  }

  /** Races that a schedule was found for. */
  get confirmed(): readonly RaceFinding[] {
    return this.races.filter(({ proof }) => proof.state === "confirmed");
  }

  /** 0: nothing found; 1: a race with a witness; 3: possible ones only, or a program that was not followed to its end. */
  get exitCode(): 0 | 1 | 3 {
    if (this.confirmed.length > 0) return 1;
    return this.races.length > 0 || this.accesses.unseen.length > 0 ? 3 : 0;
  }

  /** The access table in print. */
  table(): string {
    return tableText(this.accesses);
  }

  /** As compilers print what they find. */
  toString(): string {
    return racesText(this);
  }

  /** The forms that a notebook keeps. */
  toBundle(): ReportBundle {
    return { "text/plain": racesText(this), "text/markdown": racesMarkdown(this) };
  }

  /** The page in a notebook: what was found, then each finding, with the steps of its witness to draw. */
  toParts(): readonly RacesPart[] {
    return racesParts(this);
  }

  /** `schema` 1; nothing in it differs from run to run. */
  toJSON(): unknown {
    return { ...racesJson(this), table: tableJson(this.accesses) };
  }
}

/**
 * Finds the races of anybody's object, and proves them: each finding says which C lines race on which field and why, and
 * is either *confirmed* by a schedule that shows it, or *possible* with the reason why none was found.
 *
 * @param object what `bpf` or `loadObject` gave
 * @throws WorkloadError for a program that the object does not have, or bounds that are no whole numbers
 *
 * @example
 * ```ts
 * import { bpf, findRaces, replay, simulate } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const [race] = (await findRaces(racy)).findings;
 * if (race.name !== "lost-update" || race.proof.state !== "confirmed") throw new Error("one update can be lost");
 * const { schedule } = race.proof.witness;
 * const again = await simulate(racy, { cpus: 2, invocations: 1, scheduler: replay(schedule) });
 * if (again.final.counter !== 1n) throw new Error("the witness replays");
 * ```
 */
export async function findRaces(object: BpfObject, options: FindRacesOptions = {}): Promise<Races> {
  checkOptions(object, options);
  const { user, prepare } = options, part: UserPart = { ...(user ? { user } : {}), ...(prepare ? { prepare } : {}) };
  const table = accessTable(object, options.programs), calls = user ? await userMapCalls(table.object, part) : [];
  const partly = new Map(table.unseen.map(({ prog, why }) => [prog, why]));
  const candidates = candidatesOf(table, calls).map((one) => doubted(one, partly)), findings: RaceFinding[] = [];
  const tick = () => options.onProgress?.(done / candidates.length);
  let done = 0;
  const search = new WitnessSearch(table.object, { ...DEFAULT_BOUNDS, ...options.bounds }, part, tick);
  for (const one of candidates) {
    await tick();
    const allowed = allowedBy(object, one), isSearched = options.witnesses !== false && allowed === undefined;
    // What only a memory model shows is nothing without its search.
    if (!isSearched && one.memory) continue;
    const proof = isSearched ? await search.prove(one) : {
      state: "possible",
      why: allowed === undefined ? t`no witness was looked for` : t`the listing allows it`,
    } as const;
    if (proof) findings.push({ ...one, proof, ...(allowed === undefined ? {} : { allowed }) });
    done++;
  }
  return new Races(table, findings);
}

/** Of a program that was not followed to its end nothing is sure. */
function doubted(one: Candidate, partly: ReadonlyMap<string, string>): Candidate {
  const prog = one.sites.map((site) => site.prog).find((name) => partly.has(name));
  return one.doubt || prog === undefined ? one : {
    ...one,
    doubt: t`${prog} was not followed to its end: ${partly.get(prog)}`,
  };
}

function checkOptions({ name, programs }: BpfObject, options: FindRacesOptions): void {
  for (const wanted of options.programs ?? []) {
    if (programs.some((program) => program.name === wanted)) continue;
    throw new WorkloadError(`${name} has no program ${wanted}: it has ${programs.map((one) => one.name).join(", ")}`);
  }
  for (const [bound, value] of Object.entries(options.bounds ?? {})) {
    if (
      value === undefined || typeof value === "number" && value > 0 && (bound === "seconds" || Number.isInteger(value))
    ) {
      continue;
    }
    throw new WorkloadError(`bounds.${bound} is ${value}: a number above 0 is needed`);
  }
}
