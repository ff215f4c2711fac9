/** The lab as a reader meets it: a listing is edited, a search is stopped, all is run again. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PLACES } from "../../lib/tasks/lab/places.ts";
import { launch, noBrowser, screenshot } from "./chromium.ts";
import { LabPage } from "./lab_page.ts";
import { COPY, LabServer } from "./lab_server.ts";

const CELLS = [
  `import { bpf, explore, plot, show, simulate, withProgress } from "interleave";
const kept = "kept";
await show("ready");`,
  `const racy = await bpf\`
int counter;
SEC("tp_btf/sys_enter")
int count(void *ctx) { counter += 1; return 0; }
\`;
const run = await simulate(racy, { cpus: 2, invocations: 200, seed: 1 });
await show(run.lost > 0 ? "loses updates" : "exact");`,
  `await show({
  "application/vnd.plotly.v1+json": { data: [{ x: [1, 2, 3], y: [4, 5, 6] }], layout: { width: 500, height: 300 } },
  "text/plain": "a figure",
});`,
  `await show(kept);`,
];

function notebook(): string {
  const cells = CELLS.map((source, index) => ({
    cell_type: "code",
    id: `cell-${index}`,
    metadata: {},
    source,
    outputs: [],
    execution_count: null,
  }));
  const kernelspec = { display_name: "Deno", language: "typescript", name: "deno" };
  return JSON.stringify({ cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 });
}

const reason = noBrowser();
if (reason) {
  it.skip(`lab in a browser (skipped: ${reason})`, () => {});
} else {
  describe("lab in a browser", () => {
    let server: LabServer;
    let browser: Browser;
    let lab: LabPage;

    beforeAll(async () => {
      server = await LabServer.start();
      writeFileSync(join(COPY, "generated.ipynb"), notebook());
      browser = await launch();
      const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
      lab = await LabPage.open(page, server.addressOf("generated.ipynb"));
    });
    afterAll(async () => {
      await browser?.close();
      await server?.stop();
    });

    it("runs all cells, draws the figure and shows a value under the mouse", async () => {
      await lab.runAll(60_000);
      await screenshot(lab.page, "lab_run_all");
      expect(await lab.errors()).toEqual([]);
      expect(await lab.outputText(0)).toContain("ready");
      expect(await lab.outputText(1)).toContain("loses updates");
      expect(await lab.outputText(3)).toContain("kept");
      expect(await lab.figures().count()).toBe(1);
      expect(await lab.hover(lab.figures().first())).toMatch(/\d/);
      await screenshot(lab.page, "lab_hover");
    });

    it("lets no other user read what it writes", () => {
      const open = readdirSync(PLACES.jupyter, { recursive: true, withFileTypes: true })
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((path) => statSync(path).mode & 0o077);
      expect(readdirSync(join(PLACES.jupyter, "runtime")).some((name) => name.endsWith("-open.html"))).toBe(true);
      expect(open).toEqual([]);
      expect(statSync(PLACES.jupyter).mode & 0o777).toBe(0o700);
    });

    it("answers an edited listing", async () => {
      await lab.edit(
        1,
        CELLS[1].replace("counter += 1", "__sync_fetch_and_add(&counter, 1)").replaceAll("racy", "safe")
          .replaceAll("run", "runSafe"),
      );
      await lab.runEdited();
      await lab.waitUntilRun(60_000);
      expect(await lab.errors()).toEqual([]);
      expect(await lab.outputText(1)).toContain("exact");
    });

    it("shows a syntax error of the listing at its line", async () => {
      await lab.edit(1, "await bpf`\nint counter\nint other;\n`;");
      await lab.runEdited();
      await lab.waitUntilRun(60_000);
      expect((await lab.errors()).join()).toMatch(/expected ';'/);
      await screenshot(lab.page, "lab_listing_error");
    });

    const endless = {
      "a loop that computes": "while (true) {}",
      "a loop that waits": "for (;;) await new Promise((resolve) => setTimeout(resolve, 5));",
      "a loop after a wait": 'await show("begun"); while (true) {}',
      "work with a progress bar":
        'await withProgress("long search", 1e9, async (tick) => { for (let i = 0; ; i++) await tick(i); });',
    };
    for (const [name, source] of Object.entries(endless)) {
      it(`stops ${name}, and the session lives`, async () => {
        await lab.edit(1, source);
        await lab.runEdited();
        await lab.page.waitForTimeout(1500);
        await screenshot(lab.page, `lab_endless_${name.replaceAll(" ", "_")}`);
        await lab.interrupt();
        await lab.waitUntilRun(10_000);
        expect((await lab.errors()).join()).toContain("Stopped");
        await lab.edit(3, "await show(`still ${kept}`);");
        await lab.runEdited();
        await lab.waitUntilRun(10_000);
        expect(await lab.outputText(3)).toContain("still kept");
      });
    }

    it("restarts and runs all", async () => {
      await lab.edit(1, CELLS[1]);
      await lab.restartAndRunAll(60_000);
      expect(await lab.errors()).toEqual([]);
      expect(await lab.outputText(1)).toContain("loses updates");
    });
  });
}
