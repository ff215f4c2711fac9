/** An exercise to break, played and answered: from disk, on the site by touch, in JupyterLab by keyboard. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, Page } from "playwright-core";
import { mark } from "../../lib/lessons/exercises/exercise.ts";
import type { Player } from "../../lib/player/player.ts";
import { ARTIFACTS, launch, noBrowser, screenshot } from "./chromium.ts";
import { LabPage } from "./lab_page.ts";
import { COPY, LabServer } from "./lab_server.ts";
import { LivePage } from "./live_page.ts";
import { SiteServer } from "./site.ts";

/** Who takes each step of the solution of 01.2. */
const STEPS = [..."01101001"].map(Number);
const SOLVED = /^Solved: counter=2/;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const PROGRESS = join(ARTIFACTS, "exercise", "progress.json");

const notebook = (sources: readonly string[]): string =>
  JSON.stringify({
    cells: sources.map((source, i) => ({
      ...{ cell_type: "code", id: `cell-${i}`, metadata: {}, source, outputs: [], execution_count: null },
    })),
    metadata: { kernelspec: { display_name: "Deno", language: "typescript", name: "deno" } },
    nbformat: 4,
    nbformat_minor: 5,
  });

const widget = (page: Page) => page.locator(".interleave-player").filter({ hasText: "exercise 01.2" });
const step = (page: Page, cpu: number) => widget(page).locator(".ip-card").nth(cpu).locator(".ip-step");
const schedule = (page: Page) => widget(page).locator(".ip-schedule").inputValue();

const reason = noBrowser();
if (reason) {
  it.skip(`an exercise in a browser (skipped: ${reason})`, () => {});
} else {
  describe("an exercise in a browser", () => {
    let browser: Browser;
    const kept = process.env.INTERLEAVE_PROGRESS;
    beforeAll(async () => {
      rmSync(PROGRESS, { force: true });
      process.env.INTERLEAVE_PROGRESS = PROGRESS;
      browser = await launch();
    });
    afterAll(async () => {
      await browser?.close();
      if (kept === undefined) delete process.env.INTERLEAVE_PROGRESS;
      else process.env.INTERLEAVE_PROGRESS = kept;
    });

    it("is played from disk by keyboard alone, and its schedule is accepted", async () => {
      const { evidence } = await mark("01.2", "0*4 1*4"), html = (await (evidence as Player).toBundle())["text/html"];
      const folder = join(ARTIFACTS, "exercise"), file = join(folder, "page.html");
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        file,
        `<!doctype html><html lang="en"><head><meta charset="utf-8"></head><body>${html}</body></html>`,
      );
      const page = await browser.newPage({ viewport: { width: 900, height: 1000 } });
      await page.goto(pathToFileURL(file).href);
      await page.keyboard.press("Tab");
      for (const cpu of STEPS) await page.keyboard.press(String(cpu));
      expect(await widget(page).locator(".ip-status").innerText()).toMatch(SOLVED);
      await screenshot(page, "exercise_disk", true);
      expect((await mark("01.2", await schedule(page))).passed).toBe(true);
      await page.close();
    });

    it("is played by touch on the site, pasted into its cell and solved", async () => {
      const site = await SiteServer.start();
      const permissions = ["clipboard-read", "clipboard-write"];
      const live = await LivePage.open(browser, `${site.address}/01_race.html`, { ...PHONE, permissions }),
        { page } = live;
      try {
        const at = await page.locator("div.cell").evaluateAll((cells) =>
          cells.findIndex((cell) => /await check\("01\.2"/.test(cell.textContent!))
        );
        await live.write(at, `import { check } from "interleave";\n${await live.text(at)}`);
        await live.cell(at).locator(".live-run").tap();
        expect(await live.output(at)).toContain("✗ 01.2: not yet. This schedule ends at 4, not at 2.");
        for (const cpu of STEPS) await step(page, cpu).tap();
        expect(await widget(page).locator(".ip-status").innerText()).toMatch(SOLVED);
        await screenshot(page, "exercise_phone");
        await widget(page).getByRole("button", { name: "Copy this schedule" }).tap();
        const copied = await page.evaluate(() => navigator.clipboard.readText());
        await live.write(at, (await live.text(at)).replace("0*4 1*4", copied));
        await live.cell(at).locator(".live-run").tap();
        expect(await live.output(at)).toContain("✓ 01.2 solved. It ends at 2");
        expect(await page.evaluate(() => localStorage.getItem("interleave/solved"))).toContain("01.2");
        expect(await live.overhang()).toBeLessThanOrEqual(0);
      } finally {
        await live.close();
        await site.stop();
      }
    });

    it("is played by keyboard in JupyterLab and solved there; the next session knows", async () => {
      const server = await LabServer.start();
      try {
        writeFileSync(
          join(COPY, "exercise.ipynb"),
          notebook(['import { check, progress, show } from "interleave";', 'await check("01.2", "0*4 1*4");']),
        );
        writeFileSync(
          join(COPY, "next.ipynb"),
          notebook(['import { progress, show } from "interleave";\nawait show(await progress());']),
        );
        const page = await browser.newPage({ viewport: { width: 1280, height: 1400 } });
        const lab = await LabPage.open(page, server.addressOf("exercise.ipynb"));
        await lab.runAll(60_000);
        await step(page, 0).focus();
        for (const cpu of STEPS) await page.keyboard.press(String(cpu));
        expect(await widget(page).locator(".ip-status").innerText()).toMatch(SOLVED);
        await screenshot(page, "exercise_lab");
        const found = await schedule(page);
        await lab.edit(1, `await check("01.2", "${found}");`);
        await lab.runEdited();
        await lab.waitUntilRun(30_000);
        expect(await lab.outputText(1)).toContain("✓ 01.2 solved");
        const next = await LabPage.open(await browser.newPage(), server.addressOf("next.ipynb"));
        await next.runAll(60_000);
        expect(await next.outputText(0)).toContain("1 of 36 exercises solved.");
        expect(await next.outputText(0)).toContain("✔ 01.2");
      } finally {
        await server.stop();
      }
    });
  });
}
