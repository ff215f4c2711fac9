/** Every fixed text of reports and traces, so that an edition in another language changes this file alone. */

const cpus = (n: number): string => `${n} ${n === 1 ? "CPU" : "CPUs"}`;

export const texts = {
  cpu: (n: number) => `CPU ${n}`,
  reads: (target: string, value: string) => `reads ${target} = ${value}`,
  stays: (target: string, value: string) => `${target} stays ${value}`,
  waits: (target: string) => `waits for ${target}`,
  starts: (prog: string) => `${prog} starts`,
  returns: "returns",
  prints: (text: string) => `prints ${text}`,

  step: "step",
  line: "C line",
  insn: "instruction",
  /** Beside a store that another one wipes out, and beside that other one. */
  lost: (step: number) => `lost at step ${step}`,
  overwrites: (steps: string) => `overwrites step ${steps}`,
  lostColumn: "lost update",
  skipped: (n: number) => `... ${n} ${n === 1 ? "step" : "steps"} not shown ...`,
  switchColumn: "switch",
  /** Why another lane takes the next step. */
  switch: {
    ended: (lane: string) => `${lane} done`,
    waits: (lane: string, target: string) => `${lane} waits for ${target}`,
    between: (lane: string) => `${lane} between runs`,
    interrupt: (lane: string) => `interrupt, ${lane} stands still`,
    preempted: (lane: string) => `${lane} preempted`,
  },

  machine: {
    simulator: (n: number) => `${cpus(n)}, simulated`,
    threads: (n: number) => `${cpus(n)}, as threads of this computer`,
    linux: (n: number) => `${cpus(n)}, in the running kernel`,
  },
  heading: (program: string, where: string, invocations: string) =>
    `${program} on ${where}, ${invocations} runs on each`,
  variable: "variable",
  expected: "one after another",
  found: "found",
  difference: "difference",
  equal: (n: number) => `${n} more as expected`,
  different: (n: number) => `${n} more that differ`,
  nothingShared: "No shared variable.",
  noSerial: "What one after another gives could not be computed.",
  lostSome: (share: string) => `Lost: ${share} of the updates.`,
  lostNothing: "Nothing lost.",
  nsPerOp: (ns: string) => `${ns} ns per run.`,
  fault: (message: string) => `Fault: ${message}`,
  faultAt: (prog: string, cpu: number, insn: number, text: string) =>
    `  in ${prog} on CPU ${cpu}, insn ${insn}: ${text}`,
  faultLine: (file: string, line: number, text: string) => `  ${file}:${line}: ${text}`,
  printed: "Printed:",
  morePrinted: (n: number) => `  ... ${n} lines more`,
  how: (how: string) => `How: ${how}`,
} as const;
