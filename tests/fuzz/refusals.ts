/** What speaks to a reader, and what is a fault of the project itself. */

/** Words of the engine's own RangeErrors: the project's say what was wrong with the file. */
const ENGINE_WORDS = /call stack|array length|array buffer|outside the bounds|out of memory|BigInt|toString\(\) radix/i;

/** Whether an error speaks to a reader; a TypeError or a trap would be a fault of the project itself. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof RangeError) return !ENGINE_WORDS.test(error.message);
  return ![TypeError, ReferenceError, SyntaxError, WebAssembly.RuntimeError, WebAssembly.CompileError]
    .some((kind) => error instanceof kind);
}
