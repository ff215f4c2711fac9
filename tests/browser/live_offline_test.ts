/** The live book's service worker: no network after the first visit, and threads where the host sends no headers. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, noBrowser } from "./chromium.ts";
import { LivePage } from "./live_page.ts";
import { SiteServer } from "./site.ts";

const KEPT_MS = 60_000;

const reason = noBrowser();
if (reason) {
  it.skip(`the live book without a network (skipped: ${reason})`, () => {});
} else {
  describe("the live book without a network", () => {
    let browser: Browser, site: SiteServer, live: LivePage;
    beforeAll(async () => {
      site = await SiteServer.start();
      browser = await launch();
    });
    afterAll(async () => {
      await live?.close();
      await browser?.close();
      await site?.stop();
    });

    it("has threads after a reload, though its host sends no headers", async () => {
      live = await LivePage.open(browser, `${site.address}/00_start.html`, { serviceWorkers: "allow" });
      expect(await live.page.evaluate(() => crossOriginIsolated)).toBe(false);
      await live.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
      await live.page.reload();
      await live.ready();
      expect(await live.page.evaluate(() => crossOriginIsolated)).toBe(true);
      await live.run(0);
      await live.write(
        1,
        'import { threads } from "interleave";\nconst found = await threads(racy, { cpus: 2, repeats: 1 }).catch(String);\n' +
          "found.machine ?? found",
      );
      // a busy computer may give the two threads no time together, and says so
      expect(await live.run(1)).toMatch(/^(threads|BackendError: the threads did not get a CPU each)/);
    });

    it("shares a search out between workers, with the answer of one", async () => {
      await live.write(
        1,
        'import { explore } from "interleave";\nconst found = [];\nfor (const workers of [1, 2]) {\n' +
          "  const all = await explore(racy, { cpus: 3, invocations: 3, workers });\n" +
          "  found.push([all.states, all.outcomes.length, all.complete, all.witness.schedule].join());\n}\n" +
          "found[0] === found[1] ? `same: ${found[0]}` : found",
      );
      expect(await live.run(1)).toMatch(/^same: \d+,\d+,true,/);
      expect(live.errors).toEqual([]);
    });

    it("opens and runs another chapter when the server is gone", async () => {
      const isKept = async () =>
        await live.page.evaluate(async () => {
          const [name] = await caches.keys(), keys = await (await caches.open(name)).keys();
          return ["06_map_in_map.html", "plotly.min.js", "bpf_helper_defs.h"].every((file) =>
            keys.some(({ url }) => url.endsWith(file))
          ) && keys.filter(({ url }) => url.endsWith(".o")).length > 20;
        });
      for (const limit = Date.now() + KEPT_MS; !await isKept() && Date.now() < limit;) {
        await live.page.waitForTimeout(300);
      }
      expect(await isKept()).toBe(true);
      await live.page.waitForTimeout(1000);
      await site.stop();
      await live.page.goto(`${site.address}/06_map_in_map.html`);
      await live.ready();
      await live.run(0);
      expect(await live.page.locator(".live-error").allInnerTexts()).toEqual([]);
      expect(await live.status()).toBe("Done.");
      // A figure is drawn when what draws it has come.
      await live.cell(0).locator(".main-svg, .figure-frame > svg, p, pre").first().waitFor();
      expect(await live.cell(0).locator(".cell_output").innerText()).not.toBe("");
      expect(live.errors).toEqual([]);
    });
  });
}
