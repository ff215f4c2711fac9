/** Flags as user space gives them to its calls. */

/** Flags of a call: BPF_F_LOCK and its like are bigints; a number is taken as well. */
export type Flags = bigint | number;

/**
 * The bits of flags.
 *
 * @throws TypeError for what is no whole number
 */
export function flagBits(flags: Flags): bigint {
  if (typeof flags === "bigint") return flags;
  if (Number.isSafeInteger(flags)) return BigInt(flags);
  throw new TypeError(
    `flags are ${typeof flags === "string" ? `the text "${flags}"` : flags}; write BPF_F_LOCK, or 4n`,
  );
}
