/** What a host says that has no C compiler. */

/** No compiler for BPF is there and none could be fetched. */
export class CompilerMissingError extends Error {
  override name = "CompilerMissingError";
}
