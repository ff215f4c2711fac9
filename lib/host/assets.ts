/** What lib/ reads beside its modules: one way in, whether there are files (here) or a bundle (assets.browser.ts). */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { providedAssets } from "./provided.ts";

const urlOf = (name: string) => new URL(`../${name}`, import.meta.url);

/**
 * A text that comes with the library.
 *
 * @param name path below `lib/`, such as `cost/accuracy.json`
 */
export const assetText = (name: string): string => providedAssets.text(name) ?? readFileSync(urlOf(name), "utf8");

/** The bytes of a file that comes with the library. */
export const assetBytes = (name: string): Uint8Array =>
  providedAssets.bytes(name) ?? new Uint8Array(readFileSync(urlOf(name)));

/** Names of the files in a folder and below, relative to the folder, in no order. */
export function assetNames(folder: string): string[] {
  const provided = providedAssets.names().filter((name) => name.startsWith(`${folder}/`));
  if (provided.length > 0) return provided.map((name) => name.slice(folder.length + 1));
  return readdirSync(fileURLToPath(urlOf(folder)), { recursive: true }).map((name) =>
    String(name).replaceAll("\\", "/")
  );
}

/** Where the library's own modules lie, as stacks name them: as an address, and as a path. */
export const libraryPlaces = (): readonly string[] => [urlOf("").href, fileURLToPath(urlOf(""))];
