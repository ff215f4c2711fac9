/** C in a listing is coloured as C in JupyterLab, by its own grammar, with nothing fetched from elsewhere. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, Page } from "playwright-core";
import { launch, noBrowser, screenshot } from "./chromium.ts";
import { LabPage } from "./lab_page.ts";
import { COPY, LabServer } from "./lab_server.ts";

const CELL = `import { bpf } from "interleave";
const name = "counter", other = \`int text\`;
const racy = await bpf\`
volatile int \${name};
/* a comment of C */
#define ONE 1
SEC("raw_tp") int count(void *ctx)
{
	counter += ONE;
	return 0;
}
\`;
const half = await bpf\`
static int unfinished;`;

const notebook = JSON.stringify({
  cells: [{ cell_type: "code", id: "listing", metadata: {}, source: CELL, outputs: [], execution_count: null }],
  metadata: { kernelspec: { display_name: "Deno", language: "typescript", name: "deno" } },
  nbformat: 4,
  nbformat_minor: 5,
});

/** The colour of the innermost element around the first occurrence of a text in a line of the editor. */
const colour = (page: Page, line: number, text: string): Promise<string> =>
  page.locator(".jp-CodeCell .cm-line").nth(line).evaluate((element, text) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.textContent!.includes(text)) return getComputedStyle(node.parentElement!).color;
    }
    return "not there";
  }, text);

const reason = noBrowser();
if (reason) {
  it.skip(`a listing in JupyterLab (skipped: ${reason})`, () => {});
} else {
  describe("a listing in JupyterLab", () => {
    let browser: Browser, server: LabServer, page: Page;
    const fetched: string[] = [], wrong: string[] = [];
    beforeAll(async () => {
      server = await LabServer.start();
      writeFileSync(join(COPY, "listing.ipynb"), notebook);
      browser = await launch();
      page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      page.on("request", (request) => /^(data|blob):/.test(request.url()) || fetched.push(request.url()));
      page.on("pageerror", (error) => wrong.push(error.message));
      await LabPage.open(page, server.addressOf("listing.ipynb"));
      await page.locator(".jp-CodeCell .interleave-c").first().waitFor();
    });
    afterAll(async () => {
      await browser?.close();
      await server?.stop();
    });

    it("has C's keywords, types, strings, comments and names in their own colours", async () => {
      await screenshot(page, "lab_listing");
      const keyword = await colour(page, 2, "const"), string = await colour(page, 0, '"interleave"');
      const name = await colour(page, 3, "volatile");
      expect([name, await colour(page, 9, "return")]).toEqual([keyword, keyword]);
      expect(await colour(page, 6, '"raw_tp"')).toBe(string);
      for (const [line, text] of [[3, "int"], [4, "comment"], [5, "define"], [8, "counter"], [13, "static"]] as const) {
        expect(await colour(page, line, text), text).not.toBe(string);
      }
      expect(await colour(page, 4, "comment")).not.toBe(await colour(page, 8, "counter"));
    });

    it("leaves other templates and what stands in braces to TypeScript", async () => {
      expect(await colour(page, 1, "int text")).toBe(await colour(page, 11, "`"));
      const hole = page.locator(".jp-CodeCell .cm-line").nth(3);
      expect((await hole.locator(".interleave-c").allInnerTexts()).join("")).not.toContain("name");
      expect(await hole.innerText()).toBe("volatile int ${name};");
    });

    it("follows what is typed", async () => {
      await page.locator(".jp-CodeCell .cm-content").click();
      await page.keyboard.press("ControlOrMeta+End");
      await page.keyboard.type("\nconst long after;");
      const last = page.locator(".jp-CodeCell .cm-line").last();
      expect(await last.innerText()).toBe("const long after;");
      expect(await colour(page, 14, "const")).toBe(await colour(page, 2, "const"));
      expect(await colour(page, 14, "after")).not.toBe(await colour(page, 0, '"interleave"'));
    });

    it("fetches nothing from elsewhere and throws nothing", () => {
      expect(fetched.filter((url) => !url.startsWith(server.url))).toEqual([]);
      expect(fetched.filter((url) => url.includes("interleave-c-in-listings")).length).toBe(1);
      expect(wrong).toEqual([]);
    });
  });
}
