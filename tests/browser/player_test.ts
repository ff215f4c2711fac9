/** The player in a browser: played by mouse, by keyboard and by touch to the lost update; a table where scripts are off. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bpf } from "../../lib/compile/bpf.ts";
import { player } from "../../lib/player/player.ts";
import { ARTIFACTS, launch, noBrowser, screenshot } from "./chromium.ts";

const FOLDER = join(ARTIFACTS, "player");
const LOST = "The end: counter=1, out of reach for runs one after another.";

/** A page from disk with two players, as a chapter may have them. */
async function writePage(name: string, style: string): Promise<string> {
  const racy = await bpf`
volatile int counter;

SEC("tp_btf/sys_enter")
int sys_enter_count(void *ctx)
{
	counter += 1;
	return 0;
}
`;
  const html = (await (await player(racy, { cpus: 2, invocations: 1 })).toBundle())["text/html"];
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, name), head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">';
  writeFileSync(
    path,
    `<!doctype html><html lang="en"><head>${head}</head><body style="${style}">${html}${html}</body></html>`,
  );
  return pathToFileURL(path).href;
}

const reason = noBrowser();
if (reason) {
  it.skip(`the player in a browser (skipped: ${reason})`, () => {});
} else {
  describe("the player in a browser", () => {
    let browser: Browser, light: string, dark: string;
    beforeAll(async () => {
      light = await writePage("light.html", "margin:8px");
      dark = await writePage("dark.html", "margin:8px;background:#111418;color:#e6e6e6");
      browser = await launch();
    });
    afterAll(async () => await browser?.close());

    /** Opens the page, plays, and looks for what must not be: requests, errors, a page wider than its window. */
    async function played(
      name: string,
      url: string,
      options: BrowserContextOptions,
      play: (page: Page) => Promise<void>,
    ): Promise<void> {
      const context = await browser.newContext(options), page = await context.newPage(), wrong: string[] = [];
      page.on("request", (request) => /^(file|data):/.test(request.url()) || wrong.push(request.url()));
      page.on("pageerror", (error) => wrong.push(error.message));
      await page.goto(url);
      await play(page);
      await screenshot(page, `player_${name}`, true);
      expect(await page.locator(".ip-status").first().innerText()).toBe(LOST);
      // The second player stands where it stood.
      expect(await page.locator(".ip-status").nth(1).innerText()).toContain("No step taken");
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      expect(wrong).toEqual([]);
      await context.close();
    }

    const cpu = (page: Page, n: number) => page.locator(".ip-card").nth(n).locator(".ip-step");

    it("by mouse, and copies the schedule", async () => {
      const permissions = ["clipboard-read", "clipboard-write"];
      await played("mouse", light, { viewport: { width: 900, height: 900 }, permissions }, async (page) => {
        await cpu(page, 0).click();
        expect(await page.locator(".ip-ends .ip-gone").count()).toBe(0);
        for (const n of [1, 1, 0]) await cpu(page, n).click();
        expect(await page.locator(".interleave-player").first().locator(".ip-ends .ip-gone code").allInnerTexts())
          .toEqual(["counter=2"]);
        await page.getByRole("button", { name: "Copy this schedule" }).first().click();
        expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("0 1*2 0");
        await page.getByRole("button", { name: "Undo" }).first().click();
        await page.getByRole("slider", { name: "Step of the schedule" }).first().fill("4");
      });
    });

    it("by keyboard alone, in the dark", async () => {
      await played("keyboard", dark, { viewport: { width: 900, height: 900 } }, async (page) => {
        await page.keyboard.press("Tab");
        const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
        expect(await focused()).toMatch(/^CPU 0, reads counter = 0/);
        await page.keyboard.press("Enter");
        expect(await focused()).toMatch(/^CPU 0, counter: 0 -> 1/);
        await page.keyboard.press("1");
        await page.keyboard.press("u");
        for (const key of "110") await page.keyboard.press(key);
      });
    });

    it("by touch, on a phone", async () => {
      const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
      await played("phone", light, phone, async (page) => {
        for (const n of [0, 1, 1, 0]) await cpu(page, n).tap();
        const small = await page.locator(".interleave-player button:visible").evaluateAll((buttons) =>
          buttons.filter((button) => button.getBoundingClientRect().height < 44).length
        );
        expect(small).toBe(0);
      });
    });

    it("shows the witness as a table and a picture where scripts are off", async () => {
      const context = await browser.newContext({ javaScriptEnabled: false }), page = await context.newPage();
      await page.goto(light);
      await screenshot(page, "player_no_script");
      const first = page.locator(".interleave-player").first();
      expect(await first.locator("td").allInnerTexts()).toContain("reads counter = 0");
      expect(await first.locator("img").evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(
        100,
      );
      await context.close();
    });
  });
}
