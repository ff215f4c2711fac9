/** When two messages of a verifier say the same: registers, instructions and ids are numbered by compilers and paths. */
export const comparable = (message: string): string =>
  message
    .replace(/\bR\d+\b/g, "R#")
    .replace(/\b(insn|insn_idx=|alloc_insn=|id=)\s?\d+/g, "$1#")
    .replace(/arg#\d+/g, "arg#");

/** What two verdicts are to agree on. */
export const verdictOf = (verdict: { verdict: string; errno: number; message: string }) => ({
  verdict: verdict.verdict,
  errno: verdict.errno,
  message: comparable(verdict.message),
});
