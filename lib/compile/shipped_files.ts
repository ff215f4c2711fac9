/** Objects that come with the project, where they are files. */
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { objectFolders } from "./folders.ts";

/** The file whose name ends so. */
export async function shippedFile(ending: string): Promise<Uint8Array | undefined> {
  for (const folder of objectFolders) {
    const name = existsSync(folder) && readdirSync(folder).find((name) => name.endsWith(ending));
    if (name) return new Uint8Array(await readFile(join(folder, name)));
  }
  return undefined;
}
