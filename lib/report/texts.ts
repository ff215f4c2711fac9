/** Every fixed text of reports and traces, so that an edition in another language changes this file alone. */

const cpus = (n: number): string => `${n} ${n === 1 ? "CPU" : "CPUs"}`;

export const texts = {
  cpu: (n: number) => `CPU ${n}`,
  buffer: (n: number) => `buffer of CPU ${n}`,
  buffers: (target: string, value: string) => `${target} = ${value} into the store buffer`,
  readsOwn: (target: string, value: string) => `reads ${target} = ${value} out of its store buffer`,
  flushes: (target: string, before: string, arrow: string, after: string) =>
    `${target}: ${before} ${arrow} ${after}, flushed`,
  reads: (target: string, value: string) => `reads ${target} = ${value}`,
  stays: (target: string, value: string) => `${target} stays ${value}`,
  waits: (target: string) => `waits for ${target}`,
  starts: (prog: string) => `${prog} starts`,
  skips: (prog: string, guard: string) => `${prog} is skipped: ${guard}`,
  returns: "returns",
  prints: (text: string) => `prints ${text}`,

  step: "step",
  line: "C line",
  insn: "instruction",
  /** Beside a store that another one wipes out, and beside that other one. */
  lost: (step: number) => `lost at step ${step}`,
  overwrites: (steps: string) => `overwrites step ${steps}`,
  /** Beside the two loads of a torn read. */
  stale: (step: number) => `old: before step ${step}`,
  fresh: (step: number) => `new: sees step ${step}`,
  remarkColumn: "remark",
  skipped: (n: number) => `... ${n} ${n === 1 ? "step" : "steps"} not shown ...`,
  switchColumn: "switch",
  /** Why another lane takes the next step. */
  switch: {
    ended: (lane: string) => `${lane} done`,
    waits: (lane: string, target: string) => `${lane} waits for ${target}`,
    between: (lane: string) => `${lane} between runs`,
    interrupt: (lane: string, context = "hardirq") =>
      `${context === "nmi" ? "NMI" : context === "softirq" ? "softirq" : "interrupt"}, ${lane} stands still`,
    preempted: (lane: string) => `${lane} preempted`,
  },

  machine: {
    simulator: (n: number) => `${n} simulated ${n === 1 ? "CPU" : "CPUs"}`,
    threads: (n: number) => `${cpus(n)}, as threads of this computer`,
    linux: (n: number) => `${cpus(n)} of the running kernel`,
  },
  heading: (program: string, where: string, invocations: number, runs?: string) =>
    `${program} on ${where}, ` +
    (runs ?? `${invocations.toLocaleString("en-US")} ${invocations === 1 ? "run" : "runs"} on each`),
  variable: "variable",
  expected: "one after another",
  found: "found",
  difference: "difference",
  equal: (n: number) => `and ${n} more as expected`,
  different: (n: number) => `and ${n} more that differ`,
  nothingShared: "No shared variable.",
  noSerial: "What one after another gives could not be computed.",
  lostSome: (share: string) => `Lost: ${share} of the updates.`,
  /** On machines without a trace. */
  lostShort: (share: string) => `Lost: ${share} of the updates, by what is short of one after another in either order.`,
  asSerial: "Nothing lost: as if one after another.",
  skippedRuns: (skips: readonly { prog: string; cpu: number; runs: number; guard: string }[]) =>
    `Skipped: ${
      skips.map(({ prog, cpu, runs, guard }) =>
        `${runs.toLocaleString("en-US")} ${runs === 1 ? "run" : "runs"} of ${prog} on CPU ${cpu} (${guard})`
      ).join(", ")
    }: the kernel does not run them, and nothing of theirs is lost.`,
  skippedCount: (n: number) => `Skipped: ${n.toLocaleString("en-US")} ${n === 1 ? "run" : "runs"} (recursion_misses).`,
  skippedOutcomes: (some: number, of: number, who: readonly string[], serial: boolean) =>
    `Skipped runs: in ${some} of ${of} ${of === 1 ? "outcome" : "outcomes"} the kernel skips runs (${who.join(", ")})` +
    (serial ? "; each is held against the runs that happened, one after another." : "."),
  unchanged: "Every map and global variable ends as it began, as one after another leaves it.",
  /** An end that no loss explains: named after the one serial order that the table shows. */
  otherEnd: "Nothing lost, but the end differs from the serial order 0, 1, 2, ...",
  depends: (names: readonly string[]) =>
    `${names.join(", ")} ${names.length === 1 ? "depends" : "depend"} on the order of runs, a clock or random numbers`,
  nsPerOp: (ns: string) => `${ns} ns per run.`,
  fault: (message: string) => `Fault: ${message}`,
  faultAt: (prog: string, cpu: number, insn: number, text: string) =>
    `  in ${prog} on CPU ${cpu}, insn ${insn}: ${text}`,
  faultLine: (file: string, line: number, text: string) => `  ${file}:${line}: ${text}`,
  printed: "Printed:",
  morePrinted: (n: number) => `  ... ${n} ${n === 1 ? "line" : "lines"} more`,
  how: (how: string) => `How: ${how}.`,
  memory: (model: string) => `Memory: ${model}.`,

  conditions: { serial: "not serial", holds: "not holds" } as Readonly<Record<string, string>>,
  anomalies: (condition: string, states: readonly string[], more: number) =>
    `${condition[0].toUpperCase()}${condition.slice(1)}: ${states.join("  |  ")}${more > 0 ? `  |  ${more} more` : ""}`,
  searched: (states: string, transitions: string, schedules: string | undefined) =>
    `${states} states, ${transitions} transitions` +
    (schedules === undefined ? "" : `, ${schedules} ${schedules === "1" ? "schedule" : "schedules"}`),
  executions: (count: string) => `${count} candidates of executions`,
  executionFound: "Every execution was looked at.",
  executionsComplete: "Every execution was looked at, so this is a proof under the conditions below.",
  complete: "Every schedule was covered, so this is a proof under the conditions below.",
  /** Where nothing was shared: what is true of every schedule is then true for want of anything to race for. */
  empty: (why: string) => `Every schedule was covered, but ${why}`,
  warning: (text: string) => `Warning: ${text}`,
  completeUnder:
    "Every schedule was covered, but not all that the kernel leaves open, so this is a proof for these only:",
  witnessFound: "Every schedule was covered.",
  incomplete: (bound: string) => `Not every schedule was covered (${bound}): what was not found may still be there.`,
  symmetry: "States that differ only in which CPU is which were counted once.",
  reduction: "Of orders that make no difference one was tried.",
  witness: (steps: number, preemptions: number, shortest: boolean) =>
    `${shortest ? "Shortest witness" : "A witness"}: ${steps} steps, ${preemptions} ${
      preemptions === 1 ? "preemption" : "preemptions"
    }`,
  schedule: (schedule: string) => `Schedule: ${schedule}`,
  scheduleWord: "Schedule:",
  verdict: ({ kind, what, section, claims }: {
    readonly kind: string;
    readonly what: string;
    readonly section: string;
    readonly claims: readonly string[];
  }) =>
    `${kind[0].toUpperCase()}${kind.slice(1)}: ${what} [section: ${section}${
      claims.length === 0 ? "" : `, ${claims.length === 1 ? "claim" : "claims"} ${claims.join(", ")}`
    }]`,
  /** A search in one sentence, and the heads and words of its table of endings. */
  verdicts: {
    Sometimes: "Sometimes wrong",
    Always: "Always wrong",
    Never: "Never wrong",
    NeverOfCovered: "Not wrong in what was covered",
    Unknown: "Unknown",
    bad: (bad: number, of: number, serial: boolean) =>
      serial
        ? `${bad} of ${of} ${of === 1 ? "ending" : "endings"} ${bad === 1 ? "is" : "are"} ` +
          "out of reach for runs one after another"
        : `in ${bad} of ${of} ${of === 1 ? "ending" : "endings"} the property does not hold`,
    stuck: (kind: string) => `some schedules end in a ${kind}`,
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
    more: (n: number) => `and ${n} more ${n === 1 ? "ending" : "endings"}`,
    given: "What this takes as given, and what ran",
    herd: "As herd7 prints it",
    search: "How much was searched",
    searchAndWitness: "How much was searched, and the witness as a table",
  },
  /** A litmus test. */
  litmus: {
    state: "final state",
    condition: "condition",
    answer: (holds: boolean) => holds ? "holds" : "does not hold",
    holdsIn: (held: number, of: number) =>
      `In ${held} of ${of} final ${of === 1 ? "state" : "states"} the condition holds:`,
  },
  verifier: {
    accepted: (insns: string) => `accepted, ${insns} instructions checked`,
    refused: (errname: string) => `refused, ${errname}`,
    unsupported: "not supported, no telling what the kernel says",
    at: "At",
    rule: "Rule.",
    document: (claim: string) => `The document (${claim}).`,
    fix: "What to do.",
    path: "The path that leads there",
  },
  proof: {
    conditions: "Conditions",
    simulatorConditions: "Conditions of the simulator, with its clock",
    coverage: (of: string) => `Coverage, over ${of}`,
    allSchedules: "every schedule",
    visited: "the states that were visited",
    run: "this run",
    firstSteps: (steps: string) => `the first ${steps} steps of this run`,
  },
  coverage: {
    words: {
      lines: (ran: number, all: number) => `${ran} of ${all} C lines with code ran`,
      insns: (ran: number, all: number) => `${ran} of ${all} instructions ran (the object has no C lines)`,
      branches: (ran: number, all: number) =>
        all === 0 ? "no branch" : `${ran} of ${all} ways of conditional jumps were taken`,
      oneWay: (from: string, to: string) => `${from}, never led to ${to}`,
      switches: (names: readonly string[]) =>
        `variables decide there, which user space sets before it loads: ${names.join(", ")} ` +
        `(--set ${names[0]}=1, variables: { ${names[0]}: 1 })`,
      neverRan: (line: string) => `never ran: ${line}`,
      nothingShared: "no context wrote data that another one touched",
      byMany: (names: string) => `written by more than one CPU: ${names}`,
      byOne: (names: string) => `written by one CPU, read by others: ${names}`,
      onOneCpu: (names: string) => `shared by contexts of one CPU: ${names}`,
      perCpu: (names: string) => `per CPU, each copy touched by its own CPU alone: ${names}`,
      own: (names: string) => `written, each place by one context and touched by no other: ${names}`,
      more: (n: number) => `and ${n} more`,
    },
    tellsNothing: (because: string) => `this workload tells nothing about races, because ${because}.`,
    alone: "one context runs alone",
    nothingWritten: "no run wrote data to a map or a global variable",
    ownOnly: (names: string) => `no context wrote what another one touched (${names})`,
    apart: (names: string) =>
      `each context wrote entries of its own (${names}): other keys, by what the contexts hold, were not tried`,
    perCpuCopies: (name: string) => `${name}: each CPU its own copy`,
    always: (prog: string, line: string, how: string) => `in ${prog}, ${line}, ${how}`,
    neverLed: (line: string) => `never led to ${line}`,
    oneWay: "always went the same way",
    zeroCtx: "its context was all zero",
  },
  stuck: (kind: string, message: string) => `${kind[0].toUpperCase()}${kind.slice(1)}: ${message}`,
} as const;
