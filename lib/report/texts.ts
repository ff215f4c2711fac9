/** Every fixed text of reports and traces. */
import { t, translated } from "../words/translation.ts";

const cpus = (n: number): string => n === 1 ? t`${n} CPU` : t`${n} CPUs`;
const thousands = (n: number): string => n.toLocaleString("en-US");
/** A sentence begins with a capital letter, where letters have one. */
const capital = (text: string): string => `${text[0].toUpperCase()}${text.slice(1)}`;

/** What can go wrong, as searches name it. */
const KINDS: Readonly<Record<string, string>> = translated({
  "lost update": "lost update",
  "torn value": "torn value",
  "wrong key": "wrong key",
  "late write": "late write",
  "runs skipped": "runs skipped",
  deadlock: "deadlock",
  livelock: "livelock",
  fault: "fault",
});
const kindText = (kind: string): string => KINDS[kind] ?? kind;

export const texts = translated({
  sentence: (text: string) => t`${text}.`,
  headed: (text: string) => t`${text}:`,
  list: (parts: readonly string[]) => parts.join(t`, `),
  clauses: (parts: readonly string[]) => parts.join(t`; `),
  cpu: (n: number) => t`CPU ${n}`,
  buffer: (n: number) => t`buffer of CPU ${n}`,
  buffers: (target: string, value: string) => t`${target} = ${value} into the store buffer`,
  readsOwn: (target: string, value: string) => t`reads ${target} = ${value} out of its store buffer`,
  flushes: (target: string, before: string, arrow: string, after: string) =>
    t`${target}: ${before} ${arrow} ${after}, flushed`,
  reads: (target: string, value: string) => t`reads ${target} = ${value}`,
  stays: (target: string, value: string) => t`${target} stays ${value}`,
  waits: (target: string) => t`waits for ${target}`,
  starts: (prog: string) => t`${prog} starts`,
  skips: (prog: string, guard: string) => t`${prog} is skipped: ${guard}`,
  returns: "returns",
  prints: (text: string) => t`prints ${text}`,

  step: "step",
  line: "C line",
  insn: "instruction",
  /** Beside a store that another one wipes out, and beside that other one. */
  lost: (step: number) => t`lost at step ${step}`,
  overwrites: (steps: string) => t`overwrites step ${steps}`,
  /** Beside the two loads of a torn read. */
  stale: (step: number) => t`old: before step ${step}`,
  fresh: (step: number) => t`new: sees step ${step}`,
  remarkColumn: "remark",
  skipped: (n: number) => n === 1 ? t`... ${n} step not shown ...` : t`... ${n} steps not shown ...`,
  switchColumn: "switch",
  /** Why another lane takes the next step. */
  switch: {
    ended: (lane: string) => t`${lane} done`,
    waits: (lane: string, target: string) => t`${lane} waits for ${target}`,
    between: (lane: string) => t`${lane} between runs`,
    interrupt: (lane: string, context = "hardirq") =>
      context === "nmi"
        ? t`NMI, ${lane} stands still`
        : context === "softirq"
        ? t`softirq, ${lane} stands still`
        : t`interrupt, ${lane} stands still`,
    preempted: (lane: string) => t`${lane} preempted`,
  },

  machine: {
    simulator: (n: number) => n === 1 ? t`${n} simulated CPU` : t`${n} simulated CPUs`,
    threads: (n: number) => t`${cpus(n)}, as threads of this computer`,
    linux: (n: number) => t`${cpus(n)} of the running kernel`,
  },
  heading: (program: string, where: string, invocations: number, runs?: string) => {
    const n = thousands(invocations), each = invocations === 1 ? t`${n} run on each` : t`${n} runs on each`;
    return t`${program} on ${where}, ${runs ?? each}`;
  },
  variable: "variable",
  expected: "one after another",
  found: "found",
  difference: "difference",
  equal: (n: number) => t`and ${n} more as expected`,
  untouched: (n: number) => t`and ${thousands(n)} more as they began`,
  allUntouched: (n: number) => t`${thousands(n)} values of maps and variables, all as they began.`,
  different: (n: number) => t`and ${n} more that differ`,
  nothingShared: "No shared variable.",
  noSerial: "What one after another gives could not be computed.",
  lostSome: (share: string) => t`Lost: ${share} of the updates.`,
  /** On machines without a trace. */
  lostShort: (share: string) =>
    t`Lost: ${share} of the updates, by what is short of one after another in either order.`,
  asSerial: "Nothing lost: as if one after another.",
  skippedRuns: (skips: readonly { prog: string; cpu: number; runs: number; guard: string }[]) =>
    t`Skipped: ${
      skips.map(({ prog, cpu, runs, guard }) =>
        runs === 1
          ? t`${runs} run of ${prog} on CPU ${cpu} (${guard})`
          : t`${thousands(runs)} runs of ${prog} on CPU ${cpu} (${guard})`
      ).join(t`, `)
    }: the kernel does not run them, and nothing of theirs is lost.`,
  skippedCount: (n: number) =>
    n === 1 ? t`Skipped: ${n} run (recursion_misses).` : t`Skipped: ${thousands(n)} runs (recursion_misses).`,
  skippedOutcomes: (some: number, of: number, who: readonly string[], serial: boolean) => {
    const skipped = of === 1
      ? t`Skipped runs: in ${some} of ${of} outcome the kernel skips runs (${who.join(t`, `)})`
      : t`Skipped runs: in ${some} of ${of} outcomes the kernel skips runs (${who.join(t`, `)})`;
    return serial ? t`${skipped}; each is held against the runs that happened, one after another.` : t`${skipped}.`;
  },
  unchanged: "Every map and global variable ends as it began, as one after another leaves it.",
  /** An end that no loss explains: named after the one serial order that the table shows. */
  otherEnd: "Nothing lost, but the end differs from the serial order 0, 1, 2, ...",
  depends: (names: readonly string[]) =>
    names.length === 1
      ? t`${names[0]} depends on the order of runs, a clock or random numbers`
      : t`${names.join(t`, `)} depend on the order of runs, a clock or random numbers`,
  nsPerOp: (ns: string) => t`${ns} ns per run.`,
  /** What a model cannot know better: nanoseconds, and percent of the updates that are lost. */
  modelRange: (least: string, most: string, leastLost: string, mostLost: string, linesBy: string) =>
    mostLost === "0"
      ? t`${least} to ${most} ns with cache lines ${linesBy} % faster or slower.`
      : t`${least} to ${most} ns and ${leastLost} to ${mostLost} % of the updates lost with cache lines ${linesBy} % faster or slower.`,
  fault: (message: string) => t`Fault: ${message}`,
  faultAt: (prog: string, cpu: number, insn: number, text: string) =>
    t`  in ${prog} on CPU ${cpu}, insn ${insn}: ${text}`,
  faultLine: (file: string, line: number, text: string) => `  ${file}:${line}: ${text}`,
  printed: "Printed:",
  morePrinted: (n: number) => n === 1 ? t`  ... ${n} line more` : t`  ... ${n} lines more`,
  how: (how: string) => t`How: ${how}.`,
  memory: (model: string) => t`Memory: ${model}.`,

  conditions: { serial: "not serial", holds: "not holds" } as Readonly<Record<string, string>>,
  anomalies: (condition: string, states: readonly string[], more: number) =>
    `${capital(condition)}: ${[...states, ...more > 0 ? [t`${more} more`] : []].join("  |  ")}`,
  searched: (states: string, transitions: string, schedules: string | undefined) =>
    schedules === undefined
      ? t`${states} states, ${transitions} transitions`
      : schedules === "1"
      ? t`${states} states, ${transitions} transitions, ${schedules} schedule`
      : t`${states} states, ${transitions} transitions, ${schedules} schedules`,
  executions: (count: string) => t`${count} candidates of executions`,
  executionFound: "Every execution was looked at.",
  executionsComplete: "Every execution was looked at, so this is a proof under the conditions below.",
  complete: "Every schedule was covered, so this is a proof under the conditions below.",
  /** Where nothing was shared: what is true of every schedule is then true for want of anything to race for. */
  empty: (why: string) => t`Every schedule was covered, but ${why}`,
  warning: (text: string) => t`Warning: ${text}`,
  completeUnder:
    "Every schedule was covered, but not all that the kernel leaves open, so this is a proof for these only:",
  witnessFound: "Every schedule was covered.",
  incomplete: (bound: string) => t`Not every schedule was covered (${bound}): what was not found may still be there.`,
  symmetry: "States that differ only in which CPU is which were counted once.",
  reduction: "Of orders that make no difference one was tried.",
  witness: (steps: number, preemptions: number, shortest: boolean) =>
    preemptions === 1
      ? shortest
        ? t`Shortest witness: ${steps} steps, ${preemptions} preemption`
        : t`A witness: ${steps} steps, ${preemptions} preemption`
      : shortest
      ? t`Shortest witness: ${steps} steps, ${preemptions} preemptions`
      : t`A witness: ${steps} steps, ${preemptions} preemptions`,
  schedule: (schedule: string) => t`Schedule: ${schedule}`,
  scheduleWord: "Schedule:",
  verdict: ({ kind, what, section, claims }: {
    readonly kind: string;
    readonly what: string;
    readonly section: string;
    readonly claims: readonly string[];
  }) =>
    claims.length === 0
      ? t`${capital(kindText(kind))}: ${what} [section: ${section}]`
      : claims.length === 1
      ? t`${capital(kindText(kind))}: ${what} [section: ${section}, claim ${claims[0]}]`
      : t`${capital(kindText(kind))}: ${what} [section: ${section}, claims ${claims.join(", ")}]`,
  /** A search in one sentence, and the heads and words of its table of endings. */
  verdicts: {
    Sometimes: "Sometimes wrong",
    Always: "Always wrong",
    Never: "Never wrong",
    NeverOfCovered: "Not wrong in what was covered",
    Unknown: "Unknown",
    bad: (bad: number, of: number, serial: boolean) =>
      serial
        ? of === 1
          ? t`${bad} of ${of} ending is out of reach for runs one after another`
          : bad === 1
          ? t`${bad} of ${of} endings is out of reach for runs one after another`
          : t`${bad} of ${of} endings are out of reach for runs one after another`
        : of === 1
        ? t`in ${bad} of ${of} ending the property does not hold`
        : t`in ${bad} of ${of} endings the property does not hold`,
    stuck: (kind: string) => t`some schedules end in a ${kindText(kind)}`,
    allSerial: "However the runs meet, they end as they can one after another.",
    allHold: "However the runs meet, the property holds at the end.",
    nothingFound: "No wrong ending was found.",
    ending: "ending",
    returned: "returned",
    skipped: "skipped runs",
    property: "property",
    serial: "one after another",
    yes: "yes",
    no: "no",
    holds: "holds",
    broken: "does not hold",
    absent: "none",
    order: "First what runs one after another can end in, then what they cannot; each by its values.",
    orderByProperty: "First where the property holds, then where it does not; each by its values.",
    more: (n: number) => n === 1 ? t`and ${n} more ending` : t`and ${n} more endings`,
    given: "What this takes as given, and what ran",
    herd: "As herd7 prints it",
    search: "How much was searched",
    searchAndWitness: "How much was searched, and the witness as a table",
  },
  /** A litmus test. */
  litmus: {
    state: "final state",
    condition: "condition",
    answer: (holds: boolean) => holds ? t`holds` : t`does not hold`,
    holdsIn: (held: number, of: number) =>
      of === 1
        ? t`In ${held} of ${of} final state the condition holds:`
        : t`In ${held} of ${of} final states the condition holds:`,
  },
  verifier: {
    accepted: (insns: string) => t`accepted, ${insns} instructions checked`,
    refused: (errname: string) => t`refused, ${errname}`,
    unsupported: "not supported, no telling what the kernel says",
    at: "At",
    rule: "Rule.",
    document: (claim: string) => t`The document (${claim}).`,
    fix: "What to do.",
    path: "The path that leads there",
  },
  proof: {
    conditions: "Conditions",
    simulatorConditions: "Conditions of the simulator, with its clock",
    coverage: (of: string) => t`Coverage, over ${of}`,
    allSchedules: "every schedule",
    visited: "the states that were visited",
    run: "this run",
    firstSteps: (steps: string) => t`the first ${steps} steps of this run`,
  },
  coverage: {
    words: {
      lines: (ran: number, all: number) => t`${ran} of ${all} C lines with code ran`,
      insns: (ran: number, all: number) => t`${ran} of ${all} instructions ran (the object has no C lines)`,
      branches: (ran: number, all: number) =>
        all === 0 ? t`no branch` : t`${ran} of ${all} ways of conditional jumps were taken`,
      oneWay: (from: string, to: string) => t`${from}, never led to ${to}`,
      switches: (names: readonly string[]) =>
        t`variables decide there, which user space sets before it loads: ${names.join(", ")} (--set ${
          names[0]
        }=1, variables: { ${names[0]}: 1 })`,
      neverRan: (line: string) => t`never ran: ${line}`,
      nothingShared: "no context wrote data that another one touched",
      byMany: (names: string) => t`written by more than one CPU: ${names}`,
      byOne: (names: string) => t`written by one CPU, read by others: ${names}`,
      onOneCpu: (names: string) => t`shared by contexts of one CPU: ${names}`,
      perCpu: (names: string) => t`per CPU, each copy touched by its own CPU alone: ${names}`,
      own: (names: string) => t`written, each place by one context and touched by no other: ${names}`,
      more: (n: number) => t`and ${n} more`,
    },
    tellsNothing: (because: string) => t`this workload tells nothing about races, because ${because}.`,
    alone: "one context runs alone",
    nothingWritten: "no run wrote data to a map or a global variable",
    ownOnly: (names: string) => t`no context wrote what another one touched (${names})`,
    apart: (names: string) =>
      t`each context wrote entries of its own (${names}): other keys, by what the contexts hold, were not tried`,
    perCpuCopies: (name: string) => t`${name}: each CPU its own copy`,
    keyedByCpu: (name: string) => t`${name}: each CPU the entry of its own number`,
    always: (prog: string, line: string, how: string) => t`in ${prog}, ${line}, ${how}`,
    neverLed: (line: string) => t`never led to ${line}`,
    oneWay: "always went the same way",
    zeroCtx: "its context was all zero",
    drawnCtx: "its context was drawn, and other ones were not tried (--ctx, --workload)",
  },
  stuck: (kind: string, message: string) => `${capital(kindText(kind))}: ${message}`,
});
