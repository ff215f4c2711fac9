/** Links within a chapter lead to a place in it: JupyterLab and the site keep the ids of anchors that are written out. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const BOOK = new URL("../../notebooks/", import.meta.url);

function markdownOf(notebook: string): string {
  const { cells } = JSON.parse(readFileSync(new URL(notebook, BOOK), "utf8")) as {
    cells: { cell_type: string; source: string[] }[];
  };
  return cells.filter(({ cell_type }) => cell_type === "markdown").map(({ source }) => source.join("")).join("\n\n");
}

describe("links within a chapter", () => {
  const chapters = readdirSync(BOOK).filter((name) => name.endsWith(".ipynb")).sort();
  for (const chapter of chapters) {
    it(`${chapter}: each has one anchor, in a paragraph of its own above a heading`, () => {
      const text = markdownOf(chapter);
      const linked = new Set([...text.matchAll(/\]\(#([^)]*)\)/g)].map(([, id]) => id));
      const anchors = [...text.matchAll(/^<a id="([\w-]+)"><\/a>\n\n#/gm)].map(([, id]) => id).sort();
      expect(anchors).toEqual([...linked].sort());
    });
  }
  it("are there: the index of symptoms has some", () => expect(markdownOf("10_reported.ipynb")).toMatch(/\]\(#/));
});
