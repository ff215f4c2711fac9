/** Comments and tokens of a litmus file, each with its line. */
import { LitmusError } from "./litmus_file.ts";

/** Replaces comments by blanks, so that every character keeps its line. `(* *)` nest, as in OCaml. */
export function blankComments(text: string): string {
  let depth = 0, began = 0, blank = "";
  for (let at = 0; at < text.length; at++) {
    const two = text.slice(at, at + 2);
    if (two === "(*") {
      if (depth++ === 0) began = at;
    } else if (two !== "*)" || depth === 0) {
      blank += depth > 0 && text[at] !== "\n" ? " " : text[at];
      continue;
    } else depth--;
    blank += "  ";
    at++;
  }
  if (depth > 0) throw new LitmusError(lineAt(text, began), "a comment that begins here does not end");
  return blank;
}

/** Line of a character, from 1. */
export const lineAt = (text: string, at: number): number => text.slice(0, at).split("\n").length;

export interface Token {
  readonly text: string;
  readonly line: number;
}

const TOKEN = /\s+|0[xX][0-9a-fA-F]+|-?\d+|[A-Za-z_.$%][\w./$-]*|\/\\|\\\/|=>|==|!=|<>|[-+*&~=;:,()[\]{}]/y;

/** Tokens of an init block or of a condition. */
export class Tokens {
  readonly #tokens: Token[] = [];
  #next = 0;

  /** @param line line that the text begins on */
  constructor(text: string, readonly line: number) {
    let at = line;
    for (let i = 0; i < text.length;) {
      TOKEN.lastIndex = i;
      const match = TOKEN.exec(text);
      if (!match) throw new LitmusError(at, `${JSON.stringify(text[i])} is not understood here`);
      if (match[0].trim() !== "") this.#tokens.push({ text: match[0], line: at });
      at += match[0].split("\n").length - 1;
      i = TOKEN.lastIndex;
    }
  }

  get currentLine(): number {
    return (this.#tokens[this.#next] ?? this.#tokens.at(-1))?.line ?? this.line;
  }

  /** The next token's text, or one further on; empty at the end. */
  peek(ahead = 0): string {
    return this.#tokens[this.#next + ahead]?.text ?? "";
  }

  take(): string {
    const token = this.#tokens[this.#next];
    if (!token) this.fail("the file ends too early");
    this.#next++;
    return token.text;
  }

  /** Takes the next token when it is one of these. */
  accept(...texts: string[]): boolean {
    if (!texts.includes(this.peek()) || this.peek() === "") return false;
    this.#next++;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) this.fail(`${text} is expected, not ${this.peek() || "the end"}`);
  }

  fail(reason: string): never {
    throw new LitmusError(this.currentLine, reason);
  }
}

export const isNumber = (text: string): boolean => /^(-?\d+|0[xX][0-9a-fA-F]+)$/.test(text);
export const isName = (text: string): boolean => /^[A-Za-z_.$%]/.test(text);
