/** Nothing is cut: on a phone and in JupyterLab every figure, table, listing and widget fits, or can be moved. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, Page } from "playwright-core";
import { launch, noBrowser, PROJECT, screenshot } from "./chromium.ts";
import { LabServer } from "./lab_server.ts";
import { stickingOut } from "./overflow.ts";
import { buildSite } from "./site.ts";

const OPEN_MS = 90_000;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const chapters = readdirSync(join(PROJECT, "notebooks")).filter((name) => name.endsWith(".ipynb")).sort()
  .map((name) => name.replace(".ipynb", ""));

/** Makes the first table of an output wider than its column: whether it moves then, and whether its output grows. */
const widened = (page: Page, output: string): Promise<{ tableMoves: boolean; outputGrows: boolean } | undefined> =>
  page.evaluate((output) => {
    const table = [...document.querySelectorAll(`${output} table`)].find((one) =>
      one.getBoundingClientRect().width > 0
    );
    if (!table) return undefined;
    const box = table.closest(output)!, before = box.scrollWidth;
    for (const row of table.querySelectorAll("tr")) {
      for (let n = 0; n < 60; n++) row.append(row.lastElementChild!.cloneNode(true));
    }
    const isScrolled = /auto|scroll/.test(getComputedStyle(table).overflowX);
    return {
      tableMoves: isScrolled && table.scrollWidth > table.clientWidth + 1,
      outputGrows: box.scrollWidth > before + 1,
    };
  }, output);

/** Brings every cell into sight once: what is out of it may not be drawn yet. */
async function scrollThrough(page: Page): Promise<void> {
  const panel = page.locator(".jp-WindowedPanel-outer").first();
  for (let top = 0;; top += 900) {
    const isEnd = await panel.evaluate((element, top) => {
      element.scrollTop = top;
      return top + element.clientHeight >= element.scrollHeight;
    }, top);
    await page.waitForTimeout(50);
    if (isEnd) return;
  }
}

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

    describe("in JupyterLab, 1280 pixels wide", () => {
      let server: LabServer;
      beforeAll(async () => server = await LabServer.start());
      afterAll(async () => await server?.stop());
      for (const chapter of chapters) {
        it(chapter, async () => {
          const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
          try {
            // Without its kernel: what the notebook keeps is there before.
            await page.goto(server.addressOf(`${chapter}.ipynb`), { timeout: OPEN_MS });
            await page.locator(".jp-Notebook .jp-OutputArea-output").first().waitFor({ timeout: OPEN_MS });
            await scrollThrough(page);
            const found = await stickingOut(page, ".jp-OutputArea-output, .jp-MarkdownOutput");
            expect(found.join("\n"), found.join("\n")).toBe("");
            if (/^0[15]_/.test(chapter)) {
              expect(await widened(page, ".jp-OutputArea-output.jp-RenderedMarkdown")).toEqual({
                tableMoves: true,
                outputGrows: false,
              });
            }
          } finally {
            await screenshot(page, `fits_lab_${chapter}`);
            await page.close();
          }
        });
      }
    });
  });
}
