/** Kernel releases whose verifier is followed: their rules, and their recorded verdicts. */

/** A kernel release whose verifier is followed. */
export type KernelRelease = "6.1" | "6.12" | "6.18";

/** The oldest first. */
export const RELEASES = ["6.1", "6.12", "6.18"] as const satisfies readonly KernelRelease[];

/** The release whose rules are followed where none is named. */
export const NEWEST: KernelRelease = "6.18";

/**
 * Whether a release has what came with another one.
 *
 * @param version that it came with, such as `6.15`
 */
export function hasSince(release: KernelRelease, version: `${number}.${number}`): boolean {
  return numberOf(release) >= numberOf(version);
}

/** Asked of every instruction: parsed once. */
const numbers = new Map<string, number>();

/** Such that later releases have higher numbers. */
function numberOf(version: string): number {
  let number = numbers.get(version);
  if (number === undefined) {
    const [major, minor] = version.split(".").map(Number);
    numbers.set(version, number = major * 1000 + minor);
  }
  return number;
}
