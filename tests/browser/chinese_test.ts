/** The Chinese edition in a browser: its pages, cells that run in them, and what leads from one edition to the other. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, noBrowser, screenshot } from "./chromium.ts";
import { LivePage } from "./live_page.ts";
import { SITE, SiteServer } from "./site.ts";

/** A Chinese page may fetch these, an English one may not. */
const CHINESE_FILES = /words-zh|zh_CN|NotoSansSC|\/zh\//;

const reason = noBrowser();
if (reason) {
  it.skip(`the Chinese edition in a browser (skipped: ${reason})`, () => {});
} else {
  describe("the Chinese edition in a browser", () => {
    let browser: Browser, site: SiteServer;
    beforeAll(async () => {
      site = await SiteServer.start();
      browser = await launch();
    });
    afterAll(async () => {
      await browser?.close();
      await site?.stop();
    });

    it("says its language, and runs cells that speak Chinese", async () => {
      const live = await LivePage.open(browser, `${site.address}/zh/00_start.html`);
      expect(await live.page.locator("html").getAttribute("lang")).toBe("zh-CN");
      expect(await live.page.locator("h1").innerText()).toMatch(/\p{Script=Han}/u);
      await live.press("全部运行");
      await live.idle(120_000);
      expect(await live.output(0)).toMatch(/丢失/);
      expect(await live.page.locator(".cell_output svg text").allTextContents()).toContain("指令");
      expect(live.errors).toEqual([]);
      await screenshot(live.page, "chinese_chapter");
      await live.close();
    });

    for (const width of [1300, 390]) {
      it(`leads to the same place of the other edition, ${width} pixels wide`, async () => {
        const page = await browser.newPage({ viewport: { width, height: 800 } });
        await page.goto(`${site.address}/01_race.html#what-gets-lost`);
        const link = page.locator("a.language-switch:visible");
        expect(await link.allInnerTexts()).toEqual(["中文"]);
        await link.click();
        await page.waitForURL(`${site.address}/zh/01_race.html#what-gets-lost`);
        expect(await page.locator("#what-gets-lost").count()).toBe(1);
        await page.locator("a.language-switch:visible").click();
        await page.waitForURL(`${site.address}/01_race.html#what-gets-lost`);
        await page.close();
      });
    }

    it("costs a reader of the English pages nothing", async () => {
      const context = await browser.newContext({ serviceWorkers: "block" }), page = await context.newPage();
      site.forget();
      await page.goto(`${site.address}/00_start.html`);
      await page.locator(".live-editor .cm-content").first().waitFor();
      expect([...site.sent.keys()].filter((path) => CHINESE_FILES.test(path))).toEqual([]);
      await context.close();
    });

    it("has the game and the bench of the first page in Chinese", async () => {
      const page = await browser.newPage();
      await page.goto(`${site.address}/zh/`);
      for (const n of [0, 1, 1, 0]) await page.locator(".ip-card").nth(n).locator(".ip-step").click();
      expect(await page.locator(".ip-status").innerText()).toBe("结局：counter=1, 依次运行到不了。");
      await page.locator("[data-bench]").getByRole("button", { name: "运行" }).click();
      await page.locator("[data-bench] .live-status", { hasText: "完成。" }).waitFor({ timeout: 60_000 });
      await page.close();
    });

    it("finds a page by a Chinese word", async () => {
      const page = await browser.newPage();
      await page.goto(`${site.address}/zh/search.html?q=${encodeURIComponent("自旋锁")}`);
      await page.locator("#search-results li a[href*='03_spin_lock']").first().waitFor({ timeout: 30_000 });
      await page.close();
    });

    it("shares what both editions load", () => {
      for (const name of ["live/page.js", "plotly.min.js", "fonts.css", "styles/furo.css"]) {
        expect([name, existsSync(join(SITE, "_static", name)), existsSync(join(SITE, "zh", "_static", name))])
          .toEqual([name, true, false]);
      }
    });
  });
}
