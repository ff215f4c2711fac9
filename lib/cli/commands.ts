/** Every command, with the module that is loaded when it runs. */
import type { Command } from "commander";

/** A command's module: `command()` makes it, with its options and its action. */
export interface CommandModule {
  command(): Command;
}

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

export const COMMANDS: readonly CommandEntry[] = [
  { name: "compile", summary: "C listing to object file", load: () => import("./compile.ts") },
  { name: "dump", summary: "disassembly with C lines", load: () => import("./dump.ts") },
  { name: "verify", summary: "what the kernel's verifier would say", load: () => import("./verify.ts") },
  { name: "simulate", summary: "run a listing on simulated CPUs", load: () => import("./simulate.ts") },
  { name: "explore", summary: "visit every schedule", load: () => import("./explore.ts") },
  { name: "check", summary: "the races of objects, each with a witness", load: () => import("./check.ts") },
  { name: "replay", summary: "a witness of check, step by step", load: () => import("./replay.ts") },
  { name: "litmus", summary: "every final state of a litmus test", load: () => import("./litmus.ts") },
  { name: "sweep", summary: "many runs or searches over a grid, in shards", load: () => import("./sweep.ts") },
  { name: "threads", summary: "run a listing on real threads of this computer", load: () => import("./threads.ts") },
  { name: "linux", summary: "verify and run a listing on the running kernel", load: () => import("./linux.ts") },
  { name: "calibrate", summary: "a cost profile of this computer", load: () => import("./calibrate.ts") },
  { name: "compare", summary: "a listing on all three machines, side by side", load: () => import("./compare.ts") },
  {
    name: "conformance",
    summary: "run byte code for the bpf_conformance project",
    load: () => import("./conformance.ts"),
  },
  { name: "completion", summary: "a script that completes this in a shell", load: () => import("./completion.ts") },
];
