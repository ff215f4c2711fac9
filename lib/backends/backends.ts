/** The three machines. */
import { BackendError } from "../host/backend_error.ts";
import type { Backend } from "./backend.ts";
import { linuxAvailable } from "./linux/available.ts";
import { runOnLinux } from "./linux/run.ts";
import { simulate } from "./simulator.ts";
import { threadsAvailable } from "./threads/available.ts";
import { threads } from "./threads/run.ts";

export const simulatorBackend: Backend = {
  name: "simulator",
  available: () => ({ available: true }),
  run: (object, workload) => simulate(object, workload),
};

export const threadsBackend: Backend = { name: "threads", available: threadsAvailable, run: threads };

export const linuxBackend: Backend = { name: "linux", available: linuxAvailable, run: runOnLinux };

/** Simulator, threads, linux: the order in which tables show them. */
export const BACKENDS: readonly Backend[] = [simulatorBackend, threadsBackend, linuxBackend];

/**
 * The machine of this name.
 *
 * @throws BackendError naming the machines that there are
 */
export function backendNamed(name: string): Backend {
  const found = BACKENDS.find((backend) => backend.name === name);
  if (found) return found;
  throw new BackendError(`no machine is called ${name}: ${BACKENDS.map((backend) => backend.name).join(", ")}`);
}
