/** Findings as a page: for notebooks, where a figure of each witness stands below it. */
import type { ReportBundle } from "../report/bundle.ts";
import { cellCode, codeSpan, escapeMarkdown, fenced, markdownTable, MARKS } from "../report/markdown.ts";
import type { TraceStep } from "../report/result.ts";
import { isNote, type RaceFinding, type Site } from "./finding.ts";
import type { Races } from "./find_races.ts";
import { countText, findingText, NO_COLOURS, placeText, sourceLines } from "./race_text.ts";
import { t } from "../words/translation.ts";

/**
 * One output of the page.
 *
 * @internal
 */
export interface RacesPart {
  readonly bundle: ReportBundle;
  /** The steps to draw below it, and what was simulated. */
  readonly witness?: {
    readonly trace: readonly TraceStep[];
    readonly on: string;
    readonly finding: string;
    /** Where it happens: what else goes wrong in these steps is another finding's. */
    readonly about: readonly Pick<Site, "prog" | "insn">[];
  };
}

export function racesParts(races: Races): readonly RacesPart[] {
  const head: RacesPart = {
    bundle: { "text/plain": `${races.name}: ${countText(races)}`, "text/markdown": headMarkdown(races) },
  };
  return [
    head,
    ...races.open.map((finding): RacesPart => {
      const { proof, name, field } = finding;
      const bundle = { "text/plain": findingText(finding, NO_COLOURS), "text/markdown": findingMarkdown(finding) };
      if (proof.state !== "confirmed" || proof.trace.length === 0) return { bundle };
      const on = `${proof.witness.how}`;
      return {
        bundle,
        witness: {
          trace: toldSteps(finding, proof.trace),
          on,
          finding: t`${name.replaceAll("-", " ")} of ${field}`,
          about: finding.sites,
        },
      };
    }),
  ];
}

export const racesMarkdown = (races: Races): string =>
  [headMarkdown(races), ...races.open.map(findingMarkdown)].join("\n\n");

function headMarkdown(races: Races): string {
  const { open } = races, left = (["left", "left", "left", "left", "left"] as const).slice();
  const rows = open.map((finding) => {
    const { name, field, sites: [{ line, prog }], proof } = finding, isSure = proof.state === "confirmed";
    const where = `${cellCode(prog)}${line ? t`, line ${line.line}` : ""}`;
    return [
      isSure ? MARKS.bad : MARKS.unknown,
      name,
      cellCode(field),
      where,
      isNote(finding) ? t`a note` : proof.state === "confirmed" ? t`confirmed` : t`possible`,
    ];
  });
  const mark = races.confirmed.length > 0 ? MARKS.bad : races.exitCode === 0 ? MARKS.good : MARKS.unknown;
  const table = rows.length === 0 ? [] : [markdownTable(["", t`race`, t`of`, t`where`, ""], rows, left)];
  const unseen = races.accesses.unseen.map(({ prog, why }) =>
    t`${codeSpan(prog)} was not followed to its end, more may be wrong there: ${escapeMarkdown(why)}`
  );
  return [`${mark} **${escapeMarkdown(countText(races))}**`, ...table, ...unseen].join("\n\n");
}

function findingMarkdown(finding: RaceFinding): string {
  const { name, sites, reason, help, repair, proof, chapter, claims } = finding;
  const width = String(Math.max(0, ...sites.map(({ line }) => line?.line ?? 0))).length;
  const isSure = proof.state === "confirmed", kind = isNote(finding) ? t`note` : isSure ? t`confirmed` : t`possible`;
  const place = placeText(chapter.slice(0, 2), claims);
  const lines = fenced(sourceLines(sites, width, NO_COLOURS, isSure).join("\n"));
  const diff = (repair ?? []).flatMap(({ line, before, after }, at, all) => {
    const isApart = at > 0 && line > all[at - 1].line + 1, gap = isApart ? [`@@ line ${line} @@`] : [];
    const added = after === "" ? [] : after.split("\n"), stays = added.indexOf(before);
    return [
      ...gap,
      ...(stays < 0 ? [`-${before}`] : []),
      ...added.map((line, i) => `${i === stays ? " " : "+"}${line}`),
    ];
  });
  const end = proof.state === "confirmed"
    ? proof.trace.length > 0
      ? t`Witness: ${escapeMarkdown(proof.witness.how)}. Schedule ${codeSpan(proof.witness.schedule)}.`
      : t`Witness: ${escapeMarkdown(proof.witness.how)}.\n\n${fenced(proof.witness.what)}`
    : t`No witness: ${escapeMarkdown(proof.why)}.`;
  return [
    `### ${name}, ${kind}\n\n${escapeMarkdown(reason)}${t`.`}`,
    lines,
    t`Help (${place}): ${escapeMarkdown(help)}.`,
    ...(diff.length > 0 ? ["```diff\n" + diff.join("\n") + "\n```"] : []),
    end,
  ].join("\n\n");
}

/**
 * The steps that a figure shows: what is done to data, and where a helper of the finding's lines begins, without what goes
 * on in the kernel's own structures.
 */
function toldSteps({ sites }: RaceFinding, trace: readonly TraceStep[]): readonly TraceStep[] {
  const begun = new Set<string>();
  const told = trace.filter((step) => {
    if (step.touches === "data" || step.kind === "skip") return true;
    const key = `${step.task} ${step.invocation} ${step.insn}`;
    const isSite = step.actor === "helper" && sites.some(({ prog, insn }) => prog === step.prog && insn === step.insn);
    return isSite && step.kind !== "flush" && !begun.has(key) && begun.add(key);
  });
  return told.length > 1 ? told : trace;
}
