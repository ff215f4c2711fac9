/** Nothing is cut: on a phone every figure, table, listing and widget fits, or can be moved. JupyterLab: chapters_test.ts. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, Page } from "playwright-core";
import { launch, noBrowser, PROJECT } from "./chromium.ts";
import { stickingOut, widened } from "./overflow.ts";
import { buildSite } from "./site.ts";

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const chapters = readdirSync(join(PROJECT, "notebooks")).filter((name) => name.endsWith(".ipynb")).sort()
  .map((name) => name.replace(".ipynb", ""));

const reason = noBrowser();
if (reason) {
  it.skip(`what fits in a browser (skipped: ${reason})`, () => {});
} else {
  describe("what fits in a browser", () => {
    let browser: Browser;
    beforeAll(async () => browser = await launch());
    afterAll(async () => await browser?.close());

    it("is looked for so that it is found", async () => {
      const page = await browser.newPage({ viewport: { width: 390, height: 600 } });
      const wide = '<div style="width:600px;height:9px">x</div>';
      await page.setContent(`<div class="column" style="width:300px">
        <div id="out">${wide}</div>
        <div style="overflow-x:auto">${wide}</div>
        <div id="cut" style="overflow:hidden">${wide}</div></div>`);
      const found = await stickingOut(page, ".column");
      expect(found.filter((line) => line.includes("sticks out"))).toHaveLength(2);
      expect(found.filter((line) => line.includes("is cut"))).toHaveLength(1);
      await page.close();
    });

    describe("on the site, on a phone", () => {
      let page: Page;
      beforeAll(async () => {
        await buildSite();
        page = await (await browser.newContext(PHONE)).newPage();
      });
      for (const chapter of ["index", ...chapters]) {
        it(chapter, async () => {
          await page.goto(pathToFileURL(join(PROJECT, "site", `${chapter}.html`)).href);
          const frames = page.locator(".figure-frame");
          for (let i = 0; i < await frames.count(); i++) {
            await frames.nth(i).scrollIntoViewIfNeeded();
            await frames.nth(i).locator(".js-plotly-plot .main-svg, > svg[role=img]").first().waitFor();
          }
          // Headings and tables of the theme begin a little before the text, and move in themselves.
          const found = await stickingOut(page, "article", 10);
          expect(found.join("\n"), found.join("\n")).toBe("");
          if (/^0[15]_/.test(chapter)) {
            expect(await widened(page, "div.cell_output")).toEqual({ tableMoves: true, outputGrows: false });
          }
          expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
        });
      }
    });
  });
}
