/**
 * Interleave: a laboratory for eBPF concurrency. The only import a notebook needs.
 *
 * {@link bpf} makes an object of a C listing; {@link simulate}, {@link explore}, {@link threads}, {@link linux} and
 * {@link compare} run it; {@link verify} says what the kernel would; {@link show} and {@link plot} show what came out.
 *
 * @example
 * ```ts
 * import { bpf, explore, simulate } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const run = await simulate(racy, { cpus: 4, invocations: 1000, seed: 1 });
 * const all = await explore(racy, { cpus: 2, invocations: 1 });
 * if (!(run.lost > 0) || all.observation !== "Sometimes") throw new Error("a racy counter loses updates");
 * ```
 *
 * @module
 */
export { setLanguage } from "./host/language.ts";
export { type Bpf, bpf, type BpfOptions } from "./compile/bpf.ts";
export type { CompileOptions } from "./compile/compile.ts";
export { CompileError, type Diagnostic } from "./compile/compile_error.ts";
export { simulate, Simulation, type TraceWindow } from "./backends/simulator.ts";
export { threads, type ThreadsOptions, type ThreadsResult } from "./backends/threads/run.ts";
export { type LinuxOptions, type LinuxResult, runOnLinux as linux } from "./backends/linux/run.ts";
export { type KernelVerdict, linuxVerify, type LinuxVerifyOptions } from "./backends/linux/verify.ts";
export type { Measured, MeasureOptions } from "./backends/measure.ts";
export { type RecordedLitmus, recordedLitmus } from "./backends/recorded/litmus.ts";
export { type LockedReads, recordedLockedReads } from "./backends/recorded/locked_reads.ts";
export {
  recordedCall,
  type RecordedCost,
  recordedCosts,
  recordedLosses,
  recordedLossesOf,
  recordedNesting,
  type RecordedSize,
  recordedSizes,
  recordedSkews,
  recordedTears,
  recordedTimes,
} from "./backends/recorded/points.ts";
export { type RecordedKernel, recordedKernel, type Spread, type WorkPlacement } from "./backends/recorded/recorded.ts";
export { RefusedError } from "./workload/admission.ts";
export { BackendError } from "./host/backend_error.ts";
export { WorkloadError } from "./workload/plan.ts";
export { type Explanation, type Verdict, type VerifierWarning, verify, type VerifyOptions } from "./verifier/verify.ts";
export type { KernelRelease } from "./uapi/releases.ts";
export { disassemble } from "./object/program_listing.ts";
export { type ErrnoName, KernelError } from "./maps/errno.ts";
export { mapMemoryBytes } from "./maps/memory_use.ts";
export { type HelperArgs, type HelperModel, lockHelpers } from "./bpf_helpers/kernel.ts";
export type { MachineOptions } from "./machine/machine.ts";
export type { Width } from "./cpu/memory.ts";
export type { Labelled, Model, Operation, TaskContext, Touched } from "./cpu/operation.ts";
export type { AtomicOp, AwaitOp, CallbackOp, FaultOp, LoadOp, MaskOp, PrintOp, PrivateOp } from "./cpu/operation.ts";
export type { RmwOp, SleepOp, StoreOp, TailCallOp, WaitOp, WorkOp } from "./cpu/operation.ts";
export type { SpinLockModel } from "./locks/spin_lock.ts";
export { testAndSetLock } from "./locks/test_and_set.ts";
export { ticketLock } from "./locks/ticket_lock.ts";
export { compare, type ComparedRun, Comparison, type SkippedRun } from "./backends/compare.ts";
export type { SimulateOptions } from "./backends/simulate_options.ts";
export type { MemoryModel, MemoryReport } from "./workload/memory_model.ts";
export type { Interrupt, InterruptKind, Limits, ProgRun, Workload } from "./workload/workload.ts";
export { modelAccuracy } from "./cost/accuracy.ts";
export { profileNamed, PROFILES } from "./cost/profiles.ts";
export { type ByDistance, type Profile, ProfileError, type WorkCosts } from "./cost/profile.ts";
export type { Topology } from "./cost/topology.ts";
export { Estimate, estimate, type EstimateOptions, type SchedulerEstimate } from "./search/estimate.ts";
export { Exploration } from "./search/explore.ts";
export { litmus, type LitmusOptions, type LitmusReport } from "./search/litmus/litmus.ts";
export {
  litmusOn,
  type LitmusOnOptions,
  type MeasuredLitmus,
  type MeasuredState,
} from "./backends/litmus/litmus_on.ts";
export { exploreWithProgress as explore } from "./jupyter/explore_with_progress.ts";
export type { Bounds, ExploredOutcome, ExploreOptions, StuckEnd, Witness } from "./search/explore.ts";
export { findRaces, type FindRacesOptions, Races } from "./check/find_races.ts";
export type { Candidate, FindingName, Proof, RaceFinding, RaceWitness, Repair, Site } from "./check/finding.ts";
export type { AccessTable, Protection, TableAccess } from "./check/access_table.ts";
export { pct, pctGuarantee, pctMissing } from "./schedulers/pct.ts";
export { random } from "./schedulers/random.ts";
export { replay } from "./schedulers/replay.ts";
export { roundRobin } from "./schedulers/round_robin.ts";
export type { Choices, Scheduler } from "./schedulers/scheduler.ts";
export { type Reach, reach } from "./backends/reach.ts";
export { workloadFile } from "./workload/workload_file.ts";
export { show, type Showable } from "./jupyter/show.ts";
export { type Tick, withProgress } from "./jupyter/progress.ts";
export type { Coverage, CoveredLine, OneWayBranch, OwnData, SharedData } from "./report/coverage.ts";
export type {
  Actor,
  CpuTime,
  Fault,
  ModelRange,
  Result,
  SkippedRuns,
  Timing,
  TraceStep,
  Values,
  Waiting,
} from "./report/result.ts";
export type { BpfObject, LineInfo, MapDef, Program, Relocation, Subprog, Variable } from "./object/bpf_object.ts";
export type { LoadOptions } from "./object/load.ts";
export type { VariableValues } from "./object/given_variables.ts";
export type { KconfigValues } from "./object/kconfig.ts";
export type { MapSizes } from "./object/map_sizes.ts";
export type { Btf, BtfType } from "./object/btf.ts";
export type { Insn } from "./isa/insn.ts";
export { claim, type Finding, Ledger, ledger, type LedgerLine, TestedClaim } from "./lessons/claims/claim.ts";
export type { Claim, ClaimVerdict } from "./lessons/claims/ledger.ts";
export type { TearRun, WeakRun } from "./lessons/anomaly_figures.ts";
export { figures } from "./lessons/figures.ts";
export { check, hint } from "./lessons/exercises/exercise.ts";
export { progress } from "./lessons/progress.ts";
export { predict, type Prediction } from "./lessons/predict.ts";
export { Figure, type FigureBundle, plot } from "./plot/mod.ts";
export { Player, player } from "./player/player.ts";
export { Slider, slider, type SliderPlace } from "./player/slider.ts";
export type { PlayerData, PlayerEnd, PlayerState, PlayerStep } from "./player/data.ts";
export { BPF_ANY, BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST } from "./uapi/flags.ts";
export type { MapInput, MapValue } from "./maps/btf_value.ts";
export type { UserActor } from "./maps/user_actor.ts";
export type { Flags } from "./maps/user_flags.ts";
export type { UserApi } from "./maps/user_space.ts";
export type { UserBatch, UserEntry, UserInput } from "./maps/user_values.ts";
export { costCurve } from "./sweeps/cost_curve.ts";
export type { CostCurveOptions, CostCurvePoint, CostCurveTechnique } from "./sweeps/cost_curve.ts";

import { shortenStacks } from "./jupyter/reader_stack.ts";
shortenStacks();
