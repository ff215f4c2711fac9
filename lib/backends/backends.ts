/** The three machines. */
import type { Backend } from "./backend.ts";
import { linuxAvailable } from "./linux/available.ts";
import { runOnLinux } from "./linux/run.ts";
import { simulate } from "./simulator.ts";
import { threadsAvailable } from "./threads/available.ts";
import { threads } from "./threads/run.ts";

const simulatorBackend: Backend = {
  name: "simulator",
  available: () => ({ available: true }),
  run: (object, workload) => simulate(object, workload),
};

export const threadsBackend: Backend = { name: "threads", available: threadsAvailable, run: threads };

export const linuxBackend: Backend = { name: "linux", available: linuxAvailable, run: runOnLinux };

/** Simulator, threads, linux: the order in which tables show them. */
export const BACKENDS: readonly Backend[] = [simulatorBackend, threadsBackend, linuxBackend];
