/** Every cell of every chapter runs in the page, and shows what the committed notebooks keep, but for what is measured. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { compareOutputs } from "../../lib/jupyter/compare_outputs.ts";
import { readNotebook } from "../../lib/jupyter/notebook_file.ts";
import { launch, noBrowser, PROJECT, screenshot } from "./chromium.ts";
import { LivePage } from "./live_page.ts";
import { SiteServer } from "./site.ts";

const CHAPTER_LIMIT_MS = 120_000;
const NOTEBOOKS = join(PROJECT, "notebooks");

const reason = noBrowser();
if (reason) {
  it.skip(`chapters of the live book (skipped: ${reason})`, () => {});
} else {
  describe("chapters of the live book", () => {
    let browser: Browser, site: SiteServer;
    beforeAll(async () => {
      site = await SiteServer.start();
      browser = await launch();
    });
    afterAll(async () => {
      await browser?.close();
      await site?.stop();
    });

    for (const name of readdirSync(NOTEBOOKS).filter((name) => name.endsWith(".ipynb")).sort()) {
      it(`${name}: every cell runs, with the outputs that the notebook keeps`, async () => {
        const live = await LivePage.open(browser, `${site.address}/${name.replace(".ipynb", ".html")}`);
        try {
          await live.press("Run all");
          await live.idle(CHAPTER_LIMIT_MS);
          expect(await live.page.locator(".live-error").allInnerTexts()).toEqual([]);
          expect(await live.status()).toBe("Done.");
          const kept = readNotebook(join(NOTEBOOKS, name)), fresh = await live.download();
          expect(fresh.cells.map(({ source }) => source)).toEqual(kept.cells.map(({ source }) => source));
          expect(compareOutputs(kept, fresh).map(({ cellNumber, what }) => `cell ${cellNumber}: ${what}`).join("\n"))
            .toBe("");
          expect(live.errors.join("\n")).toBe("");
        } finally {
          await screenshot(live.page, `live_${name.replace(".ipynb", "")}`);
          await live.close();
        }
      });
    }
  });
}
