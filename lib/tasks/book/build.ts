/** `deno task book`: the chapters as a static site in site/, readable from disk, by Sphinx with myst-nb. */
import type { Command } from "commander";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { PROJECT, pythonOf } from "../lab/places.ts";
import { type Environment, findPython, isComplete, makeEnvironment, SetupError } from "../lab/python.ts";
import { step } from "../lab/steps.ts";
import { runCommand } from "../lab/subprocess.ts";
import { FONT_FILES, fontsCss } from "../fonts_css.ts";
import { type Commander, runTask } from "../task.ts";
import { type Notebook, readNotebook, writeNotebook } from "../../jupyter/notebook_file.ts";
import { type KeepPicture, toPage } from "./chapter.ts";
import { frontDoor } from "./front_door.ts";
import { bundleLive } from "./live/bundle.ts";
import { writeServiceWorker } from "./live/write_service_worker.ts";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const SPHINX: Environment = {
  folder: join(PROJECT, ".cache", "book", "venv"),
  requirements: here("requirements.txt"),
  what: "Sphinx",
};
const SOURCE = join(PROJECT, ".cache", "book", "source");
/** myst-nb writes files of its own beside the pages. */
const BUILT = join(PROJECT, ".cache", "book", "built");
const NOTEBOOKS = join(PROJECT, "notebooks");
const SITE = join(PROJECT, "site");
const PLOTLY = join(PROJECT, "node_modules", "plotly.js-basic-dist-min", "plotly-basic.min.js");

/** Writes pictures of a chapter beside the pages. */
function pictureKeeper(chapter: string): KeepPicture {
  const folder = join(SOURCE, "_static", "figures");
  let number = 0;
  mkdirSync(folder, { recursive: true });
  return (png) => {
    const name = `${chapter}-${++number}.png`;
    writeFileSync(join(folder, name), png, "base64");
    return `_static/figures/${name}`;
  };
}

/** Lays out what Sphinx reads; returns the number of chapters. */
async function prepare(repository?: string): Promise<number> {
  rmSync(SOURCE, { recursive: true, force: true });
  for (const folder of ["_static", "extra/notebooks"]) mkdirSync(join(SOURCE, folder), { recursive: true });
  const names = readdirSync(NOTEBOOKS).filter((name) => name.endsWith(".ipynb")).sort();
  if (names.length === 0) throw new SetupError(`There is no notebook in ${NOTEBOOKS}.`);
  const chapters = new Map<string, Notebook>();
  for (const name of names) {
    const notebook = readNotebook(join(NOTEBOOKS, name));
    chapters.set(name.replace(/\.ipynb$/, ""), notebook);
    writeNotebook(join(SOURCE, name), toPage(notebook, pictureKeeper(name.replace(/\.ipynb$/, ""))));
    writeNotebook(join(SOURCE, "extra", "notebooks", name), notebook);
  }
  for (const folder of ["images", "progs"]) {
    if (existsSync(join(NOTEBOOKS, folder))) cpSync(join(NOTEBOOKS, folder), join(SOURCE, folder), { recursive: true });
  }
  for (const file of ["conf.py", "play.md"]) cpSync(here(file), join(SOURCE, file));
  cpSync(here("live/embed.html"), join(SOURCE, "extra", "embed.html"));
  for (const asset of ["figures.css", "figures.js"]) cpSync(here(asset), join(SOURCE, "_static", asset));
  writeFileSync(join(SOURCE, "_static", "fonts.css"), fontsCss("fonts"));
  for (const file of FONT_FILES) cpSync(file, join(SOURCE, "_static", "fonts", basename(file)));
  if (!existsSync(PLOTLY)) throw new SetupError("plotly.js is not there yet. Run: npx -y deno@2.8.1 install");
  cpSync(PLOTLY, join(SOURCE, "_static", "plotly.min.js"));
  const { markdown, pictures } = await frontDoor(PROJECT, chapters, repository);
  writeFileSync(join(SOURCE, "index.md"), markdown);
  mkdirSync(join(SOURCE, "_static", "chapters"));
  for (const [name, bytes] of pictures) writeFileSync(join(SOURCE, "_static", "chapters", name), bytes);
  await bundleLive(PROJECT, join(SOURCE, "_static", "live"));
  return names.length;
}

async function build(repository?: string): Promise<void> {
  if (!await isComplete(SPHINX)) {
    const python = await step("Python", () => findPython());
    await step("Sphinx", (detail) => makeEnvironment(SPHINX, python, detail));
  }
  const chapters = await step("chapters", () => prepare(repository));
  await step("site", async () => {
    rmSync(BUILT, { recursive: true, force: true });
    const args = ["-m", "sphinx", "-b", "html", "-q", "-d", join(BUILT, "doctrees"), SOURCE, join(BUILT, "html")];
    const { code, stderr } = await runCommand(pythonOf(SPHINX.folder), args);
    if (stderr.trim() !== "") console.error(stderr.trim());
    if (code !== 0) throw new SetupError("Sphinx could not build the book; its last words stand above.");
    rmSync(join(BUILT, "html", ".buildinfo"), { force: true });
    rmSync(SITE, { recursive: true, force: true });
    await writeReference(join(BUILT, "html", "api"));
    await writeServiceWorker(join(BUILT, "html"));
    renameSync(join(BUILT, "html"), SITE);
  });
  console.log(`${chapters} chapters: ${join(SITE, "index.html")}`);
}

/** The library's reference, which `deno doc` makes of the comments. */
async function writeReference(folder: string): Promise<void> {
  const args = ["doc", "--html", "--name=Interleave", `--output=${folder}`, join(PROJECT, "lib", "mod.ts")];
  const { code, stderr } = await runCommand(Deno.execPath(), args);
  if (code !== 0) throw new SetupError(`deno doc could not write the reference: ${stderr.trim()}`);
}

export const command = ({ Command }: Commander): Command =>
  new Command("deno task book")
    .description(
      "Writes the chapters as a static site, site/, whose cells can be edited and run in the page where it is served. " +
        "The first time fetches Sphinx into .cache/book.",
    )
    .option("--repository <url>", "where the project is, for links to Binder, Codespaces and the source")
    .action(async ({ repository }: { repository?: string }) => {
      try {
        await build(repository?.replace(/\/$/, ""));
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        console.error(`\n${error.message}`);
        process.exitCode = 1;
      }
    });

if (import.meta.main) await runTask(command);
