/** Worker threads with one interface: the Worker of the web (Deno), or Node's worker_threads. */
import { parentPort, Worker as NodeWorker } from "node:worker_threads";

/** The main thread's side of a thread. */
export interface Thread {
  /** Sends a message; the next answer or failure of the thread settles the promise. */
  ask(message: unknown): Promise<unknown>;
  terminate(): void;
}

/** Whether threads can be started here. */
export const hasWorkers: boolean = true;

/**
 * Starts a thread.
 *
 * @param entry the module that it runs, which calls {@link answerWith}
 */
export function startThread(entry: URL): Thread {
  return typeof Worker === "undefined" ? nodeThread(entry) : webThread(entry);
}

function webThread(entry: URL): Thread {
  const worker = new Worker(entry, { type: "module" });
  return {
    ask: (message) =>
      new Promise((resolve, reject) => {
        worker.onerror = (event) => {
          event.preventDefault();
          reject(new Error(event.message));
        };
        worker.onmessage = ({ data }) => resolve(data);
        worker.postMessage(message);
      }),
    terminate: () => worker.terminate(),
  };
}

function nodeThread(entry: URL): Thread {
  const worker = new NodeWorker(entry);
  return {
    ask: (message) =>
      new Promise((resolve, reject) => {
        worker.removeAllListeners();
        worker.once("error", reject);
        worker.once("exit", () => reject(new Error("the thread ended")));
        worker.once("message", resolve);
        worker.postMessage(message);
      }),
    terminate: () => {
      worker.removeAllListeners();
      worker.terminate();
    },
  };
}

/** The thread's side: answers each message with what `answer` gives. */
export function answerWith(answer: (message: unknown) => Promise<unknown>): void {
  const port = typeof Worker === "undefined" ? parentPort : null;
  if (port) {
    port.on("message", async (message) => port.postMessage(await answer(message)));
    return;
  }
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<unknown>) => Promise<void>;
    postMessage: (data: unknown) => void;
  };
  scope.onmessage = async ({ data }) => scope.postMessage(await answer(data));
}
