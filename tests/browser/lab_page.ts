/** A notebook open in JupyterLab, driven as a reader would: by menus, clicks and keys. */
import { readFileSync, statSync } from "node:fs";
import type { Locator, Page } from "playwright-core";

const OPEN_LIMIT_MS = 90_000;

export class LabPage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens the notebook and waits until its kernel is idle. */
  static async open(page: Page, address: string): Promise<LabPage> {
    page.setDefaultTimeout(15_000);
    await page.goto(address, { timeout: OPEN_LIMIT_MS });
    await page.locator(".jp-Notebook .jp-Cell").first().waitFor({ timeout: OPEN_LIMIT_MS });
    const lab = new LabPage(page);
    await lab.waitForIdle(OPEN_LIMIT_MS);
    return lab;
  }

  /** The status bar says that the kernel is there and idle; the notebook's own indicator says so too early. */
  async waitForIdle(timeoutMs: number): Promise<void> {
    await this.page.locator("#jp-main-statusbar").getByText(/Deno \| Idle/).waitFor({ timeout: timeoutMs });
  }

  async menu(name: string, item: string): Promise<void> {
    await this.page.getByRole("menubar").getByText(name, { exact: true }).first().click();
    await this.page.locator(".lm-Menu-item").filter({ hasText: item }).first().click();
  }

  /** Runs all cells and waits for the last. */
  async runAll(timeoutMs: number): Promise<void> {
    await this.menu("Run", "Run All Cells");
    await this.waitUntilRun(timeoutMs);
  }

  async restartAndRunAll(timeoutMs: number): Promise<void> {
    await this.menu("Kernel", "Restart Kernel and Run All Cells");
    await this.page.getByRole("button", { name: "Confirm Kernel Restart" }).click();
    await this.page.waitForTimeout(1000);
    await this.waitUntilRun(timeoutMs);
  }

  /** No prompt shows `[*]`, and the kernel is idle. */
  async waitUntilRun(timeoutMs: number): Promise<void> {
    await this.page.waitForTimeout(500);
    await this.page.waitForFunction(
      () =>
        [...document.querySelectorAll(".jp-Notebook .jp-InputArea-prompt")].every((prompt) =>
          !prompt.textContent!.includes("*")
        ),
      undefined,
      { timeout: timeoutMs, polling: 200 },
    );
    await this.waitForIdle(timeoutMs);
  }

  /** Brings every cell into sight once: what is out of it may not be drawn yet. */
  async scrollThrough(): Promise<void> {
    const panel = this.page.locator(".jp-WindowedPanel-outer").first();
    for (let top = 0;; top += 900) {
      const isEnd = await panel.evaluate((element, top) => {
        element.scrollTop = top;
        return top + element.clientHeight >= element.scrollHeight;
      }, top);
      await this.page.waitForTimeout(50);
      if (isEnd) return;
    }
  }

  /** Saves the notebook, and waits until its file is written. */
  async save(file: string): Promise<void> {
    const written = () => statSync(file).mtimeMs, before = written();
    await this.page.keyboard.press("ControlOrMeta+S");
    // It is written in place: a large one is there in parts at first.
    for (let i = 0; i < 300; i++) {
      if (written() !== before && isWhole(file)) return;
      await this.page.waitForTimeout(100);
    }
    throw new Error(`JupyterLab did not save ${file}`);
  }

  codeCell(index: number): Locator {
    return this.page.locator(".jp-Notebook .jp-CodeCell").nth(index);
  }

  /** Replaces a cell's source by typing. */
  async edit(index: number, source: string): Promise<void> {
    await this.codeCell(index).locator(".cm-content").click();
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.insertText(source);
  }

  /** Runs the cell that was edited last; does not wait. */
  async runEdited(): Promise<void> {
    await this.page.keyboard.press("Control+Enter");
  }

  /** Source of a code cell as the editor shows it. */
  async source(index: number): Promise<string> {
    const lines = await this.codeCell(index).locator(".cm-line").allTextContents();
    return lines.join("\n");
  }

  /** Presses the stop button of the toolbar. */
  async interrupt(): Promise<void> {
    await this.page.locator('[data-jp-item-name="interrupt"]').first().click();
  }

  async outputText(index: number): Promise<string> {
    return (await this.codeCell(index).locator(".jp-OutputArea-output").allTextContents()).join("\n");
  }

  /** What the cells show as errors. */
  async errors(): Promise<string[]> {
    return await this.page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]')
      .allTextContents();
  }

  figures(): Locator {
    return this.page.locator(".jp-Notebook .js-plotly-plot");
  }

  drawings(): Locator {
    return this.page.locator(".jp-Notebook .jp-RenderedSVG img");
  }

  /** Moves the mouse over a figure until plotly shows a value; returns its text. */
  async hover(figure: Locator): Promise<string> {
    await figure.scrollIntoViewIfNeeded();
    const box = (await figure.locator(".draglayer").first().boundingBox())!;
    const label = figure.locator(".hoverlayer .hovertext");
    for (const y of [0.5, 0.17, 0.83, 0.25, 0.75, 0.1, 0.9]) {
      for (let x = 0.03; x < 1; x += 0.06) {
        await this.page.mouse.move(box.x + box.width * x, box.y + box.height * y, { steps: 2 });
        await this.page.waitForTimeout(60); // plotly waits a little before it answers the mouse
        const [text] = await label.allTextContents();
        if (text) return text;
      }
    }
    return "";
  }
}

function isWhole(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
  }
}
