/**
 * Cuts textual LLVM IR into tokens (llvm/lib/AsmParser/LLLexer.cpp), and hands them out one after the other. Numbers and
 * lines count from 1, as the compiler's messages do.
 */

/** Text that is not the IR that this project reads. */
export class IrSyntaxError extends Error {
  override name = "IrSyntaxError";
  constructor(reason: string, readonly line: number) {
    super(`line ${line} of the compiler's IR: ${reason}`);
  }
}

export type TokenKind =
  /** `define`, `i32`, `nuw`, `DW_TAG_member`, `null` */
  | "word"
  /** `entry:` of a block, `name:` of a metadata field; the text has no colon */
  | "label"
  /** `%x`, `%"x y"`: the text has neither sign nor quotes */
  | "local"
  /** `@x` */
  | "global"
  /** `!12`, `!dbg`, `!DILocation`: the text is what follows the `!`; a lone `!` before `{` or `"` has an empty text */
  | "metadata"
  /** `#0` */
  | "attributes"
  /** `"text"`, unquoted and decoded */
  | "string"
  /** `c"bytes"`, one character a byte */
  | "bytes"
  /** `-12`, and `0x...` or `1.0e+00` of floating point, as they stand */
  | "number"
  /** `(`, `,`; `...` is a word */
  | "punctuation"
  | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly line: number;
}

/** A name without quotes, a keyword, a number. */
const PLAIN = /[-+\w$.]+/y, QUOTED = /"([^"]*)"/y, METADATA_NAME = /[-\w$.\\]*/y;

/** `\22` stands for a byte. */
const unescape = (text: string): string =>
  text.replace(
    /\\(\\|[0-9a-fA-F]{2})/g,
    (_, code) => code === "\\" ? "\\" : String.fromCharCode(Number.parseInt(code, 16)),
  );

/** Bytes of UTF-8, one a character, as text. */
function decodeText(text: string): string {
  const raw = unescape(text);
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(raw) || /[^\x00-\xff]/.test(raw)) return raw;
  return new TextDecoder().decode(Uint8Array.from(raw, (character) => character.charCodeAt(0)));
}

/** All tokens of a text, the last of kind `end`. */
export function tokenize(text: string, firstLine = 1): Token[] {
  const tokens: Token[] = [];
  let line = firstLine, at = 0;
  const add = (kind: TokenKind, text: string) => tokens.push({ kind, text, line });
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const unexpected = () => new IrSyntaxError(`unexpected ${JSON.stringify(text.slice(at, at + 20))}`, line);
  const quoted = (): string | undefined => text[at] === '"' ? match(QUOTED)?.[1] : undefined;
  const name = (): string => {
    const inQuotes = quoted();
    if (inQuotes !== undefined) return decodeText(inQuotes);
    const found = match(PLAIN);
    if (!found) throw unexpected();
    return found[0];
  };
  const isLabel = () => text[at] === ":" && text[at + 1] !== ":";
  while (at < text.length) {
    const first = text[at];
    switch (first) {
      case "\n":
        line++;
        at++;
        continue;
      case " ":
      case "\t":
      case "\r":
        at++;
        continue;
      case ";":
        at = text.indexOf("\n", at);
        if (at < 0) at = text.length;
        continue;
      case "%":
      case "@":
        at++;
        add(first === "%" ? "local" : "global", name());
        continue;
      case "!":
        at++;
        add("metadata", unescape(match(METADATA_NAME)![0]));
        continue;
      case "#": {
        at++;
        const group = name();
        if (/^\d+$/.test(group)) add("attributes", group);
        else add("word", `#${group}`);
        continue;
      }
      case '"': {
        const string = quoted();
        if (string === undefined) throw unexpected();
        if (isLabel()) at++, add("label", decodeText(string));
        else add("string", decodeText(string));
        continue;
      }
    }
    if ("()[]{}<>,=*|&:".includes(first)) {
      at++;
      add("punctuation", first);
      continue;
    }
    if (first === "c" && text[at + 1] === '"') {
      at++;
      add("bytes", unescape(quoted() ?? ""));
      continue;
    }
    const plain = name();
    if (isLabel()) at++, add("label", plain);
    else add(/^-?\d/.test(plain) ? "number" : "word", plain);
  }
  add("end", "");
  return tokens;
}

/** Tokens under a reading head. */
export class TokenStream {
  #at = 0;
  readonly #tokens: readonly Token[];

  constructor(text: string, firstLine = 1) {
    this.#tokens = tokenize(text, firstLine);
  }

  /** The token `ahead` of the head; beyond the last one it is the last one, of kind `end`. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)];
  }

  next(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  get isAtEnd(): boolean {
    return this.peek().kind === "end";
  }

  /** Whether the next token is this word or mark. */
  sees(text: string): boolean {
    const token = this.peek();
    return token.text === text && (token.kind === "word" || token.kind === "punctuation");
  }

  /** Steps over this word or mark, where it is next. */
  accept(text: string): boolean {
    if (!this.sees(text)) return false;
    this.#at++;
    return true;
  }

  /** Steps over the first of these words that is next. */
  acceptAny<T extends string>(words: readonly T[]): T | undefined {
    return words.find((word) => this.accept(word));
  }

  /** @throws IrSyntaxError when another token is next */
  expect(text: string): void {
    if (!this.accept(text)) throw this.error(`\`${text}\` expected, \`${this.peek().text}\` found`);
  }

  /** The text of the next token, which is of this kind. */
  take(kind: TokenKind): string {
    const token = this.peek();
    if (token.kind !== kind) throw this.error(`a ${kind} expected, \`${token.text}\` found`);
    this.#at++;
    return token.text;
  }

  /** Steps over what stands between the mark that is next, one of `( [ { <`, and its partner. */
  skipGroup(): void {
    const open = this.next().text, close = { "(": ")", "[": "]", "{": "}", "<": ">" }[open];
    for (let depth = 1; depth > 0;) {
      const token = this.next();
      if (token.kind === "end") throw this.error(`\`${open}\` without \`${close}\``);
      if (token.kind !== "punctuation") continue;
      if (token.text === open) depth++;
      else if (token.text === close) depth--;
    }
  }

  error(reason: string): IrSyntaxError {
    return new IrSyntaxError(reason, this.peek().line);
  }
}
