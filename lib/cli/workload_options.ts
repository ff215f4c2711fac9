/** Options that say what to run: which programs where, what interrupts them, what they and user space are given. */
import { type Command, InvalidArgumentError } from "commander";
import type { BpfObject } from "../object/bpf_object.ts";
import { standardRuns } from "../workload/default_programs.ts";
import { completed } from "../workload/user_space_side.ts";
import type { Interrupt, ProgRun, Workload } from "../workload/workload.ts";
import { bytesOf, packetsOf, prepareFile, workloadFile } from "../workload/workload_file.ts";
import { count, names } from "./arguments.ts";

/** What the options come to. */
export interface WorkloadOptions {
  readonly cpus?: number;
  readonly invocations?: number;
  readonly programs?: readonly string[];
  readonly place: readonly ProgRun[];
  readonly interrupt: readonly Interrupt[];
  readonly pid: readonly { readonly prog?: string; readonly pid: number }[];
  readonly ctx?: string;
  readonly packet: readonly string[];
  readonly prepare?: string;
  readonly workload?: string;
}

const more =
  <T>(parse: (text: string) => T) => (text: string, all: readonly T[]): readonly T[] => [...all, parse(text)];

function placement(text: string): ProgRun {
  const [, prog, cpus] = /^(\w+)@(\d+(?:,\d+)*)$/.exec(text) ?? [];
  if (prog === undefined) throw new InvalidArgumentError("a program and its CPUs are needed: count@0 or count@0,1");
  return { prog, cpus: cpus.split(",").map(count) };
}

const KINDS = ["hardirq", "softirq", "nmi", "preemption"] as const;

function interrupt(text: string): Interrupt {
  const [, prog, cpu, kind, times] = /^(\w+)@(\d+)(?::(\w+))?(?:\*(\d+))?$/.exec(text) ?? [];
  if (prog === undefined) {
    throw new InvalidArgumentError("a program and a CPU are needed, then a kind and how often: count@0, count@0:nmi*2");
  }
  if (kind !== undefined && !(KINDS as readonly string[]).includes(kind)) {
    throw new InvalidArgumentError(`${kind} is no kind of interrupt: there is ${KINDS.join(", ")}`);
  }
  return {
    prog,
    cpu: count(cpu),
    ...(kind === undefined ? {} : { kind: kind as Interrupt["kind"] }),
    ...(times === undefined ? {} : { count: count(times) }),
  };
}

function process(text: string): { prog?: string; pid: number } {
  const [, prog, pid] = /^(?:(\w+)=)?(\d+)$/.exec(text) ?? [];
  if (pid === undefined) throw new InvalidArgumentError("a number is needed, or a program and a number: count=1234");
  return { ...(prog === undefined ? {} : { prog }), pid: count(pid) };
}

/** Which programs: an option of every command that reads a listing and looks at some of its programs. */
export const withPrograms = (command: Command): Command =>
  command.option(
    "--programs <names>",
    "which programs run, separated by commas (default: those that share a map or a variable)",
    names,
  );

/** All options about the workload. */
export const withWorkloadOptions = (command: Command): Command =>
  withPrograms(command)
    .option(
      "--place <prog@cpus>",
      "run a program on these CPUs: count@0 or count@0,1 (may be repeated)",
      more(placement),
      [],
    )
    .option(
      "--interrupt <prog@cpu>",
      `strike a CPU with a program: count@0, count@0:nmi, count@0:softirq*3; kinds ${
        KINDS.join(", ")
      } (may be repeated)`,
      more(interrupt),
      [],
    )
    .option(
      "--pid <pid>",
      "process of all programs, or of one: 1234 or count=1234 (may be repeated)",
      more(process),
      [],
    )
    .option("--ctx <hex|file>", "first bytes of the programs' contexts, zero beyond")
    .option(
      "--packet <hex|file>",
      "packet for XDP, tc and socket programs; a file is a pcap, lines of hex, or a packet's bytes (may be repeated)",
      more(String),
      [],
    )
    .option("--prepare <file>", "what user space does first: a JSON list of calls, or a module that exports `prepare`")
    .option("--workload <file>", "all of this from a file, JSON or TypeScript; options go before it");

/** The workload that options describe, for a listing; and the options that are not about it. */
export async function workloadOf<T extends WorkloadOptions>(
  object: BpfObject,
  { programs, place, interrupt, pid, ctx, packet, prepare, workload, ...rest }: T,
): Promise<Workload & Omit<T, Exclude<keyof WorkloadOptions, "cpus" | "invocations">>> {
  const file = workload === undefined ? {} : await workloadFile(workload);
  const bytes = ctx === undefined ? undefined : await bytesOf(ctx);
  const runs = runsOf(object, { programs, place }, file);
  const changes = bytes !== undefined || pid.length > 0;
  const changed = changes
    ? (runs ?? standardRuns(completed(object).object).runs).map((run): ProgRun => {
      const { prog } = typeof run === "string" ? { prog: run } : run;
      const own = pid.find((one) => one.prog === prog) ?? pid.find((one) => one.prog === undefined);
      const ids = own ? { pid: own.pid } : {};
      return { ...(typeof run === "string" ? { prog: run } : run), ...ids, ...(bytes ? { ctx: bytes } : {}) };
    })
    : runs;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    ...file,
    ...given as typeof rest,
    ...(changed ? { programs: changed } : {}),
    ...(interrupt.length > 0 ? { interrupts: interrupt } : {}),
    ...(packet.length > 0 ? { packets: await packetsOf(packet) } : {}),
    ...(prepare === undefined ? {} : { prepare: await prepareFile(prepare) }),
  };
}

/** Programs as named and placed; undefined where the default is meant. */
function runsOf(
  object: BpfObject,
  { programs, place }: Pick<WorkloadOptions, "programs" | "place">,
  file: Workload,
): Workload["programs"] {
  if (!programs && place.length === 0) return file.programs;
  const placed = place.map(({ prog }) => prog);
  const named = programs ?? standardRuns(completed(object).object).runs.map(({ prog }) => prog);
  const standard = new Map(standardRuns(completed(object).object).runs.map((run) => [run.prog, run]));
  const isThere = (prog: string) => named.includes(prog) || placed.includes(prog);
  // An exit stays with its entry, where both run.
  const together = (prog: string): ProgRun => {
    const { exitOf } = standard.get(prog) ?? {};
    return exitOf !== undefined && isThere(exitOf) ? { prog, exitOf } : { prog };
  };
  const everywhere = place.length > 0 && !programs ? [] : named.filter((prog) => !placed.includes(prog));
  return [...everywhere.map(together), ...place.map((run) => ({ ...together(run.prog), ...run }))];
}
