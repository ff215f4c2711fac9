/** Displays bundles in the running Jupyter kernel, in order, and waits until they have been sent. */
import { Broadcasts } from "./broadcasts.ts";
import { notebookKernel } from "../host/notebook_kernel.ts";
import { sleep } from "../host/sleep.ts";
import { onStop } from "../host/stop.ts";
import type { NotebookKernel } from "../host/provided.ts";
import type { MimeBundle } from "./notebook_file.ts";

/** Time in which lines of console.log, which take another way, are sent before a display that follows them. */
const CONSOLE_DELAY_MS = 4;

export interface Display {
  readonly data: MimeBundle;
  readonly metadata?: Record<string, unknown>;
  /** Shows it in the place of what was displayed under the same id. */
  readonly displayId?: string;
  readonly update?: boolean;
}

/** Whether this code runs in a notebook's kernel. */
export function inKernel(): boolean {
  return notebookKernel() !== undefined;
}

let last: Promise<void> = Promise.resolve();
onStop(() => last = Promise.resolve()); // the one that waits may never be sent

/**
 * Displays in the current cell; resolves when the kernel has sent it. Without that wait a cell can end first, and
 * its output vanishes or lands in the next cell. Displays are sent in the order of the calls, awaited or not.
 */
export function displayInKernel(display: Display): Promise<void> {
  last = last.catch(() => {}).then(() => send(display));
  return last;
}

async function send({ data, metadata = {}, displayId, update = false }: Display): Promise<void> {
  const api = notebookKernel();
  if (!api) throw new Error("displayInKernel works only in a notebook");
  await sleep(CONSOLE_DELAY_MS);
  const token = crypto.randomUUID();
  const transient = { "x-interleave-token": token, ...(displayId !== undefined && { display_id: displayId }) };
  const broadcast = () => api.broadcast(update ? "update_display_data" : "display_data", { data, metadata, transient });
  if (isAwaitable(api)) return await broadcast();
  // Deno 2.8.2 and later only queue the message: listen to the kernel's own broadcasts until it has passed.
  const broadcasts = await Broadcasts.ofThisKernel();
  const sent = broadcasts.seen(token);
  broadcast();
  await sent;
}

/** Up to Deno 2.8.1 the promise of `broadcast` means "sent". */
function isAwaitable(api: NotebookKernel): boolean {
  return api.broadcast.constructor.name === "AsyncFunction";
}
