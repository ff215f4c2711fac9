/** What the readers of instructions share. */
import type { TokenStream } from "./lexer.ts";
import type { Instruction, Type } from "./module.ts";

/** What instructions refer to outside of their function. */
export interface ModuleNames {
  readonly types: ReadonlyMap<string, Type>;
  /** Attributes of `#0`, by `0`. */
  readonly attributeGroups: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** What an instruction says of itself, without what is attached to it. */
export type Body = Instruction extends infer I
  ? I extends Instruction ? Omit<I, "name" | "location" | "preserveAccessIndex"> : never
  : never;

/** Whether a comma with another operand follows, and not one with what is attached. */
export const seesOperand = (tokens: TokenStream): boolean =>
  tokens.sees(",") && tokens.peek(1).kind !== "metadata" && tokens.peek(1).text !== "align";

export function parseLabel(tokens: TokenStream): string {
  tokens.expect("label");
  return tokens.take("local");
}

/** `, align 8`, or nothing. */
export function parseAlign(tokens: TokenStream): number | undefined {
  if (!tokens.sees(",") || tokens.peek(1).text !== "align") return undefined;
  tokens.next();
  tokens.next();
  return Number(tokens.take("number"));
}
