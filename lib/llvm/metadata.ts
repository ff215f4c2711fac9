/**
 * Debug metadata: what the source said of types, variables, functions and lines (LangRef, "Specialized Metadata Nodes").
 * Nodes refer to one another by number, in circles too, so each is read when it is asked for.
 */
import { TokenStream } from "./lexer.ts";

/** What stands behind a field's name, or in a tuple. */
type Field =
  /** Another node, `!7` */
  | { readonly kind: "reference"; readonly id: number }
  /** A node that is written where it is used: `!DIExpression()`, `!{}` */
  | { readonly kind: "inline"; readonly node: MetadataNode }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "integer"; readonly value: bigint }
  /** `DW_TAG_member`, `true`, `null`; `DIFlagPrototyped | DIFlagBitField` is a list of two */
  | { readonly kind: "words"; readonly words: readonly string[] };

/** A node: a specialised one with named fields, or a tuple `!{...}`, whose `kind` is empty. */
export class MetadataNode {
  constructor(
    readonly metadata: Metadata,
    /** Its number; -1 for one that is written where it is used. */
    readonly id: number,
    /** `DIDerivedType` */
    readonly kind: string,
    readonly fields: ReadonlyMap<string, Field>,
    readonly operands: readonly Field[],
  ) {}

  /** The string of a field; empty where it has none. */
  text(field: string): string {
    const found = this.fields.get(field);
    return found?.kind === "string" ? found.text : "";
  }

  /** The integer of a field. */
  integer(field: string): bigint | undefined {
    const found = this.fields.get(field);
    return found?.kind === "integer" ? found.value : undefined;
  }

  /** The same for what is small, 0 where the field is left out. */
  number(field: string): number {
    return Number(this.integer(field) ?? 0n);
  }

  /** The word of a field: `DW_TAG_member`. */
  word(field: string): string {
    const found = this.fields.get(field);
    return found?.kind === "words" ? found.words[0] : "";
  }

  /** Whether a field of flags, or of `true`, has this word. */
  has(field: string, word: string): boolean {
    const found = this.fields.get(field);
    return found?.kind === "words" && found.words.includes(word);
  }

  /** The node that a field refers to; undefined for `null` and where it is left out. */
  node(field: string): MetadataNode | undefined {
    return this.metadata.resolve(this.fields.get(field));
  }

  /** The nodes of the tuple that a field refers to, `null` ones undefined. */
  list(field: string): readonly (MetadataNode | undefined)[] {
    return this.node(field)?.elements() ?? [];
  }

  /** Nodes that this tuple holds, `null` ones undefined. */
  elements(): readonly (MetadataNode | undefined)[] {
    return this.operands.map((operand) => this.metadata.resolve(operand));
  }

  /** Strings that this tuple holds: `!{!"btf_decl_tag", !"contains:node"}`. */
  strings(): readonly string[] {
    return this.operands.map((operand) => operand.kind === "string" ? operand.text : "");
  }
}

/** All metadata of a module. */
export class Metadata {
  readonly #texts: ReadonlyMap<string, string>;
  readonly #nodes = new Map<string, MetadataNode>();

  /** @param texts what stands behind `!12 = `, by `12` (module.ts:Module.metadata) */
  constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts;
  }

  /**
   * A node by number, or a list by name (`llvm.dbg.cu`).
   *
   * @throws Error when there is none
   * @throws IrSyntaxError when its text is no metadata
   */
  get(name: number | string): MetadataNode {
    const key = String(name), known = this.#nodes.get(key);
    if (known) return known;
    const text = this.#texts.get(key);
    if (text === undefined) throw new Error(`metadata !${key} is referred to, and is not there`);
    const node = parseNode(this, /^\d+$/.test(key) ? Number(key) : -1, new TokenStream(text));
    this.#nodes.set(key, node);
    return node;
  }

  resolve(field: Field | undefined): MetadataNode | undefined {
    if (field?.kind === "reference") return this.get(field.id);
    return field?.kind === "inline" ? field.node : undefined;
  }
}

function parseNode(metadata: Metadata, id: number, tokens: TokenStream): MetadataNode {
  tokens.accept("distinct");
  const kind = tokens.take("metadata"), fields = new Map<string, Field>(), operands: Field[] = [];
  const close = kind === "" ? "}" : ")";
  tokens.expect(kind === "" ? "{" : "(");
  while (!tokens.accept(close)) {
    const label = tokens.peek().kind === "label" ? tokens.next().text : undefined;
    const field = parseField(metadata, tokens);
    if (label === undefined) operands.push(field);
    else fields.set(label, field);
    if (!tokens.sees(close)) tokens.expect(",");
  }
  return new MetadataNode(metadata, id, kind, fields, operands);
}

function parseField(metadata: Metadata, tokens: TokenStream): Field {
  const { kind, text } = tokens.peek();
  switch (kind) {
    case "string":
      return { kind: "string", text: tokens.next().text };
    case "number":
      return { kind: "integer", value: BigInt(tokens.next().text) };
    case "metadata":
      return parseReference(metadata, tokens);
    case "word":
      return parseWords(tokens);
  }
  throw tokens.error(`metadata expected, \`${text}\` found`);
}

/** `!7`, `!"text"`, `!DIExpression(...)`, `!{...}` */
function parseReference(metadata: Metadata, tokens: TokenStream): Field {
  const { text } = tokens.peek();
  if (/^\d+$/.test(text)) return { kind: "reference", id: Number(tokens.next().text) };
  if (text === "" && tokens.peek(1).kind === "string") {
    tokens.next();
    return { kind: "string", text: tokens.next().text };
  }
  return { kind: "inline", node: parseNode(metadata, -1, tokens) };
}

/** `DIFlagA | DIFlagB`; and a typed constant, `i64 8` or `ptr @x`, of which the value counts. */
function parseWords(tokens: TokenStream): Field {
  const words = [tokens.next().text], { kind } = tokens.peek();
  if (kind === "number") return { kind: "integer", value: BigInt(tokens.next().text) };
  if (kind === "word" || kind === "global" || kind === "local") return { kind: "words", words: [tokens.next().text] };
  while (tokens.accept("|")) words.push(tokens.take("word"));
  return { kind: "words", words };
}
