/**
 * What a page puts in the place of files and of a kernel: `@interleave/interleave/page` in the npm package.
 *
 * @example
 * ```ts
 * import { provideFiles } from "./page.ts";
 * provideFiles({ texts: { "progs/mine.bpf.c": "int counter;" } }); // now bpf.file("progs/mine.bpf.c") finds it
 * ```
 *
 * @module
 */
import { type FileBundle, providedAssets, providedFiles, providedPackageFiles } from "./provided.ts";

export { type FileBundle, type FindObject, type NotebookKernel, provideKernel, provideObjects } from "./provided.ts";
export { type KeptProgress, provideProgress } from "./provided.ts";
export { type CompileAnswer, type CompileRequest, type PageCompiler, provideCompiler } from "./provided.ts";
export { type PageClang, provideClang } from "./provided.ts";

export { type FindThread, provideThreads } from "./workers.browser.ts";

/** Adds files that come with the library, by their paths below `lib/`. The npm package does this itself. */
export const provideAssets = (bundle: FileBundle): void => providedAssets.add(bundle);

/**
 * Adds a file that comes with the library and is read when it is first asked for, at once: in a worker by a synchronous
 * request.
 */
export const provideAssetLater = (name: string, read: () => Uint8Array): void => providedAssets.addLater(name, read);

/** Adds the reader's files, by path: what `bpf.file`, `#include "..."` and `profileNamed` read in a page. */
export const provideFiles = (bundle: FileBundle): void => providedFiles.add(bundle);

/**
 * Adds a file of another package. Pictures as PNG take `@resvg/resvg-wasm/index_bg.wasm`, those of plots
 * `plotly.js-basic-dist-min` (its script) too.
 */
export const providePackageFile = (name: string, bytes: Uint8Array): void => providedPackageFiles.addBytes(name, bytes);
