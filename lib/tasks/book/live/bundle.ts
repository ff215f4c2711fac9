/** Bundles what makes the book live: a script for its pages, a worker that is their kernel, and the data of both. */
import { build, type BuildOptions, type Plugin, stop } from "esbuild";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { FileBundle } from "../../../host/provided.ts";
import { type Notebook, readNotebook } from "../../../jupyter/notebook_file.ts";
import { CLAIM_MIME } from "../../../lessons/claims/claim.ts";
import { type Catalogue, inCatalogue } from "../../../words/translation.ts";
import { runCommand } from "../../lab/subprocess.ts";
import { assetBundle } from "../../npm/asset_bundle.ts";
import { examples } from "./bench/examples.ts";
import { cellParts } from "./cell_code.ts";
import { type Hints, hintsOf } from "./hints.ts";
import type { AssetIndex, ChapterData, ClangPlace } from "./messages.ts";

const OBJECTS = "compile/objects/", FONTS = "plot/assets/";
const DIGITS = 12;
/** Larger texts of the library are fetched one by one, when a cell comes to need them. */
const LARGE_BYTES = 20_000;

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, DIGITS);

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** What the pages of the Chinese edition load beside what all load. */
export interface ChineseEdition {
  readonly chapters: ReadonlyMap<string, Notebook>;
  /** What the live parts say. */
  readonly words: Catalogue;
}

/** Puts the modules for browsers in the place of those beside which they stand, as package.json does for bundlers. */
const browserModules: Plugin = {
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
 * @param given the Chinese edition, where it is made, and the compiler that is there already
 */
export async function bundleLive(
  project: string,
  folder: string,
  { chinese, clang }: { readonly chinese?: ChineseEdition; readonly clang?: ClangPlace },
): Promise<void> {
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
  const ofChinese = { FILES_ZH: "", EXAMPLES_ZH: "" };
  if (chinese) {
    mkdirSync(join(folder, "chapters", "zh"));
    for (const [name, notebook] of chinese.chapters) {
      writeFileSync(join(folder, "chapters", "zh", `${name}.json`), JSON.stringify(chapterData(name, notebook)));
    }
    writeFileSync(join(folder, "words-zh.js"), `globalThis.interleaveWords = ${JSON.stringify(chinese.words)};\n`);
    ofChinese.FILES_ZH = write("files-zh", notebookFiles(project, chinese.chapters));
    ofChinese.EXAMPLES_ZH = write("examples-zh", inCatalogue(chinese.words, () => examples(project, chinese.chapters)));
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
  const EXAMPLES = write("examples", examples(project, chapters));
  const HINTS = write("hints", await readHints(project));
  const ASSETS = write("assets", { texts: small, later, objects } satisfies AssetIndex),
    FILES = write("files", notebookFiles(project, chapters));
  await bundleScripts(project, folder, { ASSETS, FILES, EXAMPLES, HINTS, CLANG: clang ?? null, ...ofChinese });
  cpSync(here("live.css"), join(folder, "live.css"));
}

/** A module that another one starts as a thread. */
const THREAD_URL = /new URL\("\.\/(\w+_worker)\.ts", import\.meta\.url\)/g;

/** Modules of threads by their names; what pins threads to CPUs of a kernel is of no use in a page. */
function threadModules(lib: string): Map<string, string> {
  const files = readdirSync(lib, { recursive: true }).map(String)
    .filter((name) => name.endsWith(".ts") && !/^(?:tasks|backends[\\/](?:linux|litmus))[\\/]/.test(name));
  return new Map(files.flatMap((file) =>
    [...readFileSync(join(lib, file), "utf8").matchAll(THREAD_URL)]
      .map(([, name]): [string, string] => [name, join(lib, dirname(file), `${name}.ts`)])
  ));
}

/** A thread's script: the library's files first, then its module. */
const threadEntries = (modules: ReadonlyMap<string, string>): Plugin => ({
  name: "threads",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^thread:/ }, ({ path }) => ({ path: path.slice("thread:".length), namespace: "thread" }));
    onLoad({ filter: /.*/, namespace: "thread" }, ({ path }) => ({
      contents: [here("thread_files.ts"), modules.get(path)!].map((file) => `import ${JSON.stringify(file)};`).join(
        "\n",
      ),
      resolveDir: here("."),
    }));
  },
});

/** Threads first, then the kernel that names them, then the page that names the kernel. */
async function bundleScripts(project: string, folder: string, names: Readonly<Record<string, unknown>>): Promise<void> {
  const threads = threadModules(join(project, "lib"));
  const common: BuildOptions = {
    ...{ bundle: true, minify: true, platform: "browser", target: "es2022", logLevel: "warning", metafile: true },
    plugins: [threadEntries(threads), browserModules],
    ...{ nodePaths: [join(project, "node_modules")], outdir: folder },
  };
  /** Gives the files' names by those of the entries. */
  const modules = async (entries: Record<string, string>, defined: object): Promise<Record<string, string>> => {
    const define = Object.fromEntries(Object.entries(defined).map(([key, value]) => [key, JSON.stringify(value)]));
    const entryPoints = Object.entries(entries).map(([out, path]) => ({ out, in: path }));
    const { metafile } = await build({
      ...common,
      ...{ entryPoints, format: "esm", splitting: true, entryNames: "[name]-[hash]", define },
    });
    const outputs = Object.entries(metafile!.outputs).filter(([, { entryPoint }]) => entryPoint !== undefined);
    const named = outputs.map(([path]) => basename(path));
    return Object.fromEntries(
      Object.keys(entries).map((name) => [name, named.find((file) => file.replace(/-[^-]*$/, "") === name)!]),
    );
  };
  try {
    const scripts = Object.fromEntries([...threads.keys()].map((name) => [name, `thread:${name}`]));
    const THREADS = threads.size === 0 ? {} : await modules(scripts, names);
    const { kernel: KERNEL } = await modules({ kernel: here("kernel.ts") }, { ...names, THREADS });
    const entries = { notebook: here("notebook.ts"), play: here("bench/play.ts") };
    const { notebook: NOTEBOOK, play: PLAY } = await modules(entries, { ...names, KERNEL });
    const define = { NOTEBOOK: JSON.stringify(NOTEBOOK), PLAY: JSON.stringify(PLAY) };
    await build({ ...common, entryPoints: [here("page.ts")], format: "iife", define });
  } finally {
    await stop();
  }
}

async function readHints(project: string): Promise<Hints> {
  const { code, stdout, stderr } = await runCommand(Deno.execPath(), ["doc", "--json", join(project, "lib", "mod.ts")]);
  if (code !== 0) throw new Error(`deno doc could not read the library: ${stderr}`);
  return hintsOf(JSON.parse(stdout));
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
