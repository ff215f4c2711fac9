/** A verdict as text for people: the kernel's message, the C lines of the path, the rule, the fix. */
import type { Verdict, VerifierWarning } from "./verify.ts";
import { t } from "../words/translation.ts";

/** C lines of a path that are shown before and after the middle is left out. */
const SHOWN = 8;

/** What stands on a terminal before and behind a verdict's first words: green, red, and yellow where there is no telling. */
const COLOURS = { accept: 32, reject: 31, unsupported: 33 } as const;

/** @param isColoured for a terminal */
export function verdictText(verdict: Verdict, isColoured = false): string {
  const colour = (text: string) => isColoured ? `\x1b[${COLOURS[verdict.verdict]}m${text}\x1b[0m` : text;
  const name = `${verdict.program} (${verdict.section})`, rules = t`by the rules of ${verdict.kernel}`;
  if (verdict.verdict === "accept") {
    const checked = t`${verdict.processedInsns} instructions checked`;
    const accepted = `${name}: ${colour("accepted")} ${rules}, ${checked}\n`;
    return accepted + verdict.warnings.map((warning) => t`  warning: ${warningText(warning)}\n`).join("");
  }
  const { line, explanation } = verdict;
  const said = verdict.verdict === "reject"
    ? `${colour("refused")} ${rules}, ${verdict.errname}`
    : t`${colour("not supported")}, no telling what ${verdict.kernel} says`;
  const lines = [`${name}: ${said}`, `  ${verdict.message}`];
  if (line) lines.push(t`  at ${line.file}:${line.line}: ${line.text.trim()}`);
  if (verdict.path.length > 1) {
    lines.push("", t`  The path that leads there:`, ...pathTexts(verdict));
  }
  if (explanation) {
    lines.push("", t`  Rule: ${explanation.rule}`);
    if (explanation.claim) lines.push(t`  The document (${explanation.claim.number}): ${explanation.claim.text}`);
    lines.push(t`  What to do: ${explanation.fix}`);
  }
  return lines.join("\n") + "\n";
}

/** `C line 12: bytes 4 to 7 of the key of flows were never written: what the stack held before is read`. */
export const warningText = ({ insn, line, text }: VerifierWarning): string =>
  `${line ? t`C line ${line.line}` : t`insn ${insn}`}: ${text}`;

/** The C lines that led there, numbered, without the middle of a long path. */
export function pathTexts(verdict: Verdict): string[] {
  const texts = verdict.path.map(({ line, text }) => `    ${String(line).padStart(4)}  ${text.trim()}`);
  if (texts.length <= 2 * SHOWN) return texts;
  return [...texts.slice(0, SHOWN), t`    ... ${texts.length - 2 * SHOWN} lines`, ...texts.slice(-SHOWN)];
}
