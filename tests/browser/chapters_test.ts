/** Every chapter in JupyterLab: all cells run, no error, every plot interactive, every drawing its SVG. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readNotebook } from "../../lib/jupyter/notebook_file.ts";
import { launch, noBrowser, PROJECT, screenshot } from "./chromium.ts";
import { LabPage } from "./lab_page.ts";
import { LabServer } from "./lab_server.ts";

const CHAPTER_LIMIT_MS = 180_000;
/** Chapters that run side by side, each with a kernel of its own. */
const AT_ONCE = 2;
const chapters = readdirSync(join(PROJECT, "notebooks")).filter((name) => name.endsWith(".ipynb")).sort();

/** Outputs with such a form among those that a chapter keeps. */
function count(chapter: string, mime: string): number {
  return readNotebook(join(PROJECT, "notebooks", chapter)).cells
    .flatMap((cell) => cell.cell_type === "code" ? cell.outputs : [])
    .filter((output) => "data" in output && mime in output.data).length;
}

/** What a chapter was like when all of its cells had run. */
interface Ran {
  readonly errors: readonly string[];
  readonly figures: number;
  readonly drawings: number;
  /** What the first figure says to the mouse; empty without a figure. */
  readonly hover: string;
}

async function runChapter(browser: Browser, address: string, chapter: string): Promise<Ran> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  try {
    const lab = await LabPage.open(page, address);
    await lab.menu("Edit", "Clear Outputs of All Cells");
    await lab.restartAndRunAll(CHAPTER_LIMIT_MS);
    const expected = count(chapter, "application/vnd.plotly.v1+json");
    for (let i = 0; i < expected; i++) await lab.figures().nth(i).waitFor({ timeout: 30_000 });
    const errors = await lab.errors(), figures = await lab.figures().count(), drawings = await lab.drawings().count();
    return { errors, figures, drawings, hover: figures > 0 ? await lab.hover(lab.figures().first()) : "" };
  } finally {
    await screenshot(page, `chapter_${chapter.replace(".ipynb", "")}`);
    await page.close();
  }
}

const reason = noBrowser();
if (reason) {
  it.skip(`chapters in a browser (skipped: ${reason})`, () => {});
} else {
  describe("chapters in a browser", () => {
    let server: LabServer, browser: Browser;
    const ran = new Map<string, PromiseWithResolvers<Ran>>(chapters.map((name) => [name, Promise.withResolvers()]));
    beforeAll(async () => {
      server = await LabServer.start();
      browser = await launch();
      const waiting = [...ran];
      const work = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          const [chapter, { promise, resolve, reject }] = next;
          promise.catch(() => {}); // its test says so
          await runChapter(browser, server.addressOf(chapter), chapter).then(resolve, reject);
        }
      };
      for (let n = 0; n < AT_ONCE; n++) work();
    });
    afterAll(async () => {
      await browser?.close();
      await server?.stop();
    });

    for (const chapter of chapters) {
      it(`${chapter}: runs without error, with every figure drawn`, async () => {
        const { errors, figures, drawings, hover } = await ran.get(chapter)!.promise;
        expect(errors).toEqual([]);
        expect(figures).toBe(count(chapter, "application/vnd.plotly.v1+json"));
        expect(drawings).toBe(count(chapter, "image/svg+xml"));
        if (figures > 0) expect(hover).toMatch(/\S/);
      });
    }
  });
}
