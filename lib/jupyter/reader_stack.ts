/** Errors in a cell end where the reader's own lines end: frames inside of the library say nothing to them. */
import { libraryPlaces } from "../host/assets.ts";
import { notebookKernel } from "../host/notebook_kernel.ts";

/** One frame of a stack, as V8 hands it out. */
interface Frame {
  getFileName(): string | null | undefined;
}

type Formatter = (error: Error, frames: readonly Frame[]) => unknown;

const LIBRARY = libraryPlaces();
/** Frames that no reader has written: the library's and the runtime's. */
function isInternal(frame: Frame): boolean {
  const file = frame.getFileName() ?? "";
  return /^(ext|node):/.test(file) || LIBRARY.some((library) => file.startsWith(library));
}

/** The stack as a cell shows it: what happened, and the reader's own frames. */
export const readersStack: Formatter = (error, frames) =>
  [String(error), ...frames.filter((frame) => !isInternal(frame)).map((frame) => `    at ${frame}`)].join("\n");

/**
 * From now on stacks show the reader's frames only, in a notebook; set `globalThis.INTERLEAVE_STACKS` to see them whole, for
 * a report about the library itself.
 */
export function shortenStacks(): void {
  if (!notebookKernel()) return;
  const whole = globalThis as { INTERLEAVE_STACKS?: unknown };
  const errors = Error as unknown as { prepareStackTrace?: Formatter };
  errors.prepareStackTrace = (error, frames) =>
    whole.INTERLEAVE_STACKS
      ? [String(error), ...frames.map((frame) => `    at ${frame}`)].join("\n")
      : readersStack(error, frames);
}
