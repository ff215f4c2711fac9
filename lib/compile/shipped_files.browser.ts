/** Objects that come with the project, out of the bundle or fetched one by one. */
import { assetBytes, assetNames } from "../host/assets.ts";
import { providedObject } from "../host/provided.ts";

export function shippedFile(ending: string): Promise<Uint8Array | undefined> {
  const name = assetNames("compile/objects").find((name) => name.endsWith(ending));
  return name === undefined ? providedObject(ending) : Promise.resolve(assetBytes(`compile/objects/${name}`));
}
