/** Kernel releases whose verifier is followed: their rules, and their recorded verdicts. */

/** The oldest first. */
export const RELEASES = ["6.1", "6.12", "6.18"] as const;
export type KernelRelease = (typeof RELEASES)[number];

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
