/** The two editions of the book: what the Chinese one is made of, and what leads from one to the other. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { denoKernel } from "../../jupyter/client.ts";
import { executeNotebook } from "../../jupyter/execute.ts";
import { type Cell, type Notebook, readNotebook, writeNotebook } from "../../jupyter/notebook_file.ts";
import { type Catalogue, useCatalogue } from "../../words/translation.ts";
import { catalogueOf, translations } from "../messages/catalogue.ts";
import { type Entry, readCatalogue } from "../messages/catalogue_file.ts";
import { inRunOrder, isExecuted, writeChineseNotebooks } from "../messages/chinese_notebooks.ts";
import { translateMarkdown } from "../messages/markdown_texts.ts";
import { CATALOGUES, LIBRARY_CATALOGUES } from "../messages/sources.ts";
import { PROJECT } from "../lab/places.ts";

export type Edition = "en" | "zh";

/** A busy computer that builds the site may take its time for a cell. */
const CELL_LIMIT_SECONDS = 900;

const entriesOf = (project: string, name: string): Entry[] => readCatalogue(join(project, CATALOGUES, `${name}.po`));

/** The words of the site itself. */
export const siteCatalogue = (project: string): Catalogue => catalogueOf(entriesOf(project, "site"));

/** Does work that waits with all texts in Chinese: the library's and the site's. */
export async function inChinese<T>(project: string, work: () => Promise<T>): Promise<T> {
  useCatalogue(catalogueOf([...LIBRARY_CATALOGUES, "site"].flatMap((name) => entriesOf(project, name))));
  try {
    return await work();
  } finally {
    useCatalogue(undefined);
  }
}

/** The Chinese chapters with their outputs: those that have not been run since they changed are run. */
export async function chineseChapters(
  project: string,
  detail: (text: string) => void,
): Promise<ReadonlyMap<string, Notebook>> {
  const paths = writeChineseNotebooks(project).map((path) => join(project, path));
  const all = paths.map((path): [string, Notebook] => [path, readNotebook(path)]);
  const waiting = all.filter(([, notebook]) => !isExecuted(notebook));
  // What gathers the others' findings has to see the new ones.
  const gathering = waiting.length > 0 ? inRunOrder(all).slice(-1) : [];
  const order = inRunOrder([...new Map([...waiting, ...gathering])]);
  for (const [n, [path, notebook]] of order.entries()) {
    detail(`${n + 1} of ${order.length}`);
    const options = { path, argv: denoKernel(process.execPath), cellLimitSeconds: CELL_LIMIT_SECONDS };
    writeNotebook(path, await executeNotebook(notebook, options));
  }
  return new Map(paths.map((path) => [path.replace(/^.*[\\/]|\.ipynb$/g, ""), readNotebook(path)]));
}

/** A page of the site that is Markdown, in an edition. */
export function inEdition(edition: Edition, markdown: string): string {
  if (edition === "en") return markdown;
  const known = translations(entriesOf(PROJECT, "site"));
  return translateMarkdown(markdown, (id) => known.get(id));
}

/** The page that others embed; that of the Chinese edition loads what the English one does. */
export const embedPage = (edition: Edition, html: string): string =>
  edition === "en" ? html : html.replace('lang="en"', 'lang="zh-CN"')
    .replace(/(?=<script src="_static\/live\/page\.js">)/, '<script src="_static/live/words-zh.js"></script>\n    ')
    .replaceAll(/"(_static\/)/g, '"../$1');

const HEADING = /^#{1,6} (.+)$/gm;

/** As docutils makes a heading's address of its text. */
const anchorOf = (title: string): string =>
  title.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^[-0-9]+|-+$/g, "");

/** The Chinese chapter with the English one's addresses at its headings: links hold in both. */
export function withAnchors(chinese: Notebook, english: Notebook): Notebook {
  const anchors = new Map(
    english.cells.map(({ id, source }) => [id, [...source.matchAll(HEADING)].map(([, title]) => anchorOf(title))]),
  );
  const seen = new Set<string>();
  const cells = chinese.cells.map((cell): Cell => {
    if (cell.cell_type !== "markdown") return cell;
    const waiting = [...anchors.get(cell.id) ?? []];
    const source = cell.source.replace(HEADING, (line) => {
      const anchor = waiting.shift();
      if (!anchor || seen.has(anchor)) return line;
      seen.add(anchor);
      return `(${anchor})=\n${line}`;
    });
    return { ...cell, source };
  });
  return { ...chinese, cells };
}

const OTHER = { en: { name: "中文", tag: "zh-CN" }, zh: { name: "English", tag: "en" } } as const;

/** A link to the same page of the other edition, where pages have their icons: on wide screens, and on narrow ones. */
function withSwitch(html: string, edition: Edition, address: string): string {
  const { name, tag } = OTHER[edition];
  const link = `<a class="language-switch" hreflang="${tag}" lang="${tag}" href="${address}">${name}</a>`;
  return html.replaceAll(/<div class="(?:content-icon-container|header-right)">/g, (div) => `${div}\n${link}`)
    .replace("</head>", `<link rel="alternate" hreflang="${tag}" href="${address}">\n</head>`);
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name).slice(folder.length + 1).replaceAll("\\", "/"));

/**
 * Puts the Chinese pages into the folder `zh` of the English ones, where they load what both have from there, and links
 * each page to the other edition's.
 *
 * @param site folder of the English pages
 * @param chinese folder of the Chinese ones, which is moved
 */
export function joinEditions(site: string, chinese: string): void {
  const isPage = (name: string) => name.endsWith(".html") && name !== "embed.html" && !name.includes("/");
  const same = new Set(
    filesIn(join(chinese, "_static")).filter((name) => {
      const english = join(site, "_static", name);
      return existsSync(english) && readFileSync(english).equals(readFileSync(join(chinese, "_static", name)));
    }),
  );
  for (const name of same) rmSync(join(chinese, "_static", name));
  const isShared = (name: string) => same.has(name) || name.startsWith("live/");
  for (const page of readdirSync(chinese).filter(isPage)) {
    const html = readFileSync(join(chinese, page), "utf8").replaceAll(
      /(href|src)="_static\/([^"?]+)/g,
      (whole, attribute, name) => isShared(name) ? `${attribute}="../_static/${name}` : whole,
    );
    writeFileSync(join(chinese, page), withSwitch(html, "zh", `../${page}`));
  }
  for (const page of readdirSync(site).filter((name) => isPage(name) && existsSync(join(chinese, name)))) {
    writeFileSync(join(site, page), withSwitch(readFileSync(join(site, page), "utf8"), "en", `zh/${page}`));
  }
  renameSync(chinese, join(site, "zh"));
}
