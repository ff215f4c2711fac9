/** The site of `deno task book`, opened from disk: figures drawn, nothing fetched, readable on a phone and in the dark. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launch, noBrowser, PROJECT, screenshot } from "./chromium.ts";
import { buildSite } from "./site.ts";

const readers: Record<string, BrowserContextOptions> = {
  desktop: { viewport: { width: 1300, height: 900 } },
  dark: { viewport: { width: 1300, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
};
const chapters = readdirSync(join(PROJECT, "notebooks")).filter((name) => name.endsWith(".ipynb")).sort()
  .map((name) => name.replace(".ipynb", ".html"));

const reason = noBrowser();
if (reason) {
  it.skip(`the book in a browser (skipped: ${reason})`, () => {});
} else {
  describe("the book in a browser", () => {
    let browser: Browser;
    beforeAll(async () => {
      await buildSite();
      browser = await launch();
    });
    afterAll(async () => await browser?.close());

    for (const [reader, options] of Object.entries(readers)) {
      it(`draws every figure from disk, fetches nothing and fits: ${reader}`, async () => {
        const context = await browser.newContext(options);
        const page = await context.newPage();
        const fetched: string[] = [];
        const errors: string[] = [];
        page.on("request", (request) => {
          if (!/^(file|data|blob):/.test(request.url())) fetched.push(request.url());
        });
        page.on("pageerror", (error) => errors.push(error.message));
        // what a theme changes is the same in each chapter
        for (const chapter of reader === "dark" ? ["index.html", chapters[0]] : ["index.html", ...chapters]) {
          await page.goto(pathToFileURL(join(PROJECT, "site", chapter)).href);
          const frames = page.locator(".figure-frame");
          for (let i = 0; i < await frames.count(); i++) {
            await frames.nth(i).scrollIntoViewIfNeeded();
            await frames.nth(i).locator(".js-plotly-plot .main-svg, > svg[role=img]").first()
              .waitFor({ timeout: 20_000 });
          }
          expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
          if (await frames.count() > 0) {
            expect(await page.evaluate(() => [...document.fonts].filter(({ status }) => status === "error").length))
              .toBe(0);
          }
          // a table that is not drawn as one shows the line between its head and its body
          expect(await page.locator("article").innerText()).not.toContain("|:-");
        }
        await page.goto(pathToFileURL(join(PROJECT, "site", chapters[0])).href);
        await page.waitForTimeout(1000);
        await screenshot(page, `book_${reader}`);
        expect(fetched).toEqual([]);
        expect(errors).toEqual([]);
        await context.close();
      });
    }

    it("shows pictures where scripts are off", async () => {
      const context = await browser.newContext({ javaScriptEnabled: false });
      const page = await context.newPage();
      await page.goto(pathToFileURL(join(PROJECT, "site", chapters[0])).href);
      expect(await page.locator(".figure-frame img").count()).toBeGreaterThan(0);
      await context.close();
    });
  });
}
