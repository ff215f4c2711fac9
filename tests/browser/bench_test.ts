/** The bench of the live book: permalinks, own listings, objects, the iframe; compiled by `deno task serve`'s server. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Compiler, installedCompiler } from "../../lib/compile/compiler.ts";
import { compile } from "../../lib/compile/compile.ts";
import { CompileService } from "../../lib/tasks/serve/compile_service.ts";
import { serveSite } from "../../lib/tasks/serve/server.ts";
import { launch, noBrowser, screenshot } from "./chromium.ts";
import { SITE, SiteServer } from "./site.ts";

/** The schedule of the shortest lost update, as chapter 00 reports it. */
const LOST = "0 1*2 0";

const reason = noBrowser(), clang = await installedCompiler();
if (reason) {
  it.skip(`the bench in a browser (skipped: ${reason})`, () => {});
} else {
  describe("the bench in a browser", () => {
    let browser: Browser, site: SiteServer;
    beforeAll(async () => {
      site = await SiteServer.start();
      browser = await launch();
    });
    afterAll(async () => {
      await browser?.close();
      await site?.stop();
    });

    const open = async (path: string, options: BrowserContextOptions = {}): Promise<Page> => {
      const context = await browser.newContext({ serviceWorkers: "block", ...options });
      const page = await context.newPage();
      page.on("pageerror", (error) => {
        throw error;
      });
      await page.goto(path.startsWith("http") ? path : `${site.address}/${path}`);
      return page;
    };
    const done = (page: Page) =>
      page.waitForFunction(() => /^(Done|It ended)/.test(document.querySelector(".live-status")?.textContent ?? ""));
    const shown = async (page: Page) => await page.locator("[data-bench] .cell_output").innerText();
    const press = async (page: Page, name: string) => {
      await page.getByRole("button", { name, exact: true }).click();
      await done(page);
    };

    it("opens a link on the very lost update that it was made of", async () => {
      const page = await open("play.html", { permissions: ["clipboard-read", "clipboard-write"] });
      await page.locator("[data-bench] select").selectOption("race");
      await page.getByLabel("Runs on each CPU").fill("1");
      await press(page, "Every schedule");
      expect(await shown(page)).toContain("Sometimes");
      expect(await page.getByLabel("Schedule", { exact: true }).inputValue()).toBe(LOST);
      await press(page, "Replay the schedule");
      const text = await shown(page);
      await page.getByRole("button", { name: "Copy link" }).click();
      await page.locator(".bench-share", { hasText: "Copied" }).waitFor();
      const link = await page.evaluate(() => navigator.clipboard.readText());
      expect(link).toMatch(/play\.html#listing=race~[\da-f]{8}&view=replay&invocations=1&schedule=0\.1\*2\.0$/);
      await page.context().close();
      const asked: string[] = [], again = await open("index.html");
      again.on("request", (request) => asked.push(request.url()));
      await again.goto(link);
      await done(again);
      expect(await shown(again)).toBe(text);
      await again.locator("[data-bench] .figure-frame > svg").waitFor();
      expect(asked.filter((url) => /race~|schedule=/.test(url) && !url.includes("#"))).toEqual([]);
      await screenshot(again, "bench_link", true);
      await again.context().close();
    });

    it("says of a text of the reader's how to go on without a compiler, and takes an object in its place", async () => {
      const page = await open("play.html");
      await page.route("**/live/clang/**", (route) => route.abort());
      await page.locator(".cm-content").click();
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.insertText('int mine;\nSEC("raw_tp") int own(void *ctx) { mine += 5; return 0; }');
      await press(page, "Run");
      expect(await page.locator(".bench-ways").innerText()).toContain("npx -y deno@2.8.1 task serve");
      expect(await page.locator("[data-bench] select").inputValue()).toBe("");
      const url = page.url();
      expect(url).toMatch(/#c=[\w-]+&view=run$/);
      const object = await compile(
        'int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }',
      );
      const transfer = await page.evaluateHandle((bytes) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(bytes)], "mine.o"));
        return data;
      }, [...object]);
      await page.dispatchEvent("[data-bench]", "drop", { dataTransfer: transfer });
      await page.locator(".live-status", { hasText: "mine.o is on the bench" }).waitFor();
      await press(page, "Run");
      expect(await shown(page)).toContain("count on 2 simulated CPUs");
      const copy = await open(page.url());
      await done(copy);
      expect(await shown(copy)).toBe(await shown(page));
      await copy.context().close();
      await page.context().close();
    });

    it("says what is wrong with a damaged link, and runs workloads of several programs", async () => {
      const page = await open("play.html#c=%21%21");
      await page.locator(".live-status", { hasText: "damaged" }).waitFor();
      await page.locator("[data-bench] select").selectOption("08_ordering_cell_2");
      await page.locator("[data-bench] summary").click();
      await page.locator("[data-bench] textarea").fill(
        '{ "programs": [{ "prog": "left", "cpus": [0] }, { "prog": "right", "cpus": [1] }] }',
      );
      await page.getByLabel("Runs on each CPU").fill("1");
      await press(page, "Every schedule");
      expect(await shown(page)).toMatch(/left, right on 2 simulated CPUs/);
      await page.locator("[data-bench] textarea").fill('{ "programs": ["nobody"] }');
      await press(page, "Every schedule");
      expect(await shown(page)).toContain("nobody");
      await page.context().close();
    });

    it("is one figure in a frame of another page's, and tells it how high it is", async () => {
      const folder = mkdtempSync(join(tmpdir(), "interleave-frame-"));
      const other = await serveSite({ site: folder, host: "127.0.0.1", port: 0 });
      const { port } = other.address() as { port: number };
      writeFileSync(
        join(folder, "index.html"),
        `<!doctype html><script>addEventListener("message", ({ data }) => globalThis.told = data);</script>` +
          `<iframe title="player" width="600" height="400" src="${site.address}/embed.html#listing=race&amp;view=play"></iframe>`,
      );
      // the page around it has the headers of a server of ours, which lets in only what says so
      site.headers = {
        "cross-origin-resource-policy": "cross-origin",
        "cross-origin-embedder-policy": "require-corp",
      };
      try {
        const page = await open(`http://127.0.0.1:${port}/index.html`), frame = page.frameLocator("iframe");
        for (const n of [0, 1, 1, 0]) {
          await frame.locator(".ip-card").nth(n).locator(".ip-step").click({ timeout: 30_000 });
        }
        expect(await frame.locator(".ip-status").first().innerText()).toContain("counter=1");
        const told = await page.evaluate(() => (globalThis as unknown as { told: { height: number } }).told);
        expect(told).toMatchObject({ type: "interleave" });
        expect(told.height).toBeGreaterThan(100);
        await page.context().close();
      } finally {
        site.headers = {};
        other.closeAllConnections();
        await new Promise((resolve) => other.close(resolve));
        rmSync(folder, { recursive: true });
      }
    });

    it("fits a phone", async () => {
      const page = await open("play.html", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
      await page.locator(".cm-content").waitFor();
      await press(page, "Play by hand");
      await page.locator(".ip-card").first().waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      await screenshot(page, "bench_phone", true);
      await page.context().close();
    });

    it("compiles a text of the reader's in the page, and in a frame that it is sent to", async () => {
      const page = await open("play.html");
      await page.locator(".cm-content").click();
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.insertText('int mine;\nSEC("raw_tp") int own(void *ctx) { mine += 5; return 0; }');
      const isRun = (where: Page) =>
        where.locator("[data-bench] .cell_output", { hasText: "own on 2 simulated CPUs" }).waitFor({
          timeout: 120_000,
        });
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await isRun(page);
      const frame = await open(`embed.html${new URL(page.url()).hash}`);
      await isRun(frame);
      await frame.context().close();
      await page.locator(".cm-content").click();
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.insertText("int mine\nint other;\n");
      await press(page, "Run");
      expect(await shown(page)).toContain("line 1, column 9: error: expected ';'");
      await page.context().close();
    });

    const compiles = (compiler: Compiler) => async () => {
      const server: Server = await serveSite({
        ...{ site: SITE, host: "127.0.0.1", port: 0 },
        compiler: { name: compiler.name, service: new CompileService() },
      });
      const address = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
      try {
        const page = await open(`${address}/play.html`);
        await page.locator(".cm-content").click();
        await page.keyboard.press("ControlOrMeta+A");
        await page.keyboard.insertText('int mine;\nSEC("raw_tp") int own(void *ctx) { mine += 5; return 0; }');
        await press(page, "Run");
        expect(await shown(page)).toContain("own on 2 simulated CPUs");
        await page.locator(".cm-content").click();
        await page.keyboard.press("ControlOrMeta+A");
        await page.keyboard.insertText("int mine\nint other;\n");
        await press(page, "Run");
        expect(await shown(page)).toContain("expected ';'");
        expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
        await page.context().close();
      } finally {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    };
    const name = "compiles an edited listing where the server has a clang";
    if (clang) it(name, compiles(clang));
    else it.skip(`${name} (skipped: no clang is here)`, () => {});
  });
}
