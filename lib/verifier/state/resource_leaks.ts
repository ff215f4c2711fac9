/** What a program must not hold where it ends or tail-calls (kernel/bpf/verifier.c:check_resource_leak). */
import type { Environment } from "./environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { hasSince } from "../../uapi/releases.ts";

/**
 * @param checksLocks whether locks and the like must be given back here, not only objects
 * @param what how messages call the instruction: `tail_call`, `BPF_EXIT instruction in main prog`
 * @param endsAll whether it ends the functions that called this one, too
 */
export function checkResourceLeak(env: Environment, checksLocks: boolean, what: string, endsAll = false): void {
  const { state } = env;
  const refuse = (region: string): never =>
    env.reject(ERRNO.EINVAL, `${what} cannot be used inside ${region}-ed region`);
  if (checksLocks && state.activeLocks > 0) refuse("bpf_spin_lock");
  if (state.frames.length === 1 || endsAll) {
    const lingering = state.references.filter((held) => held.kind === "pointer");
    for (const { id, insn } of lingering) env.log.write(`Unreleased reference id=${id} alloc_insn=${insn}\n`);
    const last = lingering.at(-1);
    if (last && !hasSince(env.kernel, "6.13")) {
      env.fail(ERRNO.EINVAL, `Unreleased reference id=${last.id} alloc_insn=${last.insn}`);
    }
    if (last) env.reject(ERRNO.EINVAL, `${what} would lead to reference leak`);
  }
  if (!checksLocks) return;
  if (state.activeIrqId !== 0) refuse("bpf_local_irq_save");
  if (state.rcuLocks > 0) refuse("bpf_rcu_read_lock");
  if (state.preemptLocks > 0) refuse("bpf_preempt_disable");
}
