/** Files by path in a page: those that were provided. */
import { providedFiles } from "./provided.ts";
import { relativePath } from "./paths.browser.ts";

export const fileExists = (path: string): boolean => providedFiles.bytes(relativePath(path)) !== undefined;

export function readText(path: string): string {
  return new TextDecoder().decode(readBytesNow(path));
}

export function readBytesNow(path: string): Uint8Array {
  const bytes = providedFiles.bytes(relativePath(path));
  if (bytes) return bytes;
  throw Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: "ENOENT", path });
}

export const readBytes = (path: string): Promise<Uint8Array> => new Promise((resolve) => resolve(readBytesNow(path)));

/** A page has none. */
export const readStandardInput = (): Promise<Uint8Array> =>
  Promise.reject(Object.assign(new Error("a page has no standard input"), { code: "ENOENT", path: "-" }));
