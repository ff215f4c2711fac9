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
  type LitmusValue,
  type Location,
  type Quantifier,
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
  const header = /^\s*(\S+)[ \t]+(\S+)/.exec(text);
  if (!header) throw new LitmusError(1, "a litmus file begins with its architecture and its name: BPF name");
  if (header[1].toUpperCase() !== "BPF") {
    throw new LitmusError(lineAt(text, text.indexOf(header[1])), `a test for ${header[1]}: only BPF can be run here`);
  }
  const open = text.indexOf("{"), close = text.indexOf("}", open);
  if (open < 0 || close < 0) throw new LitmusError(lineAt(text, text.length), "there is no init block { ... }");
  const init = parseInitBlock(new Tokens(text.slice(open + 1, close), lineAt(text, open)));
  const tailAt = TAIL.exec(text.slice(close + 1)), end = tailAt ? close + 1 + tailAt.index : text.length;
  const columns = parseColumns(text.slice(close + 1, end), lineAt(text, close));
  const tail = parseTail(new Tokens(text.slice(end), lineAt(text, end)));
  const file = {
    name: header[2],
    columns,
    registers: init.registers,
    memory: init.memory,
    quantifier: tail.quantifier,
    condition: tail.condition,
    filter: tail.filter,
    observed: sortUnique([...locationsOf(tail.condition), ...tail.locations]),
  };
  checkProcs(file, lineAt(text, open), lineAt(text, end));
  addPlaces(file);
  return file;
}

function parseInitBlock(tokens: Tokens) {
  const registers: { proc: number; register: number; value: LitmusValue }[] = [];
  const memory = new Map<string, LitmusValue>();
  while (tokens.peek() !== "") {
    if (tokens.accept(";")) continue;
    const { location, value } = parseInit(tokens);
    if (location.kind === "memory") memory.set(location.name, value);
    else registers.push({ proc: location.proc, register: location.register, value });
    if (tokens.peek() !== "") tokens.expect(";");
  }
  return { registers, memory };
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
  const { insns, target } = parseInstruction(rest, line);
  for (const insn of insns) column.insns.push({ insn, line, target });
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

function checkProcs(file: Omit<LitmusFile, "filter">, initLine: number, tailLine: number): void {
  const procs = new Set(file.columns.map((column) => column.proc));
  for (const { proc } of file.registers) {
    if (!procs.has(proc)) {
      throw new LitmusError(initLine, `the init block sets a register of P${proc}, which has no column`);
    }
  }
  for (const location of file.observed) {
    if (location.kind === "register" && !procs.has(location.proc)) {
      throw new LitmusError(tailLine, `${formatLocation(location)} is observed, but P${location.proc} has no column`);
    }
  }
}

/** Places that are named without a value hold 0. */
function addPlaces({ memory, registers, observed, condition, filter }: LitmusFile): void {
  const all = memory as Map<string, LitmusValue>;
  const add = (name: string) => {
    if (!all.has(name)) all.set(name, 0n);
  };
  const addresses = (of: Condition): void => {
    if (of.kind === "not") addresses(of.of);
    else if (of.kind === "implies") [of.left, of.right].forEach(addresses);
    else if (of.kind !== "equal") of.of.forEach(addresses);
    else if (typeof of.right === "object" && "address" in of.right) add(of.right.address);
  };
  for (const value of [...memory.values(), ...registers.map((register) => register.value)]) {
    if (typeof value === "object") add(value.address);
  }
  for (const location of observed) if (location.kind === "memory") add(location.name);
  for (const  of of[condition, filter]) {
    if (!of) continue;
    addresses(of);
    for (const location of locationsOf(of)) if (location.kind === "memory") add(location.name);
  }
}
