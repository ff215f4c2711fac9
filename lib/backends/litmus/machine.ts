/** What runs a litmus test on a machine: whole runs of {@link TURNS} turns each. */
import type { LitmusFile } from "../../search/litmus/litmus_file.ts";
import type { Arrays } from "./arrays.ts";

export interface LitmusMachine extends Disposable {
  /** What it is, in words: `the running kernel: ...`. */
  readonly on: string;
  /** Runs all turns once; answers with the memory afterwards. */
  run(): Promise<Uint8Array>;
}

/** @throws BackendError where the machine cannot run the test */
export type StartMachine = (file: LitmusFile, arrays: Arrays) => Promise<LitmusMachine>;
