/** A page starts no threads of the library's: a bundler gives their modules no address, and few servers share memory. */
import type { Thread } from "./workers.ts";

export type { Thread };

export const hasWorkers: boolean = false;

export function startThread(_entry: URL): Thread {
  throw new Error("no threads are started in a page");
}

export function answerWith(_answer: (message: unknown) => Promise<unknown>): void {
  throw new Error("a page has no threads of the library's");
}
