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
const chapters = readdirSync(join(PROJECT, "notebooks")).filter((name) => name.endsWith(".ipynb")).sort();

/** Outputs with such a form among those that a chapter keeps. */
function count(chapter: string, mime: string): number {
  return readNotebook(join(PROJECT, "notebooks", chapter)).cells
    .flatMap((cell) => cell.cell_type === "code" ? cell.outputs : [])
    .filter((output) => "data" in output && mime in output.data).length;
}

const reason = noBrowser();
if (reason) {
  it.skip(`chapters in a browser (skipped: ${reason})`, () => {});
} else {
  describe("chapters in a browser", () => {
    let server: LabServer;
    let browser: Browser;
    beforeAll(async () => {
      server = await LabServer.start();
      browser = await launch();
    });
    afterAll(async () => {
      await browser?.close();
      await server?.stop();
    });

    for (const chapter of chapters) {
      it(`${chapter}: runs without error, with every figure drawn`, async () => {
        const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
        const lab = await LabPage.open(page, server.addressOf(chapter));
        try {
          await lab.menu("Edit", "Clear Outputs of All Cells");
          await lab.restartAndRunAll(CHAPTER_LIMIT_MS);
          expect(await lab.errors()).toEqual([]);
          const figures = count(chapter, "application/vnd.plotly.v1+json");
          for (let i = 0; i < figures; i++) {
            const figure = lab.figures().nth(i);
            await figure.waitFor({ timeout: 30_000 });
          }
          expect(await lab.figures().count()).toBe(figures);
          expect(await lab.drawings().count()).toBe(count(chapter, "image/svg+xml"));
          if (figures > 0) expect(await lab.hover(lab.figures().first())).toMatch(/\S/);
        } finally {
          await screenshot(page, `chapter_${chapter.replace(".ipynb", "")}`);
          await page.close();
        }
      });
    }
  });
}
