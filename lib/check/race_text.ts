/** Findings in print, as compilers print theirs: source lines, carets with labels, help with the change, the witness. */
import type { LineInfo } from "../object/bpf_object.ts";
import { isNote, type RaceFinding, type Repair, type Site } from "./finding.ts";
import type { Races } from "./find_races.ts";
import { t } from "../words/translation.ts";

const fileName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Colours of a terminal, or none. */
export interface Paint {
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly note: (text: string) => string;
  readonly bold: (text: string) => string;
}
const sgr = (code: string) => (text: string): string => `\x1b[${code}m${text}\x1b[0m`;
const plain = (text: string): string => text;
const COLOURS: Paint = { error: sgr("1;31"), warning: sgr("1;33"), note: sgr("1;34"), bold: sgr("1") };
export const NO_COLOURS: Paint = { error: plain, warning: plain, note: plain, bold: plain };

/** All findings of an object, and one line that counts them. */
export function racesText(races: Races, isColoured = false): string {
  const paint = isColoured ? COLOURS : NO_COLOURS, { open, accesses } = races;
  const parts = open.map((finding) => findingText(finding, paint));
  for (const { prog, why } of accesses.unseen) {
    parts.push(
      `${paint.warning("note")}: ${t`${prog} was not followed to its end, more may be wrong there: ${why}`}\n`,
    );
  }
  parts.push(`${fileName(races.name)}: ${countText(races)}\n`);
  return parts.join("\n");
}

/** How many were found, in how many programs. */
export function countText({ open, races: found, confirmed, findings, accesses }: Races): string {
  const allowed = findings.length - open.length, programs = accesses.programs.length;
  const count = found.length, notes = open.length - count;
  const what = count === 0
    ? t`no race found`
    : count === 1
    ? t`${count} race: ${confirmed.length} confirmed by a search, ${count - confirmed.length} possible`
    : t`${count} races: ${confirmed.length} confirmed by a search, ${count - confirmed.length} possible`;
  const rest = (notes > 0 ? notes === 1 ? t`; ${notes} note` : t`; ${notes} notes` : "") +
    (allowed > 0 ? t`; ${allowed} allowed by the listing` : "");
  return (programs === 1 ? t`${what} in ${programs} program` : t`${what} in ${programs} programs`) + rest;
}

/** Where the book speaks of it. */
export const placeText = (chapter: string, claims: readonly string[]): string =>
  claims.length > 0 ? t`chapter ${chapter}, claims ${claims.join(", ")}` : t`chapter ${chapter}`;

export function findingText(finding: RaceFinding, paint: Paint): string {
  const { name, field, sites, reason, help, repair, proof, chapter, claims } = finding;
  const isSure = proof.state === "confirmed";
  const kind = isNote(finding) ? "note" : isSure ? "error" : "warning", head = paint[kind](`${kind}[${name}]`);
  const width = String(Math.max(0, ...sites.map(({ line }) => line?.line ?? 0))).length;
  const bar = `${" ".repeat(width)} ${paint.note("|")}`;
  const lines = [`${head}: ${paint.bold(reason)}`, ...sourceLines(sites, width, paint, isSure)];
  const place = placeText(chapter, claims);
  lines.push(
    `${bar}`,
    `${" ".repeat(width)} ${paint.note("=")} ${t`field: ${field} (${place})`}`,
  );
  lines.push(`${" ".repeat(width)} ${paint.note("=")} ${t`help: ${help}`}`);
  if (repair) lines.push(bar, ...repair.flatMap((one) => diffLines(one, width, paint)));
  if (proof.state === "confirmed") {
    const { witness } = proof;
    lines.push(`${" ".repeat(width)} ${paint.note("=")} ${t`witness: ${witness.how}`}`);
    for (const step of witness.what.split("\n").filter((text) => text !== "")) {
      lines.push(`${" ".repeat(width)}     ${step}`);
    }
    if (witness.schedule !== "") lines.push(`${" ".repeat(width)}     ${t`schedule ${witness.schedule}`}`);
  } else lines.push(`${" ".repeat(width)} ${paint.note("=")} ${t`possible: ${proof.why}`}`);
  return lines.join("\n") + "\n";
}

/** A change as a diff has it: what stays is printed as it is, between what goes and what comes. */
function diffLines({ line, before, after }: Repair, width: number, paint: Paint): string[] {
  const number = paint.note(String(line).padStart(width)), blank = " ".repeat(width);
  const text = (one: string) => one.replaceAll("\t", TAB).trimEnd();
  const lines = after === "" ? [] : after.split("\n");
  const added = (one: string) => `${blank} ${paint.note("+")} ${text(one)}`;
  const stays = lines.indexOf(before);
  if (stays < 0) return [`${number} ${paint.error("-")} ${text(before)}`, ...lines.map(added)];
  return [
    ...lines.slice(0, stays).map(added),
    `${number}   ${text(before)}`,
    ...lines.slice(stays + 1).map(added),
  ];
}

/** Each line of the listing once for each program, with what happens there below it. */
export function sourceLines(sites: readonly Site[], width: number, paint: Paint, isSure: boolean): string[] {
  const lines: string[] = [], mark = isSure ? paint.error : paint.warning;
  const bar = `${" ".repeat(width)} ${paint.note("|")}`;
  const groups = new Map<string, Site[]>();
  for (const site of sites) {
    const key = `${site.prog} ${site.line?.file} ${site.line?.line}`;
    (groups.get(key) ?? groups.set(key, []).get(key)!).push(site);
  }
  let isFirst = true;
  for (const [{ prog, line, insn, label }, ...others] of groups.values()) {
    const labels = [...others.map((one) => one.label), label];
    const arrow = paint.note(isFirst ? "-->" : ":::");
    if (!line) {
      const at = insn < 0 ? prog : t`${prog}, instruction ${insn}`;
      lines.push(`${" ".repeat(width)}${arrow} ${at}: ${labels.join(", ")}`);
    } else {
      lines.push(
        `${" ".repeat(width)}${arrow} ${t`${fileName(line.file)}:${line.line}:${line.column}, in ${prog}`}`,
        bar,
      );
      lines.push(`${paint.note(String(line.line).padStart(width))} ${paint.note("|")} ${shown(line)}`);
      const paintMark = isFirst ? mark : paint.note, { at, length } = caret(line);
      const sign = (isFirst ? "^" : "-").repeat(length);
      lines.push(`${bar} ${" ".repeat(at)}${paintMark(`${sign} ${labels.join(", ")}`)}`);
    }
    isFirst = false;
  }
  return lines;
}

const TAB = "    ";
const shown = ({ text }: LineInfo): string => text.replaceAll("\t", TAB).trimEnd();

/** Under the statement that the column is a part of, tabs as they are printed. */
function caret(line: LineInfo): { at: number; length: number } {
  const indent = /^\s*/.exec(line.text)![0].replaceAll("\t", TAB).length, text = shown(line);
  const end = text.replace(/\s*\/[/*].*$/, "").length;
  return { at: indent, length: Math.max(1, end - indent) };
}
