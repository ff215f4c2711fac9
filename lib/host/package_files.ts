/** Files of other packages that are read, not imported: WebAssembly, a script that is run in a document of its own. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/**
 * @param name as `require` resolves it: `@resvg/resvg-wasm/index_bg.wasm`
 * @returns its bytes; undefined only in a page that was not given it
 */
export const packageFile = (name: string): Uint8Array | undefined =>
  new Uint8Array(readFileSync(createRequire(import.meta.url).resolve(name)));

/** Whether there is such a file, as far as is known without reading it. */
export const hasPackageFile = (_name: string): boolean => true;
