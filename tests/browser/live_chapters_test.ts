/** Every cell of every chapter runs in the page, and shows what the committed notebooks keep, but for what is measured. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { compareOutputs } from "../../lib/jupyter/compare_outputs.ts";
import { type Notebook, readNotebook } from "../../lib/jupyter/notebook_file.ts";
import { chapterRuns } from "./chapter_runs.ts";
import { launch, noBrowser, PROJECT, screenshot } from "./chromium.ts";
import { LivePage } from "./live_page.ts";
import { SiteServer } from "./site.ts";

const CHAPTER_LIMIT_MS = 240_000;
const NOTEBOOKS = join(PROJECT, "notebooks");
const names = readdirSync(NOTEBOOKS).filter((name) => name.endsWith(".ipynb")).sort();

/** What a chapter was like when all of its cells had run. */
interface Ran {
  readonly notebook: Notebook;
  readonly status: string;
  readonly cellErrors: readonly string[];
  readonly pageErrors: readonly string[];
}

async function runChapter(browser: Browser, address: string, name: string): Promise<Ran> {
  const live = await LivePage.open(browser, `${address}/${name.replace(".ipynb", ".html")}`);
  try {
    await live.press("Run all");
    await live.idle(CHAPTER_LIMIT_MS);
    const status = await live.status(), cellErrors = await live.page.locator(".live-error").allInnerTexts();
    return { notebook: await live.download(), status, cellErrors, pageErrors: live.errors };
  } finally {
    await screenshot(live.page, `live_${name.replace(".ipynb", "")}`);
    await live.close();
  }
}

const reason = noBrowser();
if (reason) {
  it.skip(`chapters of the live book (skipped: ${reason})`, () => {});
} else {
  describe("chapters of the live book", () => {
    let browser: Browser, site: SiteServer, ran: (name: string) => Promise<Ran>;
    beforeAll(async () => {
      site = await SiteServer.start();
      browser = await launch();
      ran = chapterRuns(names, (name) => runChapter(browser, site.address, name));
    });
    afterAll(async () => {
      await browser?.close();
      await site?.stop();
    });

    for (const name of names) {
      it(`${name}: every cell runs, with the outputs that the notebook keeps`, async () => {
        const { notebook, status, cellErrors, pageErrors } = await ran(name);
        expect(cellErrors).toEqual([]);
        expect(status).toBe("Done.");
        const kept = readNotebook(join(NOTEBOOKS, name));
        expect(notebook.cells.map(({ source }) => source)).toEqual(kept.cells.map(({ source }) => source));
        const differences = compareOutputs(kept, notebook).map(({ cellNumber, what }) => `cell ${cellNumber}: ${what}`);
        expect(differences.join("\n"), differences.join("\n")).toBe("");
        expect(pageErrors).toEqual([]);
      });
    }
  });
}
