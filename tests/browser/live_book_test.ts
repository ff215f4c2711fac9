/** The live book as a reader meets it: cells edited, run, stopped, kept; by keyboard, on a phone, in the dark, from disk. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, noBrowser, screenshot } from "./chromium.ts";
import { LivePage } from "./live_page.ts";
import { SITE, SiteServer } from "./site.ts";

const FIRST = "00_start.html";
/** What the first page may take, with everything it has run and can be edited with, compressed as servers do. */
const BUDGET_BYTES = 1_200_000;
const RUN_MS = 60_000;

const reason = noBrowser();
if (reason) {
  it.skip(`the live book in a browser (skipped: ${reason})`, () => {});
} else {
  describe("the live book in a browser", () => {
    let browser: Browser, site: SiteServer;
    beforeAll(async () => {
      site = await SiteServer.start();
      browser = await launch();
    });
    afterAll(async () => {
      await browser?.close();
      await site?.stop();
    });

    const open = (chapter = FIRST, options = {}) => LivePage.open(browser, `${site.address}/${chapter}`, options);

    it("takes 1.2 MB for the first chapter, its editors and all that its cells run", async () => {
      site.forget();
      const live = await open();
      await live.press("Run all");
      await live.idle(RUN_MS);
      expect(await live.status()).toBe("Done.");
      await live.cell(0).locator(".cm-content").click(); // fetches hints
      await live.page.waitForLoadState("networkidle");
      expect(site.sentBytes).toBeLessThan(BUDGET_BYTES);
      expect(site.sentBytes).toBeGreaterThan(BUDGET_BYTES / 2); // all was asked for, and counted
      // a cell as it came has been made ready when the site was built
      expect([...site.sent.keys()].filter((path) => path.includes("cell_code"))).toEqual([]);
      await live.close();
    });

    it("keeps names from cell to cell, shows values, errors with their line, and what console prints", async () => {
      const live = await open();
      await live.write(
        0,
        "const { a, ...rest }: { a: number } = { a: 1, b: 2n };\nclass Point { x = a }\nfunction f() { return new Point().x }",
      );
      await live.run(0);
      await live.write(1, "let sum = f() + a;\nconsole.log(rest, sum);\nawait Promise.resolve([sum, a])");
      expect(await live.run(1)).toBe("{ b: 2n } 2\n\n[ 2, 1 ]");
      await live.write(1, "sum += 40;\nthrow new RangeError(`no ${sum}`)");
      expect(await live.run(1)).toBe("RangeError: no 42\n    at line 2 of the cell");
      expect(await live.status()).toBe("Cell 2 ended with an error.");
      await live.write(1, 'Promise.reject(new Error("alone"));\nconsole.error("to stderr");');
      expect((await live.run(1)).trim()).toBe("to stderr\nnot awaited: Error: alone\n    at line 1 of the cell");
      await live.write(1, 'import { readFileSync } from "node:fs";');
      expect(await live.run(1)).toContain('a page has only "interleave" to import, not "node:fs"');
      await live.page.route("**/live/clang/**", (route) => route.abort());
      await live.write(1, 'import { bpf } from "interleave";\nawait bpf("int mine; int p(void *ctx) { return 3; }")');
      expect(await live.run(1)).toContain("the C compiler could not be fetched");
      await live.close();
    });

    it("offers to run the cells above where their names are missing", async () => {
      const live = await open();
      expect(await live.run(2)).toContain("ReferenceError");
      await live.cell(2).locator(".live-above").click();
      expect(await live.output(2)).toContain("Lost: 62 %");
      await live.close();
    });

    it("colours TypeScript, and C in a listing", async () => {
      const live = await open();
      const shown = (text: string) =>
        live.cell(0).locator(".cm-line span", { hasText: new RegExp(`^${text}$`) }).first().getAttribute("class");
      expect(await shown("import")).toContain("tok-keyword");
      expect(await shown("return")).toContain("tok-keyword");
      expect(await shown("int")).toContain("tok-typeName");
      expect(await shown("volatile")).toContain("tok-keyword");
      await live.close();
    });

    it("hints at options of calls and at what names are for", async () => {
      const live = await open();
      await live.write(0, "");
      await live.page.keyboard.type("await simulate(racy, { inv");
      const offered = live.page.locator(".cm-tooltip-autocomplete");
      await offered.locator("li", { hasText: "invocations" }).waitFor();
      await live.page.waitForTimeout(200); // the editor takes no key for an answer to what has only just appeared
      await live.page.keyboard.press("Enter");
      expect(await live.text(0)).toContain("{ invocations");
      await live.cell(0).locator(".cm-line").first().hover({ position: { x: 75, y: 8 } });
      await live.page.locator(".live-hint", { hasText: "Runs programs on simulated CPUs" }).waitFor();
      await live.close();
    });

    it("stops what listens and ends what does not; Reset puts the chapter back", async () => {
      const live = await open();
      const recorded = await live.cell(0).locator(".cell_output").innerText();
      await live.write(
        0,
        'import { withProgress } from "interleave";\nvar kept = 7;\nawait withProgress("waiting", 100, async (tick) => { for (let i = 0;; i++) { await tick(i % 100); } });',
      );
      await live.cell(0).locator(".live-run").click();
      await live.page.locator(".cell_output", { hasText: "waiting" }).first().waitFor();
      expect(await live.cell(0).locator(".cell_output").innerText()).toMatch(/waiting [█░]{24}/);
      await live.press("Interrupt");
      await live.page.locator(".live-error", { hasText: "Stopped: stopped" }).waitFor();
      expect(await live.status()).toBe("Stopped.");
      await live.write(1, "kept");
      expect(await live.run(1)).toBe("7");
      await live.write(1, "for (;;);");
      await live.cell(1).locator(".live-run").click();
      await live.page.waitForTimeout(300);
      await live.press("Interrupt");
      await live.page.locator(".live-status", { hasText: "run them again" }).waitFor();
      live.page.on("dialog", (dialog) => dialog.accept());
      await live.press("Reset");
      expect(await live.cell(0).locator(".cell_output").innerText()).toBe(recorded);
      expect(await live.text(1)).not.toContain("for (;;)");
      await live.page.reload();
      await live.ready();
      expect(await live.text(1)).not.toContain("for (;;)");
      await live.close();
    });

    it("keeps edits and solved exercises in the browser, and says which outputs are of another text", async () => {
      const live = await open();
      await live.write(1, 'const mine = "kept over a reload"; mine');
      await live.page.reload();
      await live.ready();
      expect(await live.text(1)).toContain("kept over a reload");
      expect(await live.status()).toBe("One cell is as you left it.");
      expect(await live.cell(1).locator(".live-note").innerText()).toContain("another text");
      expect(await live.run(1)).toContain("kept over a reload");
      expect(await live.cell(1).locator(".live-note").count()).toBe(0);
      const notebook = await live.download(), code = notebook.cells.filter((cell) => cell.cell_type === "code");
      expect(code[1].source).toContain("kept over a reload");
      expect(code[1].cell_type === "code" && code[1].outputs).toEqual([
        {
          output_type: "display_data",
          data: { "text/plain": "kept over a reload", "text/markdown": "kept over a reload" },
          metadata: {},
        },
      ]);
      await live.page.evaluate(() => localStorage.setItem("interleave/solved", '["01.1"]'));
      await live.page.reload();
      await live.ready();
      await live.write(
        2,
        'import { progress } from "interleave"; (await progress())["text/plain"].split("\\n").slice(0, 2).join()',
      );
      expect(await live.run(2)).toMatch(/^1 of \d+ exercises solved\.,\s+✔ 01\.1/);
      await live.close();
    });

    it("is read, edited and run by keyboard alone", async () => {
      const live = await open(), { page } = live;
      await live.cell(0).locator(".cm-content").focus();
      const label = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
      await page.keyboard.press("Tab");
      expect(await label()).toBe("Run cell 1");
      await page.keyboard.press("Shift+Tab");
      expect(await label()).toBe("cell 1");
      await page.keyboard.press("Shift+Enter");
      await page.waitForFunction(() => document.querySelector(".live-status")!.textContent === "Done.");
      expect(await label()).toBe("cell 2");
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.type("1 + 1");
      await page.keyboard.press("Control+Enter");
      expect(await live.output(1)).toBe("2");
      expect(await label()).toBe("cell 2");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter"); // Reset cell
      expect(await live.text(1)).toContain("predict");
      await live.close();
    });

    it("says from disk how to serve it, and stays readable there", async () => {
      const page = await browser.newPage();
      await page.goto(pathToFileURL(join(SITE, FIRST)).href);
      expect(await page.locator(".live-bar").innerText()).toContain("python3 -m http.server --directory site");
      expect(await page.locator(".cell_input pre").first().innerText()).toContain("import");
      await page.close();
    });

    it("is readable where scripts are off", async () => {
      const context = await browser.newContext({ javaScriptEnabled: false }), page = await context.newPage();
      await page.goto(`${site.address}/${FIRST}`);
      expect(await page.locator(".cell_input pre").first().innerText()).toContain("sys_enter_count");
      expect(await page.locator(".live-bar, .live-run").count()).toBe(0);
      const picture = page.locator(".figure-frame img").first();
      await picture.scrollIntoViewIfNeeded();
      expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(100);
      await context.close();
    });

    const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
    for (const [name, options] of Object.entries({ phone, dark: { colorScheme: "dark" as const } })) {
      it(`fits: ${name}`, async () => {
        const live = await open(FIRST, options);
        expect(await live.overhang()).toBeLessThanOrEqual(0);
        await live.cell(0).locator(".live-run").click();
        await live.output(0);
        expect(await live.overhang()).toBeLessThanOrEqual(0);
        if (name === "phone") {
          const small = await live.page.locator(".live-bar button:visible, .live-tools button:visible").evaluateAll((
            buttons,
          ) => buttons.filter((button) => button.getBoundingClientRect().height < 44).length);
          expect(small).toBe(0);
        }
        await screenshot(live.page, `live_book_${name}`);
        await live.close();
      });
    }
  });
}
