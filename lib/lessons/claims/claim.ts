/** Claims in a chapter: each cell that tests one says what it found, and the last chapter gathers them all. */
import { codeSpan, escapeMarkdown, markdownTable } from "../../report/markdown.ts";
import { textTable } from "../../report/text_table.ts";
import { chapters } from "./chapters.ts";
import { type Claim, type ClaimVerdict, DOCUMENT, LEDGER, SECTIONS } from "./ledger.ts";
import { t, translated } from "../../words/translation.ts";

/** The output form by which the last chapter finds what the others showed. */
export const CLAIM_MIME = "application/vnd.interleave.claim+json";

/** What a cell found out about a claim. */
export interface Finding {
  /** Whether the experiment of this cell agrees with the ledger's verdict. Computed, never typed. */
  readonly agrees: boolean;
  /** One sentence with the figures that the cell computed. */
  readonly found: string;
}

const VERDICTS: Readonly<Record<ClaimVerdict, string>> = translated({
  true: "true",
  "true if": "true if …",
  wrong: "wrong",
});

/** The claim of this number. */
function claimOf(id: string): Claim {
  const claim = LEDGER.find((one) => one.id === id);
  if (!claim) throw new RangeError(`no claim has the number ${id}; the first is ${LEDGER[0].id}`);
  return claim;
}

/**
 * A claim beside what this cell found. Show it: `await show(claim("1.9", { agrees: ..., found: ... }))`.
 *
 * @example
 * ```ts
 * import { claim, TestedClaim } from "interleave";
 * const tested: TestedClaim = claim("1.9", { agrees: true, found: "returns 10" });
 * if (!("text/markdown" in tested.toBundle())) throw new Error("a table for the notebook");
 * ```
 */
export class TestedClaim {
  /** `claim` makes it. */
  constructor(readonly claim: Claim, readonly finding: Finding) {}

  /** Its forms by MIME type. */
  toBundle(): Record<string, unknown> {
    const { claim, finding } = this;
    const lines: [string, string][] = [
      ...(claim.original
        ? [[t`original, ${DOCUMENT.then}`, claim.original.then], [t`original today`, claim.original.now]] as [
          string,
          string,
        ][]
        : []),
      [t`this cell`, finding.found],
      [t`kernel 6.18`, claim.kernel],
    ];
    const otherwise = finding.agrees ? "" : t` — **this cell found otherwise**`;
    return {
      "text/markdown": markdownTable([t`claim ${claim.id}`, escapeMarkdown(claim.says)], [
        [t`verdict`, `**${VERDICTS[claim.verdict]}**${otherwise}`],
        ...lines.map(([name, text]) => [name, escapeMarkdown(text)]),
        ...(claim.source ? [[t`why`, codeSpan(claim.source)]] : []),
      ], ["left", "left"]),
      "text/plain": [
        t`Claim ${claim.id}: ${claim.says}`,
        finding.agrees
          ? t`Verdict: ${VERDICTS[claim.verdict]}`
          : t`Verdict: ${VERDICTS[claim.verdict]} (this cell found otherwise)`,
        ...lines.map(([name, text]) => `${name[0].toUpperCase()}${name.slice(1)}: ${text}`),
        ...(claim.source ? [t`Why: ${claim.source}`] : []),
      ].join("\n"),
      [CLAIM_MIME]: { id: claim.id, agrees: finding.agrees, found: finding.found },
    };
  }
}

/**
 * Puts what a cell found beside the claim that it tests.
 *
 * @param id number in the ledger, such as "1.9"
 * @param finding whether the cell's experiment agrees with the verdict, and what it found, in a sentence with figures
 * @returns something to `show`
 * @throws RangeError for a number that no claim has
 *
 * @example
 * ```ts
 * import { claim, show } from "interleave";
 * await show(claim("1.9", { agrees: true, found: "a failed compare-and-swap returns 10, which is what it found" }));
 * ```
 */
export function claim(id: string, finding: Finding): TestedClaim {
  const tested = claimOf(id);
  if (typeof finding?.agrees !== "boolean" || typeof finding.found !== "string") {
    throw new TypeError(`claim("${id}", { agrees, found }): agrees is true or false, found is a sentence`);
  }
  return new TestedClaim(tested, finding);
}

/** One line of the whole ledger. */
export interface LedgerLine {
  /** The line of the ledger. */
  readonly claim: Claim;
  /** Chapter and what its cell found; undefined where no executed cell tests the claim. */
  readonly shown?: { readonly notebook: string; readonly cell: number; readonly finding: Finding };
}

/**
 * The whole ledger, gathered from the outputs of the executed chapters.
 *
 * @example
 * ```ts
 * import { Ledger } from "interleave";
 * if (new Ledger([]).tally.untested !== 0) throw new Error("nothing is asked, nothing is missing");
 * ```
 */
export class Ledger {
  /** `ledger` makes it. */
  constructor(readonly lines: readonly LedgerLine[]) {}

  /** Claims whose cell agrees with the kernel's verdict, that disagree, and that no cell tests. */
  get tally(): { agree: number; disagree: number; untested: number } {
    const shown = this.lines.filter((line) => line.shown);
    const agree = shown.filter((line) => line.shown!.finding.agrees).length;
    return { agree, disagree: shown.length - agree, untested: this.lines.length - shown.length };
  }

  /** Its forms by MIME type. */
  toBundle(): Record<string, unknown> {
    const { agree, disagree, untested } = this.tally;
    const ofDocument = this.lines.filter(({ claim }) => !claim.says.startsWith(t`(not in the document)`));
    const summary = [
      t`${ofDocument.length} claims of the document`,
      ...(ofDocument.length < this.lines.length ? [t`${this.lines.length - ofDocument.length} that it lacks`] : []),
      t`${agree} verdicts shown by a cell`,
      ...(disagree ? [t`${disagree} where a cell found otherwise`] : []),
      ...(untested ? [t`${untested} without a cell`] : []),
    ].join(t`, `) + t`.`;
    const where = ({ shown }: LedgerLine) => shown ? `${shown.notebook} [${shown.cell}]` : "–";
    const found = ({ shown }: LedgerLine) =>
      shown ? `${shown.finding.agrees ? "" : t`**otherwise:** `}${escapeMarkdown(shown.finding.found)}` : "–";
    const header = [
      "#",
      t`the translation`,
      t`original, ${DOCUMENT.then}`,
      t`original today`,
      t`verdict`,
      t`found here`,
      t`cell`,
    ];
    const sections = Object.entries(SECTIONS).map(([section, title]) => {
      const rows = this.lines.filter(({ claim }) => claim.id.startsWith(`${section}.`)).map((line) => [
        line.claim.id,
        escapeMarkdown(line.claim.says),
        escapeMarkdown(line.claim.original?.then ?? t`the same`),
        escapeMarkdown(line.claim.original?.now ?? t`the same`),
        VERDICTS[line.claim.verdict],
        found(line),
        escapeMarkdown(where(line)),
      ]);
      return `**${section} ${title}**\n\n${markdownTable(header, rows, header.map(() => "left"))}`;
    });
    const rows = this.lines.map((line) => [line.claim.id, VERDICTS[line.claim.verdict], where(line), line.claim.says]);
    return {
      "text/markdown": [escapeMarkdown(summary), ...sections].join("\n\n"),
      "text/plain": `${summary}\n\n${textTable(["#", t`verdict`, t`cell`, t`claim`], rows)}`,
    };
  }
}

/**
 * Gathers what the executed chapters of a folder showed.
 *
 * @param folder where the notebooks are; the current folder, as in a chapter
 *
 * @example
 * ```ts
 * import { ledger } from "interleave";
 * const { lines, tally } = ledger("notebooks");
 * if (tally.agree + tally.disagree + tally.untested !== lines.length) throw new Error("every claim is counted once");
 * ```
 */
export function ledger(folder = "."): Ledger {
  const shown = new Map<string, LedgerLine["shown"]>();
  for (const { name, notebook } of chapters(folder)) {
    for (const cell of notebook.cells) {
      if (cell.cell_type !== "code") continue;
      for (const output of cell.outputs) {
        if (!("data" in output) || !(CLAIM_MIME in output.data)) continue;
        const found = output.data[CLAIM_MIME] as unknown as Finding & { id: string };
        shown.set(found.id, {
          notebook: name.replace(/\.ipynb$/, ""),
          cell: cell.execution_count ?? 0,
          finding: { agrees: found.agrees, found: found.found },
        });
      }
    }
  }
  return new Ledger(LEDGER.map((claim) => ({ claim, shown: shown.get(claim.id) })));
}
