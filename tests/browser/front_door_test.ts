/** The site's first page: a counter that is alive in it, the chapters with a picture each, light enough to be read at once. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, noBrowser, screenshot } from "./chromium.ts";
import { SITE, SiteServer } from "./site.ts";

/** Until the game can be played, with the chapters' pictures, compressed as servers do. */
const BUDGET_BYTES = 600_000;
const LOST = "The end: counter=1, out of reach for runs one after another.";

const reason = noBrowser();
if (reason) {
  it.skip(`the front door in a browser (skipped: ${reason})`, () => {});
} else {
  describe("the front door in a browser", () => {
    let browser: Browser, site: SiteServer;
    beforeAll(async () => {
      site = await SiteServer.start();
      browser = await launch();
    });
    afterAll(async () => {
      await browser?.close();
      await site?.stop();
    });

    const open = async (url: string, options: BrowserContextOptions = {}): Promise<Page> => {
      const context = await browser.newContext({ serviceWorkers: "block", ...options });
      const page = await context.newPage();
      await page.goto(url);
      return page;
    };
    const play = async (page: Page) => {
      for (const n of [0, 1, 1, 0]) await page.locator(".ip-card").nth(n).locator(".ip-step").click();
      expect(await page.locator(".ip-status").innerText()).toBe(LOST);
    };

    it("loses updates at once: in what it says, in the game, and in runs that the reader makes", async () => {
      site.forget();
      const page = await open(`${site.address}/`), hero = page.locator("[data-bench]");
      expect(await hero.innerText()).toContain("Lost: 37 %");
      await play(page);
      expect(site.sentBytes).toBeLessThan(BUDGET_BYTES);
      await hero.getByLabel("CPUs").fill("8");
      await hero.getByRole("button", { name: "Run" }).click();
      await page.locator("[data-bench] .live-status", { hasText: "Done." }).waitFor({ timeout: 60_000 });
      expect(await hero.innerText()).toMatch(/on 8 simulated CPUs[^]*Lost: 79 %/);
      await screenshot(page, "front_door", true);
      await page.context().close();
    });

    it("leads to every chapter, each with its picture, to the bench and the reference", async () => {
      const page = await open(`${site.address}/`);
      const cards = await page.locator(".door-card").evaluateAll((links) =>
        links.map((link) => [link.getAttribute("href")!, link.querySelector("img")?.getAttribute("src") ?? ""])
      );
      expect(cards.length).toBeGreaterThan(8);
      for (const path of [...cards.flat(), "play.html", "api/index.html"]) {
        expect([path, existsSync(join(SITE, path))]).toEqual([path, true]);
      }
      expect(await page.locator("article").innerText()).toMatch(/MIT licence[^]*@software/);
      await page.context().close();
    });

    it("can be played from disk, on a phone, in the dark, and is read where scripts are off", async () => {
      const file = pathToFileURL(join(SITE, "index.html")).href;
      const phone = {
        viewport: { width: 390, height: 844 },
        hasTouch: true,
        isMobile: true,
        colorScheme: "dark" as const,
      };
      const page = await open(file, phone);
      await play(page);
      expect(await page.locator("[data-bench]").innerText()).toMatch(/task serve[^]*Lost: 37 %/);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      await screenshot(page, "front_door_phone", true);
      await page.context().close();
      const plain = await open(file, { javaScriptEnabled: false });
      expect(await plain.locator("[data-bench]").innerText()).toContain("Lost: 37 %");
      expect(await plain.locator(".interleave-player td").allInnerTexts()).toContain("reads counter = 0");
      await plain.context().close();
    });
  });
}
