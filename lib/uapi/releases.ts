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
  const [major, minor] = release.split(".").map(Number), [sinceMajor, sinceMinor] = version.split(".").map(Number);
  return major !== sinceMajor ? major > sinceMajor : minor >= sinceMinor;
}
