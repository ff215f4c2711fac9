/** Threads of this process, one for each task of a run, each pinned to a CPU. */
import { BackendError } from "../backend.ts";
import { resetStartLine, START_LINE_WORDS } from "../start_line.ts";
import type { RunReply, RunRequest } from "./pinned_worker.ts";
import type { TestRun } from "./test_run.ts";

/** What one thread is to do in a run. */
export interface Job {
  readonly run: TestRun;
  readonly calls: number;
  readonly cpu: number;
}

/** How often a run is tried whose threads do not get to the start line in time. */
const START_ATTEMPTS = 20;

export class PinnedThreads implements Disposable {
  readonly #workers: Worker[];
  readonly #startLine = new Int32Array(new SharedArrayBuffer(START_LINE_WORDS * 4));

  constructor(threads: number) {
    this.#workers = Array.from(
      { length: threads },
      () => new Worker(new URL("./pinned_worker.ts", import.meta.url), { type: "module" }),
    );
  }

  /** The start line, for a thread that is to begin with the others (a user-space actor). */
  get startLine(): Int32Array {
    return this.#startLine;
  }

  /**
   * Runs one job on each thread, all from a common start.
   *
   * @param undisturbed keep other processes off the CPUs; only when no two jobs share a CPU
   * @throws BackendError when threads cannot be started together or a call fails
   */
  async run(jobs: readonly Job[], undisturbed: boolean): Promise<readonly RunReply[]> {
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
      resetStartLine(this.#startLine);
      const replies = await Promise.all(
        jobs.map((job, index) =>
          this.#ask(this.#workers[index], {
            ...job,
            threads: jobs.length,
            startLine: this.#startLine,
            undisturbed,
          })
        ),
      );
      if (replies.every((reply) => reply.started)) return replies;
    }
    throw new BackendError(
      "the threads did not get a CPU each at the same time: other programs keep this computer busy",
    );
  }

  /** Ends the threads. */
  close(): void {
    for (const worker of this.#workers.splice(0)) worker.terminate();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #ask(worker: Worker, request: RunRequest): Promise<RunReply> {
    return new Promise((resolve, reject) => {
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new BackendError(`a thread of the Linux backend failed: ${event.message}`));
      };
      worker.onmessage = ({ data }: MessageEvent<RunReply & { error?: string }>) =>
        data.error === undefined ? resolve(data) : reject(new BackendError(data.error));
      worker.postMessage(request);
    });
  }
}
