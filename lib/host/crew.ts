/** A few worker threads that do what they are asked, one message each way, and end when the crew is closed. */
import { BackendError } from "./backend_error.ts";
import { stoppable } from "./stop.ts";
import { answerWith, startThread, type Thread } from "./workers.ts";

/** What a worker answers when it cannot do what it was asked. */
export interface Complaint {
  readonly complaint: string;
}

export class Crew<Request, Reply> implements Disposable {
  readonly #threads: Thread[];

  /** @param entry module that the workers run */
  constructor(entry: URL, readonly size: number) {
    this.#threads = Array.from({ length: size }, () => startThread(entry));
  }

  /**
   * Sends a request to one worker and waits for its answer.
   *
   * @throws BackendError with what the worker has to complain about
   * @throws Stopped when the reader stops the cell; the worker goes on until the crew is closed
   */
  ask(index: number, request: Request): Promise<Reply> {
    return stoppable(async () => {
      const answer = await this.#threads[index].ask(request).catch((error) => {
        throw new BackendError(`a thread of this computer failed: ${error.message}`);
      });
      if (isComplaint(answer)) throw new BackendError(answer.complaint);
      return answer as Reply;
    });
  }

  /** Ends the threads. */
  close(): void {
    for (const thread of this.#threads.splice(0)) thread.terminate();
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
  answerWith(async (request): Promise<Reply | Complaint> => {
    try {
      return await work(request as Request);
    } catch (error) {
      return { complaint: error instanceof Error ? error.message : String(error) };
    }
  });
}
