/** What runs a litmus test on a machine: whole runs of {@link TURNS} turns each. */
export interface LitmusMachine extends Disposable {
  /** What it is, in words: `the running kernel: ...`. */
  readonly on: string;
  /** Runs all turns once; answers with the memory afterwards. */
  run(): Promise<Uint8Array>;
}
