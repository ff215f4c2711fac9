/** Writes the service worker of a site that is built: it names the files that are kept, and changes with any of them. */
import { build, stop } from "esbuild";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Pictures are for readers without scripts, notebooks for those who leave the page, the reference is larger than all the
 * rest, the compiler is for those who edit listings; the others are no part of a page.
 */
const LEFT_OUT =
  /^(?:zh\/)?(?:notebooks|_sources|_static\/figures|_static\/live\/clang|api)\/|\.map$|^(?:zh\/)?(?:objects\.inv|sw\.js)$/;

/** What both editions load is in the folder of the English one, and what only Chinese pages do has a name that says so. */
function byEdition(files: readonly string[]): Readonly<Record<"shared" | "en" | "zh", readonly string[]>> {
  const edition = (name: string) =>
    /^zh\/|\/live\/(?:chapters\/zh\/|\w+-zh\b)|NotoSansSC|zh_CN/.test(name)
      ? "zh"
      : /^_static\//.test(name) && !/\/live\/chapters\/|^_static\/chapters\//.test(name)
      ? "shared"
      : "en";
  const of = (which: string) => files.filter((name) => edition(name) === which);
  return { shared: of("shared"), en: of("en"), zh: of("zh") };
}

/**
 * @param site folder of a built site; `sw.js` is written there
 */
export async function writeServiceWorker(site: string): Promise<void> {
  const files = readdirSync(site, { recursive: true }).map((name) => String(name).replaceAll("\\", "/"))
    .filter((name) => !LEFT_OUT.test(name) && statSync(join(site, name)).isFile()).sort();
  const hash = createHash("sha256");
  for (const name of files) hash.update(name).update(readFileSync(join(site, name)));
  const define = {
    VERSION: JSON.stringify(hash.digest("hex").slice(0, 12)),
    OFFLINE: JSON.stringify(byEdition(files)),
  };
  try {
    await build({
      ...{ bundle: true, minify: true, platform: "browser", target: "es2022", logLevel: "warning", format: "iife" },
      ...{ entryPoints: [fileURLToPath(new URL("service_worker.ts", import.meta.url))], define },
      outfile: join(site, "sw.js"),
    });
  } finally {
    await stop();
  }
}
