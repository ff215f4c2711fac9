/** `deno task book`: the chapters as a static site in site/, readable from disk, by Sphinx with myst-nb. */
import type { Command } from "commander";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { PROJECT, pythonOf } from "../lab/places.ts";
import { type Environment, findPython, isComplete, makeEnvironment, SetupError } from "../lab/python.ts";
import { step } from "../lab/steps.ts";
import { runCommand } from "../lab/subprocess.ts";
import { FONT_FILES, fontsCss } from "../fonts_css.ts";
import { type Commander, runTask } from "../task.ts";
import { CompilerMissingError } from "../../compile/compiler_missing.ts";
import { type Notebook, readNotebook, writeNotebook } from "../../jupyter/notebook_file.ts";
import { CHINESE_NOTEBOOKS } from "../messages/chinese_notebooks.ts";
import { chapterNames } from "../messages/sources.ts";
import { type KeepPicture, toPage } from "./chapter.ts";
import { chineseChapters, type Edition, embedPage, inChinese, inEdition, joinEditions } from "./editions.ts";
import { siteCatalogue, withAnchors } from "./editions.ts";
import { frontDoor } from "./front_door.ts";
import { bundleLive } from "./live/bundle.ts";
import type { ClangPlace } from "./live/messages.ts";
import { writeClang } from "./live/write_clang.ts";
import { writeServiceWorker } from "./live/write_service_worker.ts";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const SPHINX: Environment = {
  folder: join(PROJECT, ".cache", "book", "venv"),
  requirements: here("requirements.txt"),
  what: "Sphinx",
};
/** myst-nb writes files of its own beside the pages. */
const BUILT = join(PROJECT, ".cache", "book", "built");
const NOTEBOOKS = join(PROJECT, "notebooks");
const SITE = join(PROJECT, "site");
const PLOTLY = join(PROJECT, "node_modules", "plotly.js-basic-dist-min", "plotly-basic.min.js");

/** Where Sphinx reads an edition. */
const sourceOf = (edition: Edition): string => join(PROJECT, ".cache", "book", `source-${edition}`);

/** Writes pictures of a chapter beside the pages. */
function pictureKeeper(source: string, chapter: string): KeepPicture {
  const folder = join(source, "_static", "figures");
  let number = 0;
  mkdirSync(folder, { recursive: true });
  return (png) => {
    const name = `${chapter}-${++number}.png`;
    writeFileSync(join(folder, name), png, "base64");
    return `_static/figures/${name}`;
  };
}

type Chapters = ReadonlyMap<string, Notebook>;

function chaptersIn(folder: string): Chapters {
  const names = chapterNames(PROJECT);
  if (names.length === 0) throw new SetupError(`There is no notebook in ${folder}.`);
  return new Map(names.map((name) => [name, readNotebook(join(folder, `${name}.ipynb`))]));
}

/** Lays out what Sphinx reads of an edition. */
async function prepare(edition: Edition, chapters: Chapters, folder: string, repository?: string): Promise<void> {
  const source = sourceOf(edition);
  rmSync(source, { recursive: true, force: true });
  for (const inner of ["_static", "extra/notebooks"]) mkdirSync(join(source, inner), { recursive: true });
  for (const [name, notebook] of chapters) {
    const shown = edition === "zh" ? withAnchors(notebook, readNotebook(join(NOTEBOOKS, `${name}.ipynb`))) : notebook;
    writeNotebook(join(source, `${name}.ipynb`), toPage(shown, pictureKeeper(source, name)));
    writeNotebook(join(source, "extra", "notebooks", `${name}.ipynb`), notebook);
  }
  for (const inner of ["images", "progs"]) {
    if (existsSync(join(folder, inner))) cpSync(join(folder, inner), join(source, inner), { recursive: true });
  }
  cpSync(here("conf.py"), join(source, "conf.py"));
  writeFileSync(join(source, "play.md"), inEdition(edition, readFileSync(here("play.md"), "utf8")));
  writeFileSync(join(source, "extra", "embed.html"), embedPage(edition, readFileSync(here("live/embed.html"), "utf8")));
  for (const asset of ["figures.css", "figures.js"]) cpSync(here(asset), join(source, "_static", asset));
  writeFileSync(join(source, "_static", "fonts.css"), fontsCss("fonts"));
  for (const file of FONT_FILES) cpSync(file, join(source, "_static", "fonts", basename(file)));
  if (!existsSync(PLOTLY)) throw new SetupError("plotly.js is not there yet. Run: npx -y deno@2.8.1 install");
  cpSync(PLOTLY, join(source, "_static", "plotly.min.js"));
  const { markdown, pictures } = await frontDoor(PROJECT, chapters, repository);
  writeFileSync(join(source, "index.md"), edition === "zh" ? markdown.replaceAll('"api/', '"../api/') : markdown);
  mkdirSync(join(source, "_static", "chapters"));
  for (const [name, bytes] of pictures) writeFileSync(join(source, "_static", "chapters", name), bytes);
}

/** Has Sphinx make the pages of an edition; gives their folder. */
async function makePages(edition: Edition): Promise<string> {
  const html = join(BUILT, edition), doctrees = join(BUILT, `doctrees-${edition}`);
  const tags = edition === "zh" ? ["-t", "zh"] : [];
  const args = ["-m", "sphinx", "-b", "html", "-q", ...tags, "-d", doctrees, sourceOf(edition), html];
  const { code, stderr } = await runCommand(pythonOf(SPHINX.folder), args);
  if (stderr.trim() !== "") console.error(stderr.trim());
  if (code !== 0) throw new SetupError("Sphinx could not build the book; its last words stand above.");
  rmSync(join(html, ".buildinfo"), { force: true });
  return html;
}

/** Without a network, and before the compiler was fetched once, a site is built that has none. */
async function compilerOrNone(live: string): Promise<ClangPlace | undefined> {
  try {
    return await writeClang(live, join(PROJECT, ".cache", "book", "clang"));
  } catch (error) {
    if (!(error instanceof CompilerMissingError)) throw error;
    console.warn(`The pages get no C compiler: ${error.message}`);
    return undefined;
  }
}

async function build(editions: readonly Edition[], repository?: string): Promise<void> {
  if (!await isComplete(SPHINX)) {
    const python = await step("Python", () => findPython());
    await step("Sphinx", (detail) => makeEnvironment(SPHINX, python, detail));
  }
  const english = chaptersIn(NOTEBOOKS), isBoth = editions.includes("zh");
  const chinese = isBoth ? await step("中文 chapters", (detail) => chineseChapters(PROJECT, detail)) : undefined;
  await step("chapters", async () => {
    await prepare("en", english, NOTEBOOKS, repository);
    if (chinese) {
      await inChinese(PROJECT, () => prepare("zh", chinese, join(PROJECT, CHINESE_NOTEBOOKS), repository));
    }
    const live = join(sourceOf("en"), "_static", "live"), clang = await compilerOrNone(live);
    await bundleLive(PROJECT, live, {
      clang,
      chinese: chinese && { chapters: chinese, words: siteCatalogue(PROJECT) },
    });
  });
  await step("site", async () => {
    rmSync(BUILT, { recursive: true, force: true });
    const html = await makePages("en");
    if (chinese) joinEditions(html, await makePages("zh"));
    rmSync(SITE, { recursive: true, force: true });
    await writeReference(join(html, "api"));
    await writeServiceWorker(html);
    renameSync(html, SITE);
  });
  console.log(`${english.size} chapters: ${join(SITE, "index.html")}`);
  if (chinese) console.log(`中文: ${join(SITE, "zh", "index.html")}`);
}

/** The library's reference, which `deno doc` makes of the comments. */
async function writeReference(folder: string): Promise<void> {
  const args = ["doc", "--html", "--name=Interleave", `--output=${folder}`, join(PROJECT, "lib", "mod.ts")];
  const { code, stderr } = await runCommand(Deno.execPath(), args);
  if (code !== 0) throw new SetupError(`deno doc could not write the reference: ${stderr.trim()}`);
}

export const command = ({ Command, Option }: Commander): Command =>
  new Command("deno task book")
    .description(
      "Writes the chapters as a static site, site/, whose cells can be edited and run in the page where it is served. " +
        "In English, and in Chinese in site/zh; Chinese chapters that have not been run yet are run first. The first " +
        "time fetches Sphinx into .cache/book.",
    )
    .addOption(new Option("--lang <language>", "one edition only; default: both").choices(["en"]))
    .option("--repository <url>", "where the project is, for links to Binder, Codespaces and the source")
    .action(async ({ repository, lang }: { repository?: string; lang?: "en" }) => {
      try {
        await build(lang ? [lang] : ["en", "zh"], repository?.replace(/\/$/, ""));
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        console.error(`\n${error.message}`);
        process.exitCode = 1;
      }
    });

if (import.meta.main) await runTask(command);
