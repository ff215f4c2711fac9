/** Reads a module: its types, globals and functions; see module.ts for what comes out. */
import { parseFunctionAttributes, parseParameterAttributes } from "./attribute_parser.ts";
import { parseInstruction } from "./instruction_parser.ts";
import { TokenStream } from "./lexer.ts";
import type { Block, Constant, Function, Global, Linkage, Module, Parameter, Type, Visibility } from "./module.ts";
import { parseAddressSpace, parseType } from "./type_parser.ts";
import { parseConstant } from "./value_parser.ts";

/**
 * @param text what `clang -S -emit-llvm` prints
 * @throws IrSyntaxError when it is not that
 */
export function parseModule(text: string): Module {
  const { code, metadata } = split(text);
  const tokens = new TokenStream(code), attributeGroups = findAttributeGroups(code);
  const types = parseNamedTypes(code);
  const globals: Global[] = [], functions: Function[] = [], aliases: string[] = [];
  let sourceFile = "", triple = "";
  while (!tokens.isAtEnd) {
    const { kind, text } = tokens.peek();
    if (kind === "local") skipNamedType(tokens);
    else if (kind === "global") {
      const name = tokens.next().text, global = parseGlobal(name, tokens, types);
      if (global) globals.push(global);
      else aliases.push(name);
    } else if (text === "define" || text === "declare") {
      functions.push(parseFunction(tokens, { types, attributeGroups }));
    } else if (tokens.accept("source_filename")) {
      tokens.expect("=");
      sourceFile = tokens.take("string");
    } else if (tokens.accept("target")) {
      const isTriple = tokens.next().text === "triple";
      tokens.expect("=");
      const value = tokens.take("string");
      if (isTriple) triple = value;
    } else if (tokens.accept("attributes")) {
      tokens.take("attributes");
      tokens.expect("=");
      tokens.skipGroup();
    } else if (tokens.accept("module")) {
      tokens.expect("asm");
      throw tokens.error("assembly outside of functions is not supported");
    } else throw tokens.error(`a global or a function expected, \`${text}\` found`);
  }
  return { sourceFile, triple, types, globals, functions, aliases, metadata };
}

const METADATA = /^!([-\w.$\\]+) = (.*)$/;

/** Metadata, a line each, apart from the rest; records of debug values are of no use here. Lines keep their numbers. */
function split(text: string): { code: string; metadata: Map<string, string> } {
  const metadata = new Map<string, string>();
  const code = text.split("\n").map((line) => {
    const found = line[0] === "!" && METADATA.exec(line);
    if (found) metadata.set(found[1], found[2]);
    return found || /^ +#dbg_/.test(line) ? "" : line;
  });
  return { code: code.join("\n"), metadata };
}

/** Types may refer to types further down, and to themselves through nothing but pointers, which are opaque. */
function parseNamedTypes(code: string): Map<string, Type> {
  const texts = new Map<string, string>();
  for (const [, quoted, name, text] of code.matchAll(/^%(?:"([^"\n]*)"|([-\w.$]+)) = type (.*)$/gm)) {
    texts.set(quoted ?? name, text);
  }
  const types = new Map<string, Type>();
  const resolving = {
    get: (name: string): Type | undefined => {
      const known = types.get(name), text = texts.get(name);
      if (known || text === undefined) return known;
      const type = parseType(new TokenStream(text), resolving as ReadonlyMap<string, Type>);
      const made: Type = type.kind === "struct" ? { ...type, name } : type;
      types.set(name, made);
      return made;
    },
  };
  for (const name of texts.keys()) resolving.get(name);
  return types;
}

function skipNamedType(tokens: TokenStream): void {
  const { line } = tokens.peek();
  while (tokens.peek().line === line && !tokens.isAtEnd) tokens.next();
}

function findAttributeGroups(code: string): Map<string, Map<string, string>> {
  const groups = new Map<string, Map<string, string>>();
  for (const [, number, text] of code.matchAll(/^attributes #(\d+) = \{(.*)\}$/gm)) {
    groups.set(number, parseFunctionAttributes(new TokenStream(text), groups));
  }
  return groups;
}

const LINKAGES = new Map<string, Linkage>([
  ["internal", "internal"],
  ["private", "private"],
  ["weak", "weak"],
  ["weak_odr", "weak"],
  ["linkonce", "weak"],
  ["linkonce_odr", "weak"],
  ["common", "common"],
  ["available_externally", "available_externally"],
  ["extern_weak", "extern_weak"],
]);
const IGNORED = [
  ...["external", "appending", "dso_local", "dso_preemptable", "dllimport", "dllexport"],
  ...["local_unnamed_addr", "externally_initialized", "fastcc", "coldcc", "ccc"],
];

interface Header {
  linkage: Linkage;
  visibility: Visibility;
  addressSpace: number;
  isUnnamed: boolean;
}

/** The words before a global's `global` or a function's result. */
function parseHeader(tokens: TokenStream): Header {
  const header: Header = { linkage: "external", visibility: "default", addressSpace: 0, isUnnamed: false };
  for (;;) {
    const { text } = tokens.peek(), linkage = LINKAGES.get(text);
    if (linkage) header.linkage = linkage;
    else if (text === "hidden" || text === "protected" || text === "default") header.visibility = text;
    else if (text === "addrspace") {
      header.addressSpace = parseAddressSpace(tokens);
      continue;
    } else if (text === "unnamed_addr") header.isUnnamed = true;
    else if (!IGNORED.includes(text)) return header;
    tokens.next();
  }
}

/** Nothing for an alias. */
function parseGlobal(name: string, tokens: TokenStream, types: ReadonlyMap<string, Type>): Global | undefined {
  const { line } = tokens.peek();
  tokens.expect("=");
  const header = parseHeader(tokens), word = tokens.take("word");
  if (word === "alias" || word === "ifunc") {
    while (tokens.peek().line === line && !tokens.isAtEnd) tokens.next();
    return undefined;
  }
  const type = parseType(tokens, types);
  const hasInitializer = tokens.peek().line === line && !tokens.sees(",");
  const initializer: Constant | undefined = hasInitializer ? parseConstant(type, tokens, types) : undefined;
  let section: string | undefined, align: number | undefined, debug: number | undefined;
  while (tokens.accept(",")) {
    if (tokens.accept("section")) section = tokens.take("string");
    else if (tokens.accept("align")) align = Number(tokens.take("number"));
    else if (tokens.peek().kind === "metadata") {
      const isDebug = tokens.next().text === "dbg", value = tokens.take("metadata");
      if (isDebug) debug = Number(value);
    } else {
      tokens.next();
      if (tokens.sees("(")) tokens.skipGroup();
    }
  }
  if (tokens.peek().kind === "attributes" && tokens.peek().line === line) tokens.next();
  return { ...header, name, isConstant: word === "constant", type, initializer, section, align, debug };
}

interface FunctionNames {
  readonly types: ReadonlyMap<string, Type>;
  readonly attributeGroups: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

function parseFunction(tokens: TokenStream, names: FunctionNames): Function {
  const { line } = tokens.peek(), isDefined = tokens.next().text === "define", debugOfDeclaration = parseDebug(tokens);
  const { linkage, visibility } = parseHeader(tokens);
  const { words: resultAttributes } = parseParameterAttributes(tokens, names.types);
  const result = parseType(tokens, names.types), name = tokens.take("global");
  const { parameters, variadic } = parseParameters(tokens, names.types);
  let section: string | undefined, align: number | undefined;
  const attributes = new Map<string, string>();
  // Of a declaration, attributes end with the line.
  const goesOn = () => isDefined ? !tokens.sees("{") : tokens.peek().line === line && !tokens.isAtEnd;
  let subprogram = debugOfDeclaration;
  while (goesOn()) {
    if (tokens.accept("section")) section = tokens.take("string");
    else if (tokens.accept("align")) align = Number(tokens.take("number"));
    else if (tokens.peek().kind === "metadata") subprogram = parseDebug(tokens) ?? subprogram;
    else {
      const found = parseFunctionAttributes(tokens, names.attributeGroups, ["section", "align", "define", "declare"]);
      if (found.size === 0 && goesOn()) tokens.next();
      for (const [key, value] of found) attributes.set(key, value);
    }
  }
  const blocks = isDefined ? parseBlocks(tokens, names, parameters.length) : [];
  const header = { name, linkage, visibility, section, align, line, subprogram };
  return { ...header, result, resultAttributes, parameters, variadic, attributes, blocks };
}

/** `!dbg !7` and its kin; the number of the first kind only. */
function parseDebug(tokens: TokenStream): number | undefined {
  let debug: number | undefined;
  while (tokens.peek().kind === "metadata") {
    const isDebug = tokens.next().text === "dbg", value = tokens.take("metadata");
    if (isDebug) debug = Number(value);
  }
  return debug;
}

function parseParameters(
  tokens: TokenStream,
  types: ReadonlyMap<string, Type>,
): { parameters: Parameter[]; variadic: boolean } {
  const parameters: Parameter[] = [];
  let variadic = false;
  tokens.expect("(");
  while (!tokens.accept(")")) {
    if (tokens.accept("...")) variadic = true;
    else {
      const type = parseType(tokens, types), { words } = parseParameterAttributes(tokens, types);
      const name = tokens.peek().kind === "local" ? tokens.next().text : String(parameters.length);
      parameters.push({ name, type, attributes: words });
    }
    tokens.accept(",");
  }
  return { parameters, variadic };
}

/** @param unnamed the number that an entry block without a label has */
function parseBlocks(tokens: TokenStream, names: FunctionNames, unnamed: number): Block[] {
  const blocks: Block[] = [];
  tokens.expect("{");
  while (!tokens.accept("}")) {
    const name = tokens.peek().kind === "label" ? tokens.next().text : String(unnamed);
    const instructions = [];
    while (tokens.peek().kind !== "label" && !tokens.sees("}")) instructions.push(parseInstruction(tokens, names));
    blocks.push({ name, instructions });
  }
  return blocks;
}
