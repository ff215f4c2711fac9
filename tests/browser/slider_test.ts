/** A slider in a browser: turned by keyboard and by hand, the picture of the value is shown; without scripts the first one is. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { plot, slider } from "../../lib/mod.ts";
import { ARTIFACTS, launch, noBrowser } from "./chromium.ts";

const figureOf = (cpus: number) =>
  plot.bars({ title: `${cpus} CPUs`, bars: [{ name: "bar", value: cpus }], axis: { title: "y" } });

const reason = noBrowser();
if (reason) {
  it.skip(`a slider in a browser (skipped: ${reason})`, () => {});
} else {
  describe("a slider in a browser", () => {
    let browser: Browser, url: string;
    beforeAll(async () => {
      const html = (await (await slider("CPUs", [2, 4, 8], figureOf)).toBundle())["text/html"];
      const folder = join(ARTIFACTS, "slider"), path = join(folder, "page.html");
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        path,
        `<!doctype html><html lang="en"><head><meta charset="utf-8"></head><body>${html}</body></html>`,
      );
      url = pathToFileURL(path).href;
      browser = await launch();
    });
    afterAll(async () => await browser?.close());

    it("shows what belongs to the value", async () => {
      const page = await browser.newPage(), wrong: string[] = [];
      page.on("pageerror", (error) => wrong.push(error.message));
      await page.goto(url);
      const range = page.getByRole("slider", { name: "CPUs" }), alt = () => page.locator("img").getAttribute("alt");
      expect(await alt()).toContain("2 CPUs");
      await range.press("ArrowRight");
      expect(await alt()).toContain("4 CPUs");
      expect(await range.getAttribute("aria-valuetext")).toBe("4");
      await range.fill("2");
      expect(await page.locator("output").innerText()).toBe("8");
      expect(wrong).toEqual([]);
      await page.close();
    });

    it("leaves the first picture, and no slider that does nothing, where scripts are off", async () => {
      const context = await browser.newContext({ javaScriptEnabled: false }), page = await context.newPage();
      await page.goto(url);
      expect(await page.locator("img").getAttribute("alt")).toContain("2 CPUs");
      expect(await page.locator("input").isVisible()).toBe(false);
      await context.close();
    });
  });
}
