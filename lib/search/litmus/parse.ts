/** A litmus file: header, init block, columns, what is observed, condition. */
import { parseInstruction } from "./instructions.ts";
import {
  type Column,
  type ColumnInsn,
  compareLocations,
  type Condition,
  formatLocation,
  LitmusError,
  type LitmusFile,
  type LitmusScalar,
  type LitmusType,
  type LitmusValue,
  type Location,
  type Quantifier,
  typeOf,
} from "./litmus_file.ts";
import { locationsOf, parseCondition, parseInit, parseLocations } from "./locations.ts";
import { blankComments, lineAt, Tokens } from "./tokens.ts";

const TAIL = /(?<=^|[\s;])(?:locations|filter|exists|~\s*exists|not\s+exists|forall|final|observed)(?![\w+])/;

/**
 * Reads a litmus file of the BPF dialect.
 *
 * @throws LitmusError with the line and the reason
 */
export function parseLitmus(source: string): LitmusFile {
  const text = blankComments(source.replace(/\r/g, ""));
  // Behind the name: a name for TeX, and a line in quotes, which may contain anything.
  const header = /^\s*(\S+)[ \t]+([^\s;"]+)[ \t]*(?:\([^)\n]*\)[ \t]*)?(?:\n?[ \t]*"[^"]*")?/.exec(text);
  if (!header) throw new LitmusError(1, "a litmus file begins with its architecture and its name: BPF name");
  if (header[1].toUpperCase() !== "BPF") {
    throw new LitmusError(lineAt(text, text.indexOf(header[1])), `a test for ${header[1]}: only BPF can be run here`);
  }
  const open = text.indexOf("{", header[0].length), close = endOfInit(text, open);
  if (open < 0 || close < 0) throw new LitmusError(lineAt(text, text.length), "there is no init block { ... }");
  const init = parseInitBlock(new Tokens(text.slice(open + 1, close), lineAt(text, open)));
  const tailAt = TAIL.exec(text.slice(close + 1)), end = tailAt ? close + 1 + tailAt.index : text.length;
  const columns = parseColumns(text.slice(close + 1, end), lineAt(text, close));
  const tail = parseTail(new Tokens(text.slice(end), lineAt(text, end)));
  const observed = sortUnique([...locationsOf(tail.condition), ...tail.locations]);
  const filtered = tail.filter ? sortUnique(locationsOf(tail.filter)) : [];
  const file = {
    name: header[2].replace(/\.litmus$/, ""),
    columns,
    ...init,
    quantifier: tail.quantifier,
    condition: tail.condition,
    filter: tail.filter,
    observed,
    watched: [...observed, ...filtered.filter((one) => !has(observed, one))],
  };
  checkProcs(file, lineAt(text, open), lineAt(text, end));
  addPlaces(file);
  return file;
}

/** Index of the brace that ends the init block; arrays have braces of their own. */
function endOfInit(text: string, open: number): number {
  for (let at = open, depth = 0; at >= 0 && at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}

function parseInitBlock(tokens: Tokens) {
  const registers: { proc: number; register: number; value: LitmusScalar }[] = [];
  const memory = new Map<string, LitmusValue>(), types = new Map<string, LitmusType>();
  while (tokens.peek() !== "") {
    if (tokens.accept(";")) continue;
    const { location, value, type } = parseInit(tokens);
    if (type) types.set(formatLocation(location), type);
    if (location.kind === "memory") memory.set(location.name, value);
    else registers.push({ proc: location.proc, register: location.register, value: value as LitmusScalar });
    if (tokens.peek() !== "") tokens.expect(";");
  }
  return { registers, memory, types };
}

/** Rows end in `;`, cells are divided by `|` (but `|=` is an operator); the first row names the columns. */
function parseColumns(text: string, line: number): Column[] {
  const rows: { readonly cells: string[]; readonly line: number }[] = [];
  let at = line;
  for (const row of text.split(";")) {
    const blank = /^\s*/.exec(row)![0];
    if (row.trim() !== "") rows.push({ cells: row.split(/\|(?!=)/), line: at + blank.split("\n").length - 1 });
    at += row.split("\n").length - 1;
  }
  const [head, ...body] = rows;
  if (!head) throw new LitmusError(line, "there are no columns: P0 | P1 ;");
  const procs = head.cells.map((cell) => {
    const match = /^\s*P(\d+)\s*$/.exec(cell);
    if (!match) throw new LitmusError(head.line, `${cell.trim() || "an empty cell"} is no column's name: P0, P1, ...`);
    return Number(match[1]);
  });
  const columns = procs.map((proc) => ({ proc, insns: [] as ColumnInsn[], labels: new Map<string, number>() }));
  for (const row of body) {
    if (row.cells.length > columns.length) {
      throw new LitmusError(row.line, `${row.cells.length} cells, but there are ${columns.length} columns`);
    }
    row.cells.forEach((cell, i) => parseCell(cell, row.line, columns[i]));
  }
  for (const { insns, labels } of columns) {
    for (const { target, line } of insns) {
      if (target !== undefined && !labels.has(target)) throw new LitmusError(line, `there is no label ${target}`);
    }
  }
  return columns;
}

/** Any number of labels, and an instruction or none. */
function parseCell(cell: string, line: number, column: { insns: ColumnInsn[]; labels: Map<string, number> }): void {
  let rest = cell.trim();
  for (let match; (match = /^([A-Za-z_][\w./-]*)\s*:/.exec(rest));) {
    if (column.labels.has(match[1])) throw new LitmusError(line, `label ${match[1]} is there twice`);
    column.labels.set(match[1], column.insns.length);
    rest = rest.slice(match[0].length).trim();
  }
  if (rest === "") return;
  column.insns.push({ ...parseInstruction(rest, line), line, text: rest.replace(/\s+/g, " ") });
}

function parseTail(tokens: Tokens) {
  const locations: Location[] = [];
  let quantifier: Quantifier = "forall", condition: Condition = { kind: "and", of: [] }, filter: Condition | undefined;
  if (tokens.accept("locations")) locations.push(...parseLocations(tokens));
  if (tokens.accept("filter")) filter = parseCondition(tokens);
  if (tokens.accept("~", "not")) {
    tokens.expect("exists");
    quantifier = "~exists";
    condition = parseCondition(tokens);
  } else if (tokens.accept("exists", "final")) {
    quantifier = "exists";
    condition = parseCondition(tokens);
  } else if (tokens.accept("forall")) condition = parseCondition(tokens);
  else if (tokens.peek() !== "") tokens.fail(`exists, ~exists or forall is expected, not ${tokens.peek()}`);
  tokens.accept(";");
  if (tokens.peek() !== "" && tokens.peek() !== "with") tokens.fail(`the end is expected, not ${tokens.peek()}`);
  return { locations, quantifier, condition, filter };
}

function sortUnique(locations: readonly Location[]): Location[] {
  const byText = new Map(locations.map((location) => [formatLocation(location), location]));
  return [...byText.values()].sort(compareLocations);
}

const has = (locations: readonly Location[], location: Location): boolean =>
  locations.some((one) => compareLocations(one, location) === 0);

function checkProcs(file: LitmusFile, initLine: number, tailLine: number): void {
  const procs = new Set(file.columns.map((column) => column.proc));
  for (const { proc } of file.registers) {
    if (!procs.has(proc)) {
      throw new LitmusError(initLine, `the init block sets a register of P${proc}, which has no column`);
    }
  }
  for (const location of file.watched) {
    if (location.kind === "register" && !procs.has(location.proc)) {
      throw new LitmusError(tailLine, `${formatLocation(location)} is observed, but P${location.proc} has no column`);
    }
    if (location.kind === "register" || location.index === undefined) continue;
    const { length } = typeOf(file, location);
    if (length === undefined || location.index >= length) {
      throw new LitmusError(tailLine, `${formatLocation(location)}: ${location.name} has ${length ?? "no"} elements`);
    }
  }
}

/** Places that are named without a value hold 0. */
function addPlaces({ memory, registers, watched, condition, filter }: LitmusFile): void {
  const all = memory as Map<string, LitmusValue>;
  const add = (value: LitmusValue): void => {
    if (Array.isArray(value)) value.forEach(add);
    else if (typeof value === "object" && "address" in value && !all.has(value.address)) all.set(value.address, 0n);
  };
  const addresses = (of: Condition): void => {
    if (of.kind === "not") addresses(of.of);
    else if (of.kind === "implies") [of.left, of.right].forEach(addresses);
    else if (of.kind !== "equal") of.of.forEach(addresses);
    else if (typeof of.right !== "object" || !("kind" in of.right)) add(of.right);
  };
  for (const value of [...memory.values(), ...registers.map((register) => register.value)]) add(value);
  for (const location of watched) if (location.kind === "memory") add({ address: location.name });
  for (const one of [condition, filter]) if (one) addresses(one);
}
