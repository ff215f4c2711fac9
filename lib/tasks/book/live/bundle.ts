/** Bundles what makes the book live: a script for its pages, a worker that is their kernel, and the data of both. */
import { build, type BuildOptions, type Plugin, stop } from "esbuild";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { FileBundle } from "../../../host/provided.ts";
import { type Notebook, readNotebook } from "../../../jupyter/notebook_file.ts";
import { CLAIM_MIME } from "../../../lessons/claims/claim.ts";
import { assetBundle } from "../../npm/asset_bundle.ts";
import { cellParts } from "./cell_code.ts";
import type { AssetIndex, ChapterData } from "./messages.ts";

const OBJECTS = "compile/objects/", FONTS = "plot/assets/";
const DIGITS = 12;
/** Larger texts of the library are fetched one by one, when a cell comes to need them. */
const LARGE_BYTES = 20_000;

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, DIGITS);

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
 * Writes what the pages of a live book load. But for `page.js`, `live.css` and what is one file for each chapter or
 * object, a file's name changes with what is in it: no browser takes an old one for a new one.
 *
 * @param project folder of a checkout
 * @param folder where they go
 */
export async function bundleLive(project: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, value: unknown): string => {
    const text = JSON.stringify(value), file = `${name}-${digestOf(text)}.json`;
    writeFileSync(join(folder, file), text);
    return file;
  };
  // Each object is fetched when a cell asks for it.
  const { texts, binaries = {} } = assetBundle(project), objects: string[] = [];
  mkdirSync(join(folder, "objects"));
  for (const [path, bytes] of Object.entries(binaries).filter(([path]) => path.startsWith(OBJECTS))) {
    objects.push(path.slice(OBJECTS.length));
    writeFileSync(join(folder, "objects", objects.at(-1)!), bytes, "latin1");
  }
  const chapters = readChapters(join(project, "notebooks"));
  mkdirSync(join(folder, "chapters"));
  for (const [name, notebook] of chapters) {
    writeFileSync(join(folder, "chapters", `${name}.json`), JSON.stringify(chapterData(name, notebook)));
  }
  const later: AssetIndex["later"] = Object.fromEntries(
      Object.keys(binaries).filter((path) => path.startsWith(FONTS))
        .map((path) => [path, `../fonts/${path.slice(FONTS.length)}`]),
    ),
    small: Record<string, string> = {};
  mkdirSync(join(folder, "assets"));
  for (const [path, text] of Object.entries(texts)) {
    if (text.length < LARGE_BYTES) small[path] = text;
    else {
      later[path] = `assets/${digestOf(text)}-${basename(path)}`;
      writeFileSync(join(folder, later[path]), text);
    }
  }
  const ASSETS = write("assets", { texts: small, later, objects } satisfies AssetIndex),
    FILES = write("files", notebookFiles(project, chapters));
  await bundleScripts(project, folder, { ASSETS, FILES });
  cpSync(here("live.css"), join(folder, "live.css"));
}

/** The kernel first: the page names it. */
async function bundleScripts(project: string, folder: string, names: Readonly<Record<string, string>>): Promise<void> {
  const common: BuildOptions = {
    ...{ bundle: true, minify: true, platform: "browser", target: "es2022", logLevel: "warning", metafile: true },
    ...{ plugins: [browserModules], nodePaths: [join(project, "node_modules")], outdir: folder },
  };
  const module = async (name: string, defined: Readonly<Record<string, string>>): Promise<string> => {
    const define = Object.fromEntries(Object.entries(defined).map(([key, value]) => [key, JSON.stringify(value)]));
    const { metafile } = await build({
      ...common,
      ...{ entryPoints: [here(`${name}.ts`)], format: "esm", splitting: true, entryNames: "[name]-[hash]", define },
    });
    const outputs = Object.keys(metafile!.outputs).map((path) => basename(path));
    return outputs.find((output) => output.startsWith(`${name}-`) && output.endsWith(".js"))!;
  };
  try {
    const KERNEL = await module("kernel", names), NOTEBOOK = await module("notebook", { KERNEL });
    const define = { NOTEBOOK: JSON.stringify(NOTEBOOK) };
    await build({ ...common, entryPoints: [here("page.ts")], format: "iife", define });
  } finally {
    await stop();
  }
}

const readChapters = (folder: string): Map<string, Notebook> =>
  new Map(
    readdirSync(folder).filter((name) => name.endsWith(".ipynb")).sort()
      .map((name) => [name.replace(/\.ipynb$/, ""), readNotebook(join(folder, name))]),
  );

function chapterData(name: string, notebook: Notebook): ChapterData {
  const cells = notebook.cells.flatMap((cell) =>
    cell.cell_type === "code" ? [{ id: cell.id, ...cellParts(cell.source) }] : []
  );
  return { name, cells };
}

/** What cells read: the listings, and what the other chapters found out about claims. */
function notebookFiles(project: string, chapters: ReadonlyMap<string, Notebook>): FileBundle {
  const texts: Record<string, string> = {}, progs = join(project, "notebooks", "progs");
  for (const name of readdirSync(progs).filter((name) => /\.[ch]$/.test(name))) {
    texts[`progs/${name}`] = readFileSync(join(progs, name), "utf8").replaceAll("\r\n", "\n");
  }
  for (const [name, notebook] of chapters) {
    const cells = notebook.cells.flatMap((cell) => {
      if (cell.cell_type !== "code") return [];
      const outputs = cell.outputs.flatMap((output) =>
        "data" in output && CLAIM_MIME in output.data
          ? [{ ...output, data: { [CLAIM_MIME]: output.data[CLAIM_MIME] } }]
          : []
      );
      return outputs.length > 0 ? [{ ...cell, source: "", outputs }] : [];
    });
    texts[`${name}.ipynb`] = JSON.stringify({ ...notebook, cells });
  }
  return { texts };
}
