/** For readers: which rule a message stands for, what the document says of it, and what to do. */
import type { LineInfo } from "../object/bpf_object.ts";

/** A message of the verifier, for a reader. */
export interface Explanation {
  /** The rule in one sentence. */
  readonly rule: string;
  /** C lines of the path, from the start to the instruction that was refused. */
  readonly lines: readonly LineInfo[];
  /** The claim of the document that it belongs to: its number in the ledger, and what it says in our words. */
  readonly claim?: { readonly number: string; readonly text: string };
  readonly fix: string;
}

export function explain(message: string, lines: readonly LineInfo[]): Explanation | undefined {
  void message;
  void lines;
  return undefined;
}
