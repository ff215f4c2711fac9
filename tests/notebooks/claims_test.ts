/** A claim's table, and the ledger's: three states of the document, and nothing in a finding that breaks a table. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { claim, Ledger } from "../../lib/mod.ts";
import { LEDGER } from "../../lib/lessons/claims/ledger.ts";

/** How many cells each line of a Markdown table has: bars that are not escaped, less one. */
const cellsOf = (table: string) => table.split("\n").map((line) => line.match(/(?<!\\)\|/g)!.length - 1);

const markdown = (one: { toBundle(): Record<string, unknown> }) => String(one.toBundle()["text/markdown"]);

describe("a claim beside what a cell found", () => {
  it("keeps its two columns, whatever was found", () => {
    fc.assert(fc.property(fc.constantFrom(...LEDGER), fc.stringMatching(/^[ -~]{1,40}$/), ({ id }, found) => {
      expect(new Set(cellsOf(markdown(claim(id, { agrees: true, found }))))).toEqual(new Set([2]));
    }));
  });

  it("says what the original said, where the translation is not alone with it", () => {
    const text = String(claim("1.4", { agrees: true, found: "10 | 5 returns 10" }).toBundle()["text/plain"]);
    expect(text).toMatch(
      /Original, 2024-03 to 2024-10: the new value\nOriginal today: the original value \(mended 2025-01-13/,
    );
    expect(claim("1.8", { agrees: true, found: "10" }).toBundle()["text/plain"]).not.toContain("Original");
  });
});

describe("the ledger", () => {
  const lines = LEDGER.map((one) => ({
    claim: one,
    shown: { notebook: "02", cell: 1, finding: { agrees: true, found: "a | b" } },
  }));

  it("has seven columns in every section", () => {
    const tables = markdown(new Ledger(lines)).split("\n\n").filter((part) => part.startsWith("|"));
    expect(tables).toHaveLength(6);
    for (const table of tables) expect(new Set(cellsOf(table))).toEqual(new Set([7]));
  });

  it("does not count what the document does not say among its claims", () => {
    const own = LEDGER.filter(({ says }) => says.startsWith("(not in the document)")).length;
    expect(own).toBeGreaterThan(0);
    expect(String(new Ledger(lines).toBundle()["text/plain"])).toMatch(
      new RegExp(
        `^${LEDGER.length - own} claims of the document, ${own} that it lacks, ${LEDGER.length} verdicts shown`,
      ),
    );
  });
});
