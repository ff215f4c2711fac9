/** The text twin of a result: on one screen what ran where, what was expected and found, what is lost, and how. */
import { coverageLines } from "./coverage.ts";
import { bullets, cellCode, escapeMarkdown, fenced, folded, markdownTable, MARKS, withCode } from "./markdown.ts";
import type { Fault, Result, Values } from "./result.ts";
import { textTable } from "./text_table.ts";
import { texts } from "./texts.ts";
import { t } from "../words/translation.ts";

/** Rows of the table of variables, and lines of bpf_printk, before the rest is only counted. */
const MAX_ROWS = 16, MAX_PRINTED = 10;
/** Names in a sentence. */
const MAX_NAMED = 3;

/** Rows of one map before those of others, where there are more than fit. */
const ROWS_OF_A_MAP = 4;
/** Bytes of a value that a cell of the table shows whole, and those that it shows of a longer one. */
const WHOLE_BYTES = 16, SHOWN_BYTES = 8;

/** As many names as there are rows, in their order, so that no map hides the others. */
function chosen(names: readonly string[]): readonly string[] {
  if (names.length <= MAX_ROWS) return names;
  const met = new Map<string, number>();
  const isFirst = names.map((name) => {
    const map = /^[^[.]*/.exec(name)![0], before = met.get(map) ?? 0;
    met.set(map, before + 1);
    return before < ROWS_OF_A_MAP;
  });
  const first = names.filter((_, at) => isFirst[at]), others = names.filter((_, at) => !isFirst[at]);
  const shown = new Set([...first, ...others].slice(0, MAX_ROWS));
  return names.filter((name) => shown.has(name));
}

/** A value for the table: text where it is one, and of many bytes those that tell it from the other, behind their offset. */
function cell(value: bigint | string | undefined, other: bigint | string | undefined): string {
  if (typeof value !== "string") return digits(value);
  const text = textOf(value);
  if (text !== undefined) return JSON.stringify(text);
  if (!/^[0-9a-f]+$/.test(value) || value.length <= 2 * WHOLE_BYTES) return value;
  const beside = typeof other === "string" ? other : "", bytes = value.length / 2;
  let at = 0;
  while (at < bytes && value.slice(2 * at, 2 * at + 2) === beside.slice(2 * at, 2 * at + 2)) at++;
  const from = beside === "" || at === bytes ? 0 : at - at % SHOWN_BYTES;
  return t`[${from}] ${value.slice(2 * from, 2 * (from + SHOWN_BYTES))}... of ${bytes} bytes`;
}

/** What bytes say that hold a text and zeroes behind it, as names of processes do. */
function textOf(hex: string): string | undefined {
  const [, text, rest] = /^((?:[2-6][0-9a-f]|7[0-9a-e])+)((?:00)+)$/.exec(hex) ?? [];
  if (text === undefined || text.length < 8 || (text.length + rest.length) % 2 !== 0) return undefined;
  return String.fromCharCode(...text.match(/../g)!.map((byte) => Number.parseInt(byte, 16)));
}

const digits = (value: bigint | string | undefined): string =>
  typeof value === "bigint" ? value.toLocaleString("en-US") : value ?? "";

/** A share as text, never 0 % or 100 % of what is not: `32 %`, `0.4 %`, `99.9 %`. */
export function shareText(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return "<0.1 %";
  const fine = value < 9.95 || (value >= 99.5 && value < 100);
  return `${fine ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)} %`;
}

/** One line of the table of variables. */
interface Row {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  readonly difference: string;
}

interface Rows {
  readonly rows: readonly Row[];
  /** How many are not shown: as expected, different from that, and neither changed nor different. */
  readonly equal: number;
  readonly different: number;
  readonly untouched: number;
}

function rowsOf({ serial, final, initial }: Result): Rows {
  const all = [...new Set([...Object.keys(serial ?? {}), ...Object.keys(final)])];
  const differs = (name: string) => serial !== undefined && serial[name] !== final[name];
  // Where there is no room for all, what nothing has touched says nothing.
  const isTold = (name: string) => all.length <= MAX_ROWS || !initial || differs(name) || initial[name] !== final[name];
  const names = all.filter(isTold);
  // What differs comes first; what is as expected fills the room that is left.
  const ordered = [...names.filter(differs), ...names.filter((name) => !differs(name))];
  const shown = chosen(ordered), hidden = ordered.filter((name) => !shown.includes(name));
  return {
    rows: shown.map((name) => {
      const expected = serial?.[name], found = final[name];
      const both = typeof expected === "bigint" && typeof found === "bigint";
      return {
        name,
        expected: cell(expected, found),
        found: cell(found, expected),
        difference: !differs(name) ? "" : both ? digits(found - expected) : "differs",
      };
    }),
    equal: hidden.filter((name) => !differs(name)).length,
    different: hidden.filter(differs).length,
    untouched: all.length - names.length,
  };
}

function faultText(fault: Fault): string[] {
  return [
    texts.fault(fault.message),
    texts.faultAt(fault.prog, fault.cpu, fault.insn, fault.text),
    ...(fault.line ? [texts.faultLine(fault.line.file, fault.line.line, fault.line.text.trim())] : []),
  ];
}

function verdict(result: Result): string {
  if (result.serial === undefined) return texts.noSerial;
  const { serial, final, initial, lost, machine } = result;
  const differing = namesThatDiffer(serial, final);
  const dependent = (result.orderDependent ?? []).filter((name) => differing.includes(name));
  const named = [...dependent.slice(0, MAX_NAMED), ...(dependent.length > MAX_NAMED ? ["..."] : [])];
  if (lost > 0) {
    const share = shareText(lost), what = machine === "simulator" ? texts.lostSome(share) : texts.lostShort(share);
    return named.length > 0 ? t`${what} ${texts.depends(named)}: not counted.` : what;
  }
  if (differing.length > 0) return named.length > 0 ? t`${texts.otherEnd} (${texts.depends(named)}).` : texts.otherEnd;
  return initial && namesThatDiffer(initial, final).length === 0 ? texts.unchanged : texts.asSerial;
}

const namesThatDiffer = (one: Values, other: Values): string[] =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => one[name] !== other[name]);

/** What the result takes as given, and what of the programs ran: heading and lines. */
function proofParts({ conditions = [], coverage }: Result): (readonly [string, readonly string[]])[] {
  const { proof } = texts, steps = coverage?.steps;
  const of = steps === undefined ? proof.run : proof.firstSteps(steps.toLocaleString("en-US"));
  return [
    ...(conditions.length > 0 ? [[proof.conditions, conditions] as const] : []),
    ...(coverage ? [[proof.coverage(of), coverageLines(coverage)] as const] : []),
  ];
}

const heading = (result: Result): string =>
  texts.heading(result.program, texts.machine[result.machine](result.cpus), result.invocations, result.runs);

const skipped = ({ skips = [], skipped = 0 }: Result): string[] =>
  skips.length > 0 ? [texts.skippedRuns(skips)] : skipped > 0 ? [texts.skippedCount(skipped)] : [];

const short = (ns: number): string => String(Number(ns.toPrecision(3)));

function timing({ nsPerOp, range }: Result): string[] {
  if (nsPerOp === undefined) return [];
  if (range === undefined) return [texts.nsPerOp(short(nsPerOp))];
  const percents = range.lost.map((share) => (100 * share).toFixed(0)), linesBy = (100 * range.linesBy).toFixed(0);
  const ns = range.nsPerOp.map(short), sentence = texts.modelRange(ns[0], ns[1], percents[0], percents[1], linesBy);
  const isOne = ns[0] === ns[1] && percents[0] === percents[1];
  return isOne ? [texts.nsPerOp(short(nsPerOp))] : [texts.nsPerOp(short(nsPerOp)), sentence];
}

/** A result as text. */
export function resultText(result: Result): string {
  const { rows, equal, different, untouched } = rowsOf(result);
  const withSerial = result.serial !== undefined;
  const header = withSerial
    ? [texts.variable, texts.expected, texts.found, texts.difference]
    : [texts.variable, texts.found];
  const table = rows.length === 0 ? nothingTold(untouched) : textTable(
    header,
    rows.map((row) => withSerial ? [row.name, row.expected, row.found, row.difference] : [row.name, row.found]),
  );
  const printed = result.printed.slice(0, MAX_PRINTED).map((line) => `  ${line}`);
  const more = result.printed.length - printed.length;
  return [
    heading(result),
    ...(result.fault ? faultText(result.fault) : [[verdict(result), ...timing(result)].join(" ")]),
    ...skipped(result),
    "",
    table,
    ...(different > 0 ? [texts.different(different)] : []),
    ...(equal > 0 ? [texts.equal(equal)] : []),
    ...(rows.length > 0 && untouched > 0 ? [texts.untouched(untouched)] : []),
    ...(printed.length > 0 ? ["", texts.printed, ...printed, ...(more > 0 ? [texts.morePrinted(more)] : [])] : []),
    ...(result.warnings?.length ? ["", ...result.warnings.map(texts.warning)] : []),
    "",
    ...(result.remarks ?? []),
    texts.how(result.how),
    ...proofParts(result).flatMap(([heading, lines]) => [texts.headed(heading), ...lines.map((line) => `  ${line}`)]),
  ].join("\n");
}

/** Red where updates are lost, yellow where the end is another one for no such reason, or there is nothing to compare. */
function markOf({ serial, final, lost }: Result): string {
  if (serial === undefined) return MARKS.unknown;
  return lost > 0 ? MARKS.bad : namesThatDiffer(serial, final).length > 0 ? MARKS.partly : MARKS.good;
}

/** In place of a table without rows. */
const nothingTold = (untouched: number): string => untouched > 0 ? texts.allUntouched(untouched) : texts.nothingShared;

/** A result as Markdown, for notebooks. */
export function resultMarkdown(result: Result): string {
  const { rows, equal, different, untouched } = rowsOf(result);
  const withSerial = result.serial !== undefined;
  const header = withSerial
    ? [texts.variable, texts.expected, texts.found, texts.difference]
    : [texts.variable, texts.found];
  const cells = ({ name, expected, found, difference }: Row) =>
    withSerial
      ? [cellCode(name), escapeMarkdown(expected), escapeMarkdown(found), difference === "" ? "" : `**${difference}**`]
      : [cellCode(name), escapeMarkdown(found)];
  const table = markdownTable(header, rows.map(cells), header.map((_, column) => column === 0 ? "left" : "right"));
  const rest = [
    ...(different > 0 ? [texts.different(different)] : []),
    ...(equal > 0 ? [texts.equal(equal)] : []),
    ...(rows.length > 0 && untouched > 0 ? [texts.untouched(untouched)] : []),
  ];
  const printed = result.printed.slice(0, MAX_PRINTED);
  const proof = proofParts(result).map(([heading, lines]) =>
    `*${escapeMarkdown(heading)}*\n\n${bullets(lines.map(withCode))}`
  );
  const fault = result.fault && fenced(faultText(result.fault).join("\n"));
  return [
    `**${escapeMarkdown(heading(result))}**`,
    fault ?? `${markOf(result)} **${escapeMarkdown(verdict(result))}** ${timing(result).join(" ")}`.trimEnd(),
    ...skipped(result).map(escapeMarkdown),
    rows.length === 0 ? nothingTold(untouched) : table,
    ...(rest.length > 0 ? [texts.list(rest)] : []),
    ...(printed.length > 0 ? [`${texts.printed}\n\n${fenced(printed.join("\n"))}`] : []),
    ...(result.remarks ?? []).map(escapeMarkdown),
    ...(result.warnings ?? []).map((warning) => escapeMarkdown(texts.warning(warning))),
    `*${escapeMarkdown(texts.how(result.how))}*`,
    ...(proof.length === 0 ? [] : [folded(texts.verdicts.given, proof.join("\n\n"))]),
  ].join("\n\n");
}
