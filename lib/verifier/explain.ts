/** For readers: which rule a message stands for, what the document says of it, and what to do. */
import type { LineInfo } from "../object/bpf_object.ts";
import { RULES } from "./rules.ts";

/** A message of the verifier, for a reader. */
export interface Explanation {
  /** The rule in one sentence. */
  readonly rule: string;
  /** C lines of the path, from the start to the instruction that was refused. */
  readonly lines: readonly LineInfo[];
  /** The claim of the document that it belongs to: its number in the ledger, and what is true of it. */
  readonly claim?: { readonly number: string; readonly text: string };
  /** What to do. */
  readonly fix: string;
}

/**
 * `undefined` for messages that no listing about concurrency is likely to meet.
 *
 * @param section the program's SEC() name, which tells its type
 * @param takesLock whether the instruction that is refused is a call of bpf_spin_lock
 */
export function explain(
  message: string,
  lines: readonly LineInfo[],
  section: string,
  takesLock = false,
): Explanation | undefined {
  const found = RULES.find((rule) => rule.message.test(message) && (!rule.isLock || takesLock));
  if (!found) return undefined;
  const { rule, claim, fix } = found;
  return { rule, lines, claim, fix: typeof fix === "string" ? fix : fix(section) };
}
