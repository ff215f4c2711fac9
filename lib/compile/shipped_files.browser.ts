/** Objects that come with the project, out of the bundle. */
import { assetBytes, assetNames } from "../host/assets.ts";

export function shippedFile(ending: string): Promise<Uint8Array | undefined> {
  const name = assetNames("compile/objects").find((name) => name.endsWith(ending));
  return Promise.resolve(name === undefined ? undefined : assetBytes(`compile/objects/${name}`));
}
