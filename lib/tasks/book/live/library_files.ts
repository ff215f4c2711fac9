/** What comes with the library, for a worker of the site: small texts at once, larger files when they are asked for. */
import { provideAssetLater, provideAssets } from "../../../host/page.ts";
import type { AssetIndex } from "./messages.ts";

/** The address of a file beside the worker's script. */
export const beside = (name: string): URL => new URL(name, globalThis.location.href);

export async function fetched(name: string): Promise<Response> {
  const response = await fetch(beside(name));
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response;
}

/** At once, as code that reads a file of the library cannot wait: only a worker may do so. */
export function fetchedNow(name: string): Uint8Array {
  const request = new XMLHttpRequest();
  request.open("GET", beside(name), false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`${name}: ${request.status} ${request.statusText}`);
  return new Uint8Array(request.response);
}

export function provideLibrary({ texts, later }: AssetIndex): void {
  provideAssets({ texts });
  for (const [name, address] of Object.entries(later)) provideAssetLater(name, () => fetchedNow(address));
}
