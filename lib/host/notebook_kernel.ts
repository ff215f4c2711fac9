/** The kernel of the notebook that this code runs in. */
import { type NotebookKernel, providedKernel } from "./provided.ts";

/** The page's or Deno's kernel; outside of one `Deno.jupyter` throws when it is read. */
export function notebookKernel(): NotebookKernel | undefined {
  try {
    return providedKernel() ?? (globalThis as { Deno?: { jupyter?: NotebookKernel } }).Deno?.jupyter;
  } catch {
    return undefined;
  }
}
