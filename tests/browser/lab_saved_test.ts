/** A chapter run and saved by JupyterLab is one that `deno task run --check` accepts, players and figures included. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { compareOutputs } from "../../lib/jupyter/compare_outputs.ts";
import { readNotebook } from "../../lib/jupyter/notebook_file.ts";
import { runCommand } from "../../lib/tasks/lab/subprocess.ts";
import { launch, noBrowser, PROJECT } from "./chromium.ts";
import { LabPage } from "./lab_page.ts";
import { COPY, LabServer } from "./lab_server.ts";

const RUN_MS = 180_000;
/** One with all kinds of outputs: figures, drawings, players, sliders, claims, progress, exercises. */
const CHAPTER = "01_race.ipynb";

const reason = noBrowser();
if (reason) {
  it.skip(`a chapter saved by JupyterLab (skipped: ${reason})`, () => {});
} else {
  describe("a chapter saved by JupyterLab", () => {
    let server: LabServer, browser: Browser;
    const saved = join(COPY, CHAPTER);
    beforeAll(async () => {
      server = await LabServer.start();
      browser = await launch();
      const lab = await LabPage.open(await browser.newPage(), server.addressOf(CHAPTER));
      await lab.menu("Edit", "Clear Outputs of All Cells");
      await lab.runAll(RUN_MS);
      expect(await lab.errors()).toEqual([]);
      // What autosave does every two minutes.
      const before = readFileSync(saved, "utf8");
      await lab.page.keyboard.press("ControlOrMeta+S");
      for (let i = 0; i < 100 && readFileSync(saved, "utf8") === before; i++) await lab.page.waitForTimeout(100);
      expect(readFileSync(saved, "utf8")).not.toBe(before);
    });
    afterAll(async () => {
      await browser?.close();
      await server?.stop();
    });

    it("holds what the kernel gives without a front end", async () => {
      const { code, stdout, stderr } = await runCommand(Deno.execPath(), ["task", "run", "--check", saved]);
      expect(code, stdout + stderr).toBe(0);
    });

    it("has the source, the ids and the metadata of cells as they were", () => {
      const [kept, now] = [join(PROJECT, "notebooks", CHAPTER), saved].map(readNotebook);
      const about = ({ cell_type, id, source }: (typeof kept.cells)[number]) => ({ cell_type, id, source });
      expect(now.cells.map(about)).toEqual(kept.cells.map(about));
      expect(now.metadata.kernelspec).toEqual(kept.metadata.kernelspec);
      expect(compareOutputs(now, now)).toEqual([]);
    });
  });
}
