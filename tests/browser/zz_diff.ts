import { launch } from "./chromium.ts"; import { LivePage } from "./live_page.ts"; import { SiteServer } from "./site.ts";
import { compareOutputs } from "../../lib/jupyter/compare_outputs.ts";
import { readNotebook, writeNotebook } from "../../lib/jupyter/notebook_file.ts";
import process from "node:process";
process.env.INTERLEAVE_SITE_BUILT = String(process.pid);
const site = await SiteServer.start(), browser = await launch();
for (const name of Deno.args) {
  const t = Date.now();
  const live = await LivePage.open(browser, `${site.address}/${name}.html`);
  await live.press("Run all"); await live.idle(200000);
  const t2 = Date.now();
  const fresh = await live.download(); writeNotebook(`/tmp/h/live/${name}.ipynb`, fresh);
  console.log(name, t2 - t, Date.now() - t2, await live.status(), await live.page.locator(".live-error").allInnerTexts(), live.errors);
  for (const d of compareOutputs(readNotebook(`notebooks/${name}.ipynb`), fresh)) console.log("   ", d.cellNumber, d.what);
  await live.close();
}
await browser.close(); await site.stop();
