import { describe, expect, it } from "vitest";
import type { MimeBundle, Notebook } from "../../lib/jupyter/notebook_file.ts";
import { toPage } from "../../lib/tasks/book/chapter.ts";
import { plot } from "../../lib/plot/mod.ts";

/** A bundle as a notebook keeps it. */
const asSaved = (bundle: unknown): MimeBundle => JSON.parse(JSON.stringify(bundle));

/** The forms of an output on a page of the book. */
function onPage(data: MimeBundle): MimeBundle {
  const outputs = [{ output_type: "display_data" as const, data, metadata: {} }];
  const cell = { cell_type: "code" as const, id: "a", metadata: {}, source: "", execution_count: 1, outputs };
  const notebook: Notebook = { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 };
  const [shown] = toPage(notebook).cells.flatMap((cell) => cell.cell_type === "code" ? cell.outputs : []);
  return "data" in shown ? shown.data : {};
}

describe("a page of the book", () => {
  it("has the anchors above headings as targets of its own, which links find", () => {
    const source = '<a id="twice"></a>\n\n## "It happened twice"\n\nNo <a id="inside"></a> anchor.';
    const cell = { cell_type: "markdown" as const, id: "a", metadata: {}, source };
    const [shown] = toPage({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }).cells;
    expect(shown.source).toBe('(twice)=\n\n## "It happened twice"\n\nNo <a id="inside"></a> anchor.');
  });

  it("holds a drawing itself, with the width that a phone makes smaller", async () => {
    const figure = plot.lattice({ steps: [["load", "store"], ["load"]], bad: () => false });
    const shown = onPage(asSaved(await figure.toBundle()));
    expect(shown).toEqual({
      "text/html": `<div class="figure-frame" style="--width:${figure.width}px">${await figure.toSvg()}</div>`,
      "text/plain": figure.text,
    });
  });

  it("holds a plot as data for its script, and as a picture where scripts are off", async () => {
    const figure = plot.lostAgainstCpus([{ cpus: 1, lost: 0 }, { cpus: 2, lost: 0.32 }]);
    const shown = onPage(asSaved(await figure.toBundle()));
    expect(Object.keys(shown)).toEqual(["text/html", "text/plain"]);
    expect(shown["text/html"]).toMatch(/<noscript><img width="760" .*<script type="application\/json">\{"data":/s);
  });
});
