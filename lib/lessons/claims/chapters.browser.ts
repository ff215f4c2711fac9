/** The chapters of the book that a page was given among its files. */
import { basename, relativePath } from "../../host/paths.browser.ts";
import { providedFiles } from "../../host/provided.ts";
import type { Notebook } from "../../jupyter/notebook_file.ts";
import type { Chapter } from "./chapters.ts";

export type { Chapter };

export function chapters(folder: string): Chapter[] {
  const beginning = relativePath(folder) === "" ? "" : `${relativePath(folder)}/`;
  return providedFiles.names()
    .filter((path) => path.endsWith(".ipynb") && path === beginning + basename(path)).sort()
    .map((path) => ({ name: basename(path), notebook: JSON.parse(providedFiles.text(path)!) as Notebook }));
}
