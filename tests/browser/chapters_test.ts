/**
 * Every chapter in JupyterLab. As it is kept: nothing is cut. All cells run: no error, every plot interactive, every
 * drawing its SVG, and what is saved is what the kernel gives without a front end.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { compareOutputs } from "../../lib/jupyter/compare_outputs.ts";
import { type Notebook, readNotebook } from "../../lib/jupyter/notebook_file.ts";
import { chapterRuns } from "./chapter_runs.ts";
import { launch, noBrowser, PROJECT, screenshot } from "./chromium.ts";
import { LabPage } from "./lab_page.ts";
import { COPY, LabServer } from "./lab_server.ts";
import { stickingOut, widened } from "./overflow.ts";

const CHAPTER_LIMIT_MS = 180_000;
const HAS_TABLE = /^0[15]_/;
const NOTEBOOKS = join(PROJECT, "notebooks");
const chapters = readdirSync(NOTEBOOKS).filter((name) => name.endsWith(".ipynb")).sort();

/** Outputs with such a form among those that a chapter keeps. */
function count(chapter: string, mime: string): number {
  return readNotebook(join(NOTEBOOKS, chapter)).cells
    .flatMap((cell) => cell.cell_type === "code" ? cell.outputs : [])
    .filter((output) => "data" in output && mime in output.data).length;
}

/** What a chapter was like when it had been opened, and when all of its cells had run. */
interface Ran {
  readonly sticksOut: readonly string[];
  /** What became of a table that was made wider than its column; of chapters that are known to have one. */
  readonly table?: Awaited<ReturnType<typeof widened>>;
  readonly errors: readonly string[];
  readonly figures: number;
  readonly drawings: number;
  /** What the first figure says to the mouse; empty without a figure. */
  readonly hover: string;
  readonly saved: Notebook;
}

async function runChapter(browser: Browser, address: string, chapter: string): Promise<Ran> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  const picture = (what: string) => screenshot(page, `${what}_${chapter.replace(".ipynb", "")}`);
  try {
    const lab = await LabPage.open(page, address);
    await page.locator(".jp-Notebook .jp-OutputArea-output").first().waitFor();
    await lab.scrollThrough();
    const sticksOut = await stickingOut(page, ".jp-OutputArea-output, .jp-MarkdownOutput");
    await picture("fits_lab");
    const table = HAS_TABLE.test(chapter)
      ? await widened(page, ".jp-OutputArea-output.jp-RenderedMarkdown")
      : undefined;
    await lab.menu("Edit", "Clear Outputs of All Cells");
    await lab.restartAndRunAll(CHAPTER_LIMIT_MS);
    const expected = count(chapter, "application/vnd.plotly.v1+json");
    for (let i = 0; i < expected; i++) await lab.figures().nth(i).waitFor({ timeout: 30_000 });
    const errors = await lab.errors(), figures = await lab.figures().count(), drawings = await lab.drawings().count();
    const file = join(COPY, chapter);
    await lab.save(file);
    const hover = figures > 0 ? await lab.hover(lab.figures().first()) : "";
    return { sticksOut, table, errors, figures, drawings, hover, saved: readNotebook(file) };
  } finally {
    await picture("chapter");
    await page.close();
  }
}

const reason = noBrowser();
if (reason) {
  it.skip(`chapters in a browser (skipped: ${reason})`, () => {});
} else {
  describe("chapters in a browser", () => {
    let server: LabServer, browser: Browser, ran: (chapter: string) => Promise<Ran>;
    beforeAll(async () => {
      // What a reader has solved is no part of the book.
      server = await LabServer.start({ INTERLEAVE_PROGRESS: "off" });
      browser = await launch();
      ran = chapterRuns(chapters, (chapter) => runChapter(browser, server.addressOf(chapter), chapter));
    });
    afterAll(async () => {
      await browser?.close();
      await server?.stop();
    });

    for (const chapter of chapters) {
      it(`${chapter}: fits 1280 pixels`, async () => {
        const { sticksOut, table } = await ran(chapter);
        expect(sticksOut.join("\n"), sticksOut.join("\n")).toBe("");
        if (HAS_TABLE.test(chapter)) expect(table).toEqual({ tableMoves: true, outputGrows: false });
      });

      it(`${chapter}: runs without error, with every figure drawn`, async () => {
        const { errors, figures, drawings, hover } = await ran(chapter);
        expect(errors).toEqual([]);
        expect(figures).toBe(count(chapter, "application/vnd.plotly.v1+json"));
        expect(drawings).toBe(count(chapter, "image/svg+xml"));
        if (figures > 0) expect(hover).toMatch(/\S/);
      });

      it(`${chapter}: is saved with its cells as they were, and with the outputs that the book keeps`, async () => {
        const { saved } = await ran(chapter), kept = readNotebook(join(NOTEBOOKS, chapter));
        const about = ({ cell_type, id, source }: Notebook["cells"][number]) => ({ cell_type, id, source });
        expect(saved.cells.map(about)).toEqual(kept.cells.map(about));
        expect(saved.metadata.kernelspec).toEqual(kept.metadata.kernelspec);
        const differences = compareOutputs(kept, saved).map(({ cellNumber, what }) => `cell ${cellNumber}: ${what}`);
        expect(differences.join("\n"), differences.join("\n")).toBe("");
      });
    }
  });
}
