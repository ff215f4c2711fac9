/** What lib/ reads beside its modules, where there are no files: out of the bundle that was provided. */
import { providedAssets } from "./provided.ts";

function missing(name: string): never {
  throw new Error(
    `${name} is not there: import "@interleave/interleave" by its name, which brings it, or provideAssets`,
  );
}

export const assetText = (name: string): string => providedAssets.text(name) ?? missing(name);

export const assetBytes = (name: string): Uint8Array => providedAssets.bytes(name) ?? missing(name);

export const assetNames = (folder: string): string[] =>
  providedAssets.names().filter((name) => name.startsWith(`${folder}/`)).map((name) => name.slice(folder.length + 1));

/** None: a bundle does not tell whose a frame is. */
export const libraryPlaces = (): readonly string[] => [];
