/** Verdicts of the verifier for notebooks: what is refused, at which C line, by which rule, and what helps. */
import { bullets, codeSpan, escapeMarkdown, fenced, folded, MARKS, withCode } from "../report/markdown.ts";
import { texts } from "../report/texts.ts";
import { pathTexts, verdictText, warningText } from "./verdict_text.ts";
import type { Verdict } from "./verify.ts";

const TONES = { accept: "good", reject: "bad", unsupported: "unknown" } as const;

const isVerdict = (value: unknown): value is Verdict =>
  typeof value === "object" && value !== null && "verdict" in value && "processedInsns" in value && "path" in value;

/**
 * The forms of a verdict, or of those of all programs of an object.
 *
 * @returns `undefined` for any other value
 */
export function verdictBundle(value: unknown) {
  const verdicts = Array.isArray(value) ? value : [value];
  if (verdicts.length === 0 || !verdicts.every(isVerdict)) return undefined;
  return {
    "text/plain": verdicts.map((verdict) => verdictText(verdict)).join("\n").trimEnd(),
    "text/markdown": verdicts.map(verdictMarkdown).join("\n\n"),
  };
}

function verdictMarkdown(verdict: Verdict): string {
  const { verifier } = texts, { line, explanation, warnings, path } = verdict;
  const said = verdict.verdict === "accept"
    ? verifier.accepted(verdict.processedInsns.toLocaleString("en-US"))
    : verdict.verdict === "reject"
    ? verifier.refused(verdict.errname)
    : verifier.unsupported;
  const name = `${escapeMarkdown(verdict.program)} (${codeSpan(verdict.section)})`;
  const yellow = verdict.verdict === "accept" && warnings.length > 0;
  return [
    `${yellow ? MARKS.partly : MARKS[TONES[verdict.verdict]]} **${name}: ${escapeMarkdown(said)}.**`,
    ...(warnings.length > 0 ? [bullets(warnings.map((warning) => withCode(texts.warning(warningText(warning)))))] : []),
    ...(verdict.message === "" ? [] : [fenced(verdict.message)]),
    ...(line ? [`${verifier.at} ${codeSpan(`${line.file}:${line.line}: ${line.text.trim()}`)}`] : []),
    ...(explanation
      ? [bullets([
        `**${verifier.rule}** ${withCode(explanation.rule)}`,
        ...(explanation.claim
          ? [`**${verifier.document(explanation.claim.number)}** ${withCode(explanation.claim.text)}`]
          : []),
        `**${verifier.fix}** ${withCode(explanation.fix)}`,
      ])]
      : []),
    ...(path.length > 1 ? [folded(verifier.path, fenced(pathTexts(verdict).join("\n")))] : []),
  ].join("\n\n");
}
