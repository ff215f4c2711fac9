/** The page's side of its kernel: a worker that is started when the first cell is run. */
import type { FileBundle } from "../../../host/provided.ts";
import type { FromKernel, ToKernel } from "./messages.ts";
import { keepSolved, keptSolved } from "./kept.ts";
import { t } from "../../../words/translation.ts";
import { EDITION } from "./words.ts";

/** Work that has not stopped by then is ended together with the kernel. */
const STOP_MS = 2000;

export interface KernelEvents {
  /** The laboratory is there. */
  ready(): void;
  broadcast(message: FromKernel & { kind: "broadcast" }): void;
  done(message: FromKernel & { kind: "done" }): void;
  /** What is on its way; an empty text when it is over. */
  news(text: string): void;
  /** The kernel is gone, and with it what cells made. */
  lost(why: string): void;
}

export class KernelClient {
  #worker?: Worker;
  #isPrepared = false;
  #stopping?: ReturnType<typeof setTimeout>;

  /**
   * @param address of the kernel's script
   */
  constructor(readonly address: URL, readonly events: KernelEvents) {}

  get isStarted(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * @param cell what the events of this run carry
   * @param code the source as it is run, where it is known already
   * @param files what it reads
   */
  run(cell: number, source: string, code?: string, files?: FileBundle): void {
    this.#worker ??= this.#start();
    this.#ask({ kind: "run", cell, source, code, files });
  }

  /** Makes the compiler ready, where the page brings one; to be called when a listing is edited. */
  prepare(): void {
    const { connection } = navigator as Navigator & { connection?: { saveData?: boolean } };
    if (this.#isPrepared || connection?.saveData) return;
    this.#worker ??= this.#start();
    this.#isPrepared = true;
    this.#ask({ kind: "prepare" });
  }

  /** Stops the running cell: in good order if its work listens, else by ending the kernel. */
  stop(): void {
    if (!this.#worker || this.#stopping !== undefined) return;
    this.#ask({ kind: "stop" });
    this.#stopping = setTimeout(
      () => this.#lose(t`The cell did not stop and was ended, and with it what earlier cells made: run them again.`),
      STOP_MS,
    );
  }

  /** Forgets all that cells made. */
  end(): void {
    clearTimeout(this.#stopping);
    this.#stopping = undefined;
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#isPrepared = false;
  }

  #lose(why: string): void {
    this.end();
    this.events.lost(why);
  }

  #ask(message: ToKernel): void {
    this.#worker!.postMessage(message);
  }

  #start(): Worker {
    const worker = new Worker(EDITION === "en" ? this.address : `${this.address}?lang=${EDITION}`, { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<FromKernel>) => this.#hear(data);
    worker.onerror = ({ message }) => this.#lose(t`The kernel failed: ${message}`);
    worker.postMessage({ kind: "start", solved: keptSolved() } satisfies ToKernel);
    return worker;
  }

  #hear(message: FromKernel): void {
    switch (message.kind) {
      case "ready":
        return this.events.ready();
      case "broken":
        return this.#lose(t`The laboratory could not be fetched: ${message.message}`);
      case "broadcast":
        return this.events.broadcast(message);
      case "news":
        return this.events.news(message.text);
      case "solved":
        keepSolved(message.id);
        return;
      case "done":
        clearTimeout(this.#stopping);
        this.#stopping = undefined;
        return this.events.done(message);
    }
  }
}
