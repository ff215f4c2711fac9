/** Runs a workload on the running kernel and measures it. */
import { release } from "node:os";
import type { BpfObject } from "../../object/bpf_object.ts";
import { measure, type Measured, type MeasureOptions } from "../measure.ts";
import { oneAtATime } from "../one_at_a_time.ts";
import type { Workload } from "../workload.ts";
import { LinuxSession } from "./session.ts";

export interface LinuxOptions extends Workload, MeasureOptions {}

/** A run on the kernel. */
export interface LinuxResult extends Measured {
  readonly machine: "linux";
  /** The kernel's release, as `uname -r` prints it. */
  readonly kernel: string;
}

/**
 * Verifies the programs as themselves, then runs them by BPF_PROG_RUN on pinned threads; nothing is attached.
 *
 * @throws BackendError when the kernel is not available, refuses a program, or cannot run this workload
 */
export function runOnLinux(object: BpfObject, options: LinuxOptions = {}): Promise<LinuxResult> {
  return oneAtATime(async () => {
    using session = new LinuxSession(object, options, options.exact ?? false);
    const kernel = release();
    const where = () => `on kernel ${kernel}: ${object.name} accepted; ${session.describe()}`;
    return { ...await measure(session, "linux", options, where), kernel };
  });
}
