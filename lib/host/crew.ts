/** A few worker threads that do what they are asked, one message each way, and end when the crew is closed. */
import { BackendError } from "./backend_error.ts";
import { stoppable } from "./stop.ts";

/** What a worker answers when it cannot do what it was asked. */
export interface Complaint {
  readonly complaint: string;
}

export class Crew<Request, Reply> implements Disposable {
  readonly #workers: Worker[];

  /** @param entry module that the workers run */
  constructor(entry: URL, readonly size: number) {
    this.#workers = Array.from({ length: size }, () => new Worker(entry, { type: "module" }));
  }

  /**
   * Sends a request to one worker and waits for its answer.
   *
   * @throws BackendError with what the worker has to complain about
   * @throws Stopped when the reader stops the cell; the worker goes on until the crew is closed
   */
  ask(index: number, request: Request): Promise<Reply> {
    const worker = this.#workers[index];
    return stoppable(() =>
      new Promise((resolve, reject) => {
        worker.onerror = (event) => {
          event.preventDefault();
          reject(new BackendError(`a thread of this computer failed: ${event.message}`));
        };
        worker.onmessage = ({ data }: MessageEvent<Reply | Complaint>) =>
          isComplaint(data) ? reject(new BackendError(data.complaint)) : resolve(data);
        worker.postMessage(request);
      })
    );
  }

  /** Ends the threads. */
  close(): void {
    for (const worker of this.#workers.splice(0)) worker.terminate();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function isComplaint(data: unknown): data is Complaint {
  return typeof data === "object" && data !== null && "complaint" in data;
}

/**
 * The worker's side: answers every message with what `work` gives for it.
 *
 * @param work what it throws is sent back as a complaint
 */
export function serve<Request, Reply>(work: (request: Request) => Reply | Promise<Reply>): void {
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<Request>) => Promise<void>;
    postMessage: (data: Reply | Complaint) => void;
  };
  scope.onmessage = async ({ data }) => {
    try {
      scope.postMessage(await work(data));
    } catch (error) {
      scope.postMessage({ complaint: error instanceof Error ? error.message : String(error) });
    }
  };
}
