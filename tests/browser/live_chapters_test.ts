/** Every cell of every chapter runs in the page, and shows what the committed notebooks keep, but for what is measured. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { compareOutputs } from "../../lib/jupyter/compare_outputs.ts";
import { type Notebook, readNotebook } from "../../lib/jupyter/notebook_file.ts";
import { launch, noBrowser, PROJECT, screenshot } from "./chromium.ts";
import { LivePage } from "./live_page.ts";
import { SiteServer } from "./site.ts";

const CHAPTER_LIMIT_MS = 240_000;
/** Chapters that run side by side, each in a process of its own. */
const AT_ONCE = 2;
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
    let browser: Browser, site: SiteServer;
    const chapters = new Map<string, PromiseWithResolvers<Ran>>(names.map((name) => [name, Promise.withResolvers()]));
    beforeAll(async () => {
      site = await SiteServer.start();
      browser = await launch();
      const waiting = [...chapters];
      const work = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          const [name, { promise, resolve, reject }] = next;
          promise.catch(() => {}); // its test says so
          await runChapter(browser, site.address, name).then(resolve, reject);
        }
      };
      for (let n = 0; n < AT_ONCE; n++) work();
    });
    afterAll(async () => {
      await browser?.close();
      await site?.stop();
    });

    for (const name of names) {
      it(`${name}: every cell runs, with the outputs that the notebook keeps`, async () => {
        const { notebook, status, cellErrors, pageErrors } = await chapters.get(name)!.promise;
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
