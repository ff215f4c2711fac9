/** The one place where what a reader wrote as options is looked at, before anything is run with it. */
import { WorkloadError } from "../cpu/workload_error.ts";
import { MEMORY_MODELS, type MemoryModel } from "./memory_model.ts";
import { ETH_HLEN, MOST_PACKET_BYTES } from "../cpu/packet.ts";
import { MAX_CPUS, type Workload } from "./workload.ts";
import {
  above,
  callable,
  either,
  isRecord,
  list,
  oneOf,
  record,
  recordProblem,
  type Rule,
  type Rules,
  shown,
  text,
  valueProblem,
  whole,
} from "../words/rules.ts";

const MOST_RUNS = 1_000_000_000;
/** Visible operations of one schedule, unless `bounds` says otherwise. */
export const DEFAULT_DEPTH = 100_000;
/** A few seconds of work. */
const MOST_TIMED_RUNS = 5_000_000;
/** On a real machine, a dozen runs of each workload: with more, a cell would take minutes. */
const MOST_MEASURED_RUNS = 1_000_000;

/** What actors return goes by their names. */
const differing = (rule: Rule): Rule => ({
  ...rule,
  fits: (value) =>
    rule.fits(value) &&
    new Set((value as { name?: unknown }[]).map((one) => one?.name)).size === (value as unknown[]).length,
});

const CPU = whole(0, MAX_CPUS - 1, "cpu: 0");
const CTX: Rule = {
  wants: "bytes",
  example: "ctx: new Uint8Array(8)",
  fits: (value) => value instanceof Uint8Array,
};
const PACKET: Rule = {
  wants: `the bytes of a packet, ${ETH_HLEN} to ${MOST_PACKET_BYTES} of them`,
  example: "packets: [new Uint8Array(64)]",
  fits: (value) => value instanceof Uint8Array && value.length >= ETH_HLEN && value.length <= MOST_PACKET_BYTES,
};
const PACKETS: Rule = {
  ...list("a list of packets, one at least", PACKET, "packets: [new Uint8Array(64)]"),
  fits: (value) => Array.isArray(value) && value.length > 0,
};
const PROG = text("the name of a C function", 'prog: "count"');
const INVOCATIONS = whole(0, MOST_RUNS, "invocations: 1000");

const PID = (name: string) => whole(1, 2 ** 31 - 1, `${name}: 1234`);
const AFTER: Rule = {
  wants: "the name of a program or of a user actor, or a list of such names",
  example: 'after: "count"',
  fits: (value) =>
    typeof value === "string" || (Array.isArray(value) && value.every((name) => typeof name === "string")),
};
const ORDER_AND_PIDS = { after: AFTER, pid: PID("pid"), tgid: PID("tgid") };

const PROG_RUN = record(
  "the name of a program, or an object that says how often it runs and where",
  {
    prog: PROG,
    cpus: list("a list of CPU numbers", CPU, "cpus: [0, 1]"),
    invocations: INVOCATIONS,
    sleepable: either("sleepable: true"),
    exitOf: text("the name of a program", 'exitOf: "enter"'),
    ctx: CTX,
    packets: PACKETS,
    ...ORDER_AND_PIDS,
  },
  ["prog"],
  '{ prog: "count", cpus: [0], invocations: 10 }',
);
const PROGRAM: Rule = {
  ...PROG_RUN,
  fits: (value) => typeof value === "string" || isRecord(value),
  inside: (value, path) => typeof value === "string" ? undefined : PROG_RUN.inside!(value, path),
};
const INTERRUPT = record(
  "an object that names a program and a CPU",
  {
    prog: PROG,
    cpu: CPU,
    kind: oneOf(["hardirq", "softirq", "nmi", "preemption"], 'kind: "nmi"'),
    count: whole(0, MOST_RUNS, "count: 2"),
    ctx: CTX,
    packets: PACKETS,
  },
  ["prog", "cpu"],
  '{ prog: "count", cpu: 0, count: 2 }',
);
const ACTOR = record(
  "an object with a name and a body",
  {
    name: text("text", 'name: "reader"'),
    cpu: CPU,
    ...ORDER_AND_PIDS,
    body: callable("a generator function", '*body(user) { return yield* user.lookup("stats", 0); }'),
  },
  ["name", "body"],
  '{ name: "reader", *body(user) { return yield* user.lookup("stats", 0); } }',
);

const MEMORY = oneOf(MEMORY_MODELS, 'memory: "x86"');
const WORKLOAD: Rules = {
  cpus: whole(1, MAX_CPUS, "cpus: 4"),
  invocations: INVOCATIONS,
  programs: list("a list of programs", PROGRAM, 'programs: ["count"]'),
  packets: PACKETS,
  interrupts: list("a list of interrupts", INTERRUPT, 'interrupts: [{ prog: "count", cpu: 0 }]'),
  prepare: callable("a generator function", 'prepare: (user) => user.update("stats", 0, 1)'),
  user: differing(
    list(
      "a list of user-space actors, each with a name of its own",
      ACTOR,
      'user: [{ name: "reader", *body(user) { ... } }]',
    ),
  ),
  preempt: oneOf(["none", "full"], 'preempt: "full"'),
  limits: record(
    "an object",
    {
      steps: whole(1, Infinity, "steps: 1000"),
      insnsPerStep: whole(1, Infinity, "insnsPerStep: 1000000"),
      rearms: whole(0, 1_000_000, "rearms: 3"),
    },
    [],
    "limits: { steps: 1000000 }",
  ),
  verify: either("verify: false"),
  memory: MEMORY,
  models: {
    wants: "an object with a function for each helper's name",
    example: "models: lockHelpers(ticketLock)",
    fits: (value) => isRecord(value) && Object.values(value).every((model) => typeof model === "function"),
  },
};

const SCHEDULERS = ["random", "round_robin", "pct", "clock"];
const SCHEDULER: Rule = {
  wants: `${SCHEDULERS.map((name) => `"${name}"`).join(", ")}, or an object with name, reset and next`,
  names: SCHEDULERS,
  example: '{ name: "lowest first", reset() {}, next: ({ enabled }) => enabled[0] }',
  fits: (value) =>
    SCHEDULERS.includes(value as string) ||
    (isRecord(value) && typeof value.reset === "function" && typeof value.next === "function" &&
      typeof value.name === "string"),
};

const PROFILE: Rule = {
  wants: "the name of a profile, or a profile",
  example: 'profile: "xeon-kvm"',
  fits: (value) => typeof value === "string" || isRecord(value),
};
const WORKERS = whole(1, 1024, "workers: 2");
const SEED = whole(0, Number.MAX_SAFE_INTEGER, "seed: 1");

/** What a run may be told: the simulator, threads and the kernel take the same, each uses what it understands. */
const RUN: Rules = {
  ...WORKLOAD,
  seed: SEED,
  scheduler: SCHEDULER,
  profile: PROFILE,
  repeats: whole(1, 10_000, "repeats: 7"),
  durationMs: above("durationMs: 5"),
  exact: either("exact: true"),
  maxMapBytes: whole(1, Infinity, "maxMapBytes: 2 ** 28"),
  nowNs: callable("a function", "nowNs: () => 1000"),
};

const SEARCH: Rules = {
  ...WORKLOAD,
  bounds: record(
    "an object",
    {
      states: whole(1, Infinity, "states: 100000"),
      depth: whole(1, Infinity, "depth: 1000"),
      seconds: above("seconds: 10"),
      memoryBytes: whole(1, Infinity, "memoryBytes: 1e9"),
    },
    [],
    "bounds: { states: 100000, seconds: 10 }",
  ),
  holds: callable("a function that says whether an ending is right", "holds: (values) => values.counter === 2n"),
  symmetry: either("symmetry: false"),
  reduction: either("reduction: false"),
  workers: WORKERS,
  onProgress: callable("a function", "onProgress: ({ states }) => console.log(states)"),
};
const ESTIMATE: Rules = {
  ...SEARCH,
  runs: whole(1, 10_000_000, "runs: 1000"),
  depth: whole(1, 1000, "depth: 2"),
};

const TECHNIQUE = record(
  "an object with a listing",
  {
    technique: text("the book's name of a technique", 'technique: "atomic"'),
    name: text("text", 'name: "my lock"'),
    object: {
      wants: "what await bpf`...` gives",
      example: "object: await bpf`...`",
      fits: (value) => isRecord(value) && Array.isArray(value.programs),
    },
    program: PROG,
    operationsPerRun: whole(1, MOST_RUNS, "operationsPerRun: 64"),
    bytes: whole(0, Infinity, "bytes: 64"),
    workload: record("an object", { ...WORKLOAD, cpus: undefined, invocations: undefined }, [], "workload: {}"),
    models: WORKLOAD.models,
  },
  ["object"],
  '{ technique: "atomic", object }',
);
const TECHNIQUES = list("a list of techniques", TECHNIQUE, '[{ technique: "atomic", object }]');
const COST_CURVE: Rules = {
  profile: PROFILE,
  cpus: list("a list of numbers of CPUs", whole(1, MAX_CPUS, "4"), "cpus: [1, 2, 4]"),
  operations: whole(1, MOST_TIMED_RUNS, "operations: 10000"),
  seed: SEED,
  lost: either("lost: true"),
  workers: WORKERS,
  progress: callable("a function", "progress: (done, total) => console.log(done, total)"),
};

/** Why an option of one call has no place in another. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["bounds", "holds", "symmetry", "reduction", "workers", "onProgress"].map((
      name,
    ) => [name, "it belongs to explore"]),
  ),
  ...Object.fromEntries(["seed", "scheduler"].map((name) => [name, "it tries every schedule; simulate has it"])),
  profile: "it tries every schedule, at no machine's pace; simulate has it",
};

/** The calls that run a workload, and those that search it. */
export type Call = "simulate" | "threads" | "linux" | "compare" | "explore" | "estimate" | "player";

/**
 * Looks at the arguments of a call.
 *
 * @throws WorkloadError for an option that does not exist or holds what it can't; says what is given, allowed, an example
 */
export function checkCall(call: Call, object: unknown, options: unknown): void {
  if (call === "explore" || call === "estimate" || call === "player") checkSearch(call, object, options);
  else checkRun(call, object, options);
}

/** @throws WorkloadError for more runs under a profile than end in a few seconds */
export function checkTimedRuns(cpus: number, invocations: number): void {
  if (invocations * cpus <= MOST_TIMED_RUNS) return;
  throw new WorkloadError(
    `${cpus} CPUs x ${invocations} invocations are too many runs under a profile, which takes its time for each: ` +
      `at most ${MOST_TIMED_RUNS.toLocaleString("en")} in all`,
  );
}

function checkRun(call: "simulate" | "threads" | "linux" | "compare", object: unknown, options: unknown): void {
  check(call, object, options, RUN);
  const { invocations = 0 } = options as Workload;
  if (call === "simulate" || invocations <= MOST_MEASURED_RUNS) return;
  throw new WorkloadError(
    `invocations is ${invocations}: ${call} takes at most ${MOST_MEASURED_RUNS.toLocaleString("en")}. ` +
      "Real machines raise small numbers by themselves, until a run takes some milliseconds",
  );
}

function checkSearch(call: "explore" | "estimate" | "player", object: unknown, options: unknown): void {
  check(call, object, options, call === "estimate" ? ESTIMATE : SEARCH);
  const { invocations = 1, programs = [], bounds } = options as Workload & {
    readonly bounds?: { readonly depth?: number };
  };
  const depth = bounds?.depth ?? DEFAULT_DEPTH;
  const own = programs.map((run) => typeof run === "string" ? 0 : run.invocations ?? 0);
  const most = Math.max(invocations, ...own);
  if (most <= depth) return;
  throw new WorkloadError(
    `${most.toLocaleString("en")} invocations are too many to search: ${call} tries every schedule, and one may have ` +
      `${depth.toLocaleString("en")} steps (bounds: { depth } allows more). Two or three invocations show most faults`,
  );
}

/** The memory model that a litmus test is asked for; undefined where none is. */
export function checkMemory(memory: unknown): MemoryModel | undefined {
  if (memory !== undefined) refuse(valueProblem("memory", memory, MEMORY));
  return memory as MemoryModel | undefined;
}

/** The same for `costCurve`. */
export function checkCostCurve(techniques: unknown, options: unknown): void {
  refuse(valueProblem("techniques", techniques, TECHNIQUES));
  checkOptions("costCurve", options, COST_CURVE, "{ cpus: [1, 2, 4] }");
}

function check(call: string, object: unknown, options: unknown, rules: Rules): void {
  if (object instanceof Promise) {
    throw new WorkloadError(`${call}: the listing is not compiled yet; write await before bpf\`...\``);
  }
  if (!isRecord(object) || !Array.isArray(object.programs)) {
    throw new WorkloadError(`${call} is given ${shown(object)} to run; it wants what await bpf\`...\` gives`);
  }
  checkOptions(call, options, rules, "{ cpus: 2, invocations: 1000 }");
}

function checkOptions(call: string, options: unknown, rules: Rules, example: string): void {
  if (!isRecord(options)) throw new WorkloadError(`${call}: its options are ${shown(options)}; write ${example}`);
  refuse(recordProblem(call, options, { rules, elsewhere: ELSEWHERE, prefix: "" }));
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new WorkloadError(problem);
}
