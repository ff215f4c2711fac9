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
import { readNotebook, writeNotebook } from "../../jupyter/notebook_file.ts";
import { titleOf, toPage } from "./chapter.ts";
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

/** Lays out what Sphinx reads; returns the number of chapters. */
async function prepare(): Promise<number> {
  rmSync(SOURCE, { recursive: true, force: true });
  for (const folder of ["_static", "extra/notebooks"]) mkdirSync(join(SOURCE, folder), { recursive: true });
  const names = readdirSync(NOTEBOOKS).filter((name) => name.endsWith(".ipynb")).sort();
  if (names.length === 0) throw new SetupError(`There is no notebook in ${NOTEBOOKS}.`);
  const titles: string[] = [];
  for (const name of names) {
    const notebook = readNotebook(join(NOTEBOOKS, name));
    titles.push(titleOf(notebook, name));
    writeNotebook(join(SOURCE, name), toPage(notebook));
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
  writeFileSync(join(SOURCE, "index.md"), contents(names, titles));
  await bundleLive(PROJECT, join(SOURCE, "_static", "live"));
  return names.length;
}

function contents(names: string[], titles: string[]): string {
  const how = "Where this site is served, every cell can be changed and run in its page.";
  const list = names.map((name, i) => `- [${titles[i]}](${name})`).join("\n");
  const entries = names.map((name) => name.replace(/\.ipynb$/, "")).join("\n");
  return `# Interleave\n\nA laboratory for eBPF concurrency. ${how}\n\n` +
    `${list}\n\n\`\`\`{toctree}\n:hidden:\n:maxdepth: 1\n\n${entries}\nplay\n\`\`\`\n`;
}

async function build(): Promise<void> {
  if (!await isComplete(SPHINX)) {
    const python = await step("Python", () => findPython());
    await step("Sphinx", (detail) => makeEnvironment(SPHINX, python, detail));
  }
  const chapters = await step("chapters", () => prepare());
  await step("site", async () => {
    rmSync(BUILT, { recursive: true, force: true });
    const args = ["-m", "sphinx", "-b", "html", "-q", "-d", join(BUILT, "doctrees"), SOURCE, join(BUILT, "html")];
    const { code, stderr } = await runCommand(pythonOf(SPHINX.folder), args);
    if (stderr.trim() !== "") console.error(stderr.trim());
    if (code !== 0) throw new SetupError("Sphinx could not build the book; its last words stand above.");
    rmSync(join(BUILT, "html", ".buildinfo"), { force: true });
    rmSync(SITE, { recursive: true, force: true });
    await writeServiceWorker(join(BUILT, "html"));
    renameSync(join(BUILT, "html"), SITE);
  });
  console.log(`${chapters} chapters: ${join(SITE, "index.html")}`);
}

export const command = ({ Command }: Commander): Command =>
  new Command("deno task book")
    .description(
      "Writes the chapters as a static site, site/, whose cells can be edited and run in the page where it is served. " +
        "The first time fetches Sphinx into .cache/book.",
    )
    .action(async () => {
      try {
        await build();
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        console.error(`\n${error.message}`);
        process.exitCode = 1;
      }
    });

if (import.meta.main) await runTask(command);
