/** Bundles what makes the book live: a script for its pages, a worker that is their kernel, and the data of both. */
import { build, type BuildOptions, type Plugin, stop } from "esbuild";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { FileBundle } from "../../../host/provided.ts";
import { readNotebook } from "../../../jupyter/notebook_file.ts";
import { CLAIM_MIME } from "../../../lessons/claims/claim.ts";
import { assetBundle } from "../../npm/asset_bundle.ts";

const OBJECTS = "compile/objects/";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Puts the modules for browsers in the place of those beside which they stand, as package.json does for bundlers. */
export const browserModules: Plugin = {
  name: "modules for browsers",
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ resolveDir, path }) => {
      const file = resolve(resolveDir, path), twin = file.replace(/\.ts$/, ".browser.ts");
      return { path: existsSync(twin) ? twin : file };
    });
  },
};

/**
 * Writes `page.js`, `kernel.js` with its parts, `assets.json`, `files.json`, `live.css` and the objects.
 *
 * @param project folder of a checkout
 * @param folder where they go
 */
export async function bundleLive(project: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const options: BuildOptions = {
    ...{ bundle: true, minify: true, platform: "browser", target: "es2022", logLevel: "warning" },
    ...{ plugins: [browserModules], nodePaths: [join(project, "node_modules")], outdir: folder },
  };
  try {
    await build({ ...options, entryPoints: [here("page.ts")], format: "iife" });
    await build({ ...options, entryPoints: [here("kernel.ts")], format: "esm", splitting: true });
  } finally {
    await stop();
  }
  // Fonts are in the pages' fonts.css, each object is fetched when a cell asks for it.
  const { texts, binaries = {} } = assetBundle(project), objects: string[] = [];
  mkdirSync(join(folder, "objects"));
  for (const [path, bytes] of Object.entries(binaries).filter(([path]) => path.startsWith(OBJECTS))) {
    objects.push(path.slice(OBJECTS.length));
    writeFileSync(join(folder, "objects", objects.at(-1)!), bytes, "latin1");
  }
  writeFileSync(join(folder, "assets.json"), JSON.stringify({ texts, objects }));
  writeFileSync(join(folder, "files.json"), JSON.stringify(notebookFiles(join(project, "notebooks"))));
  writeFileSync(join(folder, "live.css"), readFileSync(here("live.css")));
}

/** What cells read: the listings, and what the other chapters found out about claims. */
function notebookFiles(notebooks: string): FileBundle {
  const texts: Record<string, string> = {};
  for (const name of readdirSync(join(notebooks, "progs")).filter((name) => /\.[ch]$/.test(name))) {
    texts[`progs/${name}`] = readFileSync(join(notebooks, "progs", name), "utf8").replaceAll("\r\n", "\n");
  }
  for (const name of readdirSync(notebooks).filter((name) => name.endsWith(".ipynb"))) {
    const notebook = readNotebook(join(notebooks, name));
    const cells = notebook.cells.flatMap((cell) => {
      if (cell.cell_type !== "code") return [];
      const outputs = cell.outputs.flatMap((output) =>
        "data" in output && CLAIM_MIME in output.data
          ? [{ ...output, data: { [CLAIM_MIME]: output.data[CLAIM_MIME] } }]
          : []
      );
      return outputs.length > 0 ? [{ ...cell, source: "", outputs }] : [];
    });
    texts[name] = JSON.stringify({ ...notebook, cells });
  }
  return { texts };
}
