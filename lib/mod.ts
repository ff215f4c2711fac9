/**
 * Interleave: a laboratory for eBPF concurrency. The only import a notebook needs.
 *
 * @module
 */
export { bpf } from "./compile/bpf.ts";
export { simulate, Simulation } from "./backends/simulator.ts";
export { threads } from "./backends/threads/run.ts";
export { runOnLinux as linux } from "./backends/linux/run.ts";
export { linuxVerify } from "./backends/linux/verify.ts";
export { recordedKernel } from "./backends/recorded/recorded.ts";
export { RefusedError } from "./backends/admission.ts";
export { verify } from "./verifier/verify.ts";
export { disassemble } from "./isa/program_listing.ts";
export { KernelError } from "./maps/errno.ts";
export { mapMemoryBytes } from "./maps/memory_use.ts";
export { type HelperModel, lockHelpers } from "./bpf_helpers/kernel.ts";
export type { SpinLockModel } from "./locks/spin_lock.ts";
export { testAndSetLock } from "./locks/test_and_set.ts";
export { ticketLock } from "./locks/ticket_lock.ts";
export { compare, Comparison } from "./backends/compare.ts";
export type { SimulateOptions, Workload } from "./backends/workload.ts";
export { profileNamed, PROFILES } from "./cost/profiles.ts";
export type { Profile } from "./cost/profile.ts";
export { Exploration, explore } from "./search/explore.ts";
export type { ExploreOptions } from "./search/explore.ts";
export { pct, pctGuarantee, pctMissing } from "./schedulers/pct.ts";
export { random } from "./schedulers/random.ts";
export { replay } from "./schedulers/replay.ts";
export { roundRobin } from "./schedulers/round_robin.ts";
export type { Choices, Scheduler } from "./schedulers/scheduler.ts";
export { show } from "./notebook/show.ts";
export { withProgress } from "./notebook/progress.ts";
export type { Outcome, Result, TraceStep, Values } from "./report/result.ts";
export type { BpfObject } from "./object/bpf_object.ts";
export { claim, ledger } from "./notebook/claims/claim.ts";
export { check, hint } from "./notebook/exercises/exercise.ts";
export { predict } from "./notebook/predict.ts";
export { plot } from "./plot/mod.ts";
export { BPF_ANY, BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST } from "./maps/map_types.ts";
export type { UserActor, UserApi } from "./maps/user_space.ts";
export { sweep } from "./cost/sweep.ts";
export type { SweepPoint } from "./cost/sweep.ts";
