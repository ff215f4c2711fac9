/**
 * Ends runs that seem to go on for good: too many instructions without a visible operation between them, or too many
 * callbacks. What it has counted is no part of a machine's state: a search begins its runs again and again, and has bounds
 * of its own.
 */
import type { Limits } from "../workload/workload.ts";

const DEFAULT_INSNS_PER_STEP = 100_000_000;
/** Calls of callbacks in a run: about as much work as the visible operations that it may have. */
const DEFAULT_CALLBACKS = 20_000_000;
/** What the call of a callback counts for beside its own instructions: with them BPF_MAX_LOOPS calls are still allowed. */
const CALLBACK_INSNS = 11;

export class Watchdog {
  readonly insnsPerStep: number;
  readonly #mostCallbacks: number;
  #insns = 0;
  #callbacks = 0;

  constructor(limits: Limits | undefined, searches: boolean) {
    this.insnsPerStep = limits?.insnsPerStep ?? DEFAULT_INSNS_PER_STEP;
    this.#mostCallbacks = searches ? Infinity : limits?.steps ?? DEFAULT_CALLBACKS;
  }

  /** A visible operation comes next: what ran before it does not count any more. */
  reset(): void {
    this.#insns = 0;
  }

  /** Counts instructions that ran; gives the reason where the run has to end. */
  ran(insns: number): string | undefined {
    this.#insns += insns;
    if (this.#insns < this.insnsPerStep) return undefined;
    const n = this.#insns.toLocaleString("en");
    return `${n} instructions without an end and without touching shared memory: an endless loop? ` +
      "(limits: { insnsPerStep } allows more)";
  }

  /** Counts a callback that has returned, which took a step even where it touched nothing shared. */
  calledBack(insns: number): string | undefined {
    const endless = this.ran(CALLBACK_INSNS + insns);
    if (endless || ++this.#callbacks < this.#mostCallbacks) return endless;
    const n = this.#callbacks.toLocaleString("en");
    return `stopped after ${n} calls of callbacks: an endless loop? (limits: { steps } allows more)`;
  }
}
