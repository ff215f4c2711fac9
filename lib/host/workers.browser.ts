/** Threads in a page: those whose scripts the page provides (host/page.ts), where its headers let threads share memory. */
import type { Thread } from "./workers.ts";

export type { Thread };

/** Where the script of a thread is, by its module's name without ending: `thread_worker`. */
export type FindThread = (name: string) => URL | undefined;

let find: FindThread | undefined;

/** Whether threads can be started here. */
export let hasWorkers: boolean = false;

export function provideThreads(provided: FindThread | undefined): void {
  find = provided;
  hasWorkers = find !== undefined && globalThis.crossOriginIsolated === true;
}

export function startThread(entry: URL): Thread {
  const name = /([\w-]+)\.[jt]s$/.exec(entry.pathname)?.[1] ?? "", address = find?.(name);
  if (!address) throw new Error(`this page has no script for the thread ${name}`);
  const worker = new Worker(address, { type: "module" });
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

/** The thread's side: answers each message with what `answer` gives. */
export function answerWith(answer: (message: unknown) => Promise<unknown>): void {
  const scope = globalThis as unknown as Worker;
  scope.onmessage = async ({ data }: MessageEvent<unknown>) => scope.postMessage(await answer(data));
}
