/** What the code generator does not know is refused by name, with the line of C that it comes from. */
export class UnsupportedError extends Error {
  override name = "UnsupportedError";
  /**
   * @param reason what is not supported
   * @param location number of the `!DILocation` that it comes from
   * @param functionName the function it is in
   */
  constructor(readonly reason: string, readonly location?: number, readonly functionName?: string) {
    super(functionName ? `${reason}, in ${functionName}` : reason);
  }
}

/** What no compiler can do, since BPF cannot: the reason says so by itself. */
export class ImpossibleError extends UnsupportedError {
  override name = "ImpossibleError";
}
