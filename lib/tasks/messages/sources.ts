/** Which English texts go into which catalogue. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readNotebook } from "../../jupyter/notebook_file.ts";
import { readmeSource } from "./chinese_readme.ts";
import { cellMessages, namesIn } from "./cell_texts.ts";
import { codeMessages } from "./code_texts.ts";
import { markdownMessages } from "./markdown_texts.ts";
import { joinMessages, type Message } from "./message.ts";

/** Where catalogues are, below the project. */
export const CATALOGUES = "locale/zh_CN/LC_MESSAGES";

/** Those that the library reads. */
export const LIBRARY_CATALOGUES = ["library", "check", "lessons"] as const;

/** What is made of them; the site's words are made at the site's building. */
export const LIBRARY_CATALOGUE = "lib/words/catalogues/zh_CN.json";

/** Where a module's texts go. */
function catalogueOfModule(path: string): string | undefined {
  const [, room, part] = path.split("/");
  if (room === "tasks") return part === "book" ? "site" : undefined;
  return room === "check" || room === "lessons" ? room : "library";
}

/** The site's pages that are Markdown. */
const SITE = "lib/tasks/book", SITE_PAGES = [`${SITE}/play.md`];

const isChapter = (name: string): boolean => /^\d\d_\w+\.ipynb$/.test(name);

export const chapterNames = (project: string): string[] =>
  readdirSync(join(project, "notebooks")).filter(isChapter).sort().map((name) => name.replace(/\.ipynb$/, ""));

/** Modules below a folder, in an order that is the same everywhere. */
const modulesIn = (project: string, folder: string): string[] =>
  readdirSync(join(project, folder), { recursive: true }).map((name) => String(name).replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts")).sort().map((name) => `${folder}/${name}`);

const readText = (project: string, path: string): string =>
  readFileSync(join(project, path), "utf8").replaceAll("\r\n", "\n");

const inModules = (project: string, paths: readonly string[]): Message[] =>
  paths.flatMap((path) => codeMessages(readText(project, path), path));

function inChapter(project: string, name: string): Message[] {
  const { cells } = readNotebook(join(project, "notebooks", `${name}.ipynb`));
  const names = namesIn(cells.flatMap(({ cell_type: type, source }) => type === "code" ? [source] : []));
  return cells.flatMap(({ cell_type: type, id, source }) =>
    type === "code"
      ? cellMessages(source, `notebooks/${name}.ipynb:${id}`, names)
      : markdownMessages(source, `notebooks/${name}.ipynb:${id}`)
  );
}

/** Every catalogue's messages, by its name. */
export function allMessages(project: string): Map<string, Message[]> {
  const found = new Map(chapterNames(project).map((name) => [name, joinMessages(inChapter(project, name))]));
  for (const name of [...LIBRARY_CATALOGUES, "site"]) {
    const pages = name === "site" ? SITE_PAGES : [], modules = modulesIn(project, "lib");
    found.set(
      name,
      joinMessages([
        ...pages.flatMap((path) => markdownMessages(readText(project, path), path)),
        ...inModules(project, modules.filter((path) => catalogueOfModule(path) === name)),
      ]),
    );
  }
  found.set("readme", joinMessages(markdownMessages(readmeSource(project), "README.md")));
  return found;
}
