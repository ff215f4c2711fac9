/**
 * Interleave: a laboratory for eBPF concurrency. The only import a notebook needs.
 *
 * @module
 */
export { simulate, Simulation } from "./backends/simulator.ts";
export type { SimulateOptions, Workload } from "./backends/workload.ts";
export type { Outcome, Result, TraceStep, Values } from "./report/result.ts";
