/** The chapters of the book, with their outputs. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Notebook, readNotebook } from "../../jupyter/notebook_file.ts";

export interface Chapter {
  /** File name. */
  readonly name: string;
  readonly notebook: Notebook;
}

/** The notebooks of a folder, by name. */
export const chapters = (folder: string): Chapter[] =>
  readdirSync(folder).filter((file) => file.endsWith(".ipynb")).sort()
    .map((name) => ({ name, notebook: readNotebook(join(folder, name)) }));
