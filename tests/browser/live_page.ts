/** A chapter of the live book in a browser, driven as a reader would: by clicks and keys. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { readFile } from "node:fs/promises";
import { type Notebook, parseNotebook } from "../../lib/jupyter/notebook_file.ts";

const OPEN_LIMIT_MS = 30_000;

export class LivePage {
  /** What scripts of the page threw. */
  readonly errors: string[] = [];

  private constructor(readonly page: Page) {}

  /**
   * Opens a chapter in a context of its own, and waits for its editors. Without its service worker, unless it is asked
   * for: that fetches the whole book.
   */
  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<LivePage> {
    const context = await browser.newContext({
      ...{ viewport: { width: 1300, height: 900 }, serviceWorkers: "block" },
      ...options,
    });
    const live = new LivePage(await context.newPage());
    live.page.on("pageerror", (error) => live.errors.push(error.message));
    await live.page.goto(url);
    await live.ready();
    return live;
  }

  async ready(): Promise<void> {
    await this.page.locator(".live-editor .cm-content").first().waitFor({ timeout: OPEN_LIMIT_MS });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  cell(index: number) {
    return this.page.locator("div.cell").nth(index);
  }

  async status(): Promise<string> {
    return await this.page.locator(".live-status").innerText();
  }

  /** Replaces a cell's text by typing. */
  async write(cell: number, text: string): Promise<void> {
    await this.cell(cell).locator(".cm-content").click();
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.insertText(text);
  }

  async text(cell: number): Promise<string> {
    return (await this.cell(cell).locator(".cm-line").allTextContents()).join("\n");
  }

  async press(name: string): Promise<void> {
    await this.page.locator(".live-bar").getByRole("button", { name, exact: true }).click();
  }

  /** Runs a cell to its end; gives what it shows. */
  async run(cell: number): Promise<string> {
    await this.cell(cell).locator(".live-run").click();
    return await this.output(cell);
  }

  /** What a cell shows, when nothing runs. */
  async output(cell: number): Promise<string> {
    await this.idle(60_000);
    return await this.cell(cell).locator(".cell_output").innerText();
  }

  async idle(limitMs: number): Promise<void> {
    await this.page.waitForFunction(
      () => !document.querySelector(".live-running"),
      undefined,
      { timeout: limitMs, polling: 50 },
    );
  }

  /** The chapter as "Download as notebook" gives it. */
  async download(): Promise<Notebook> {
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.press("Download as notebook")]);
    return parseNotebook(await readFile((await download.path())!, "utf8"), download.suggestedFilename());
  }

  /** How far the page is wider than its window. */
  async overhang(): Promise<number> {
    return await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  }
}
