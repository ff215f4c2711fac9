/** The compiler of WebAssembly where it was fetched, for tests that need it. */
import { prepare } from "../../lib/compile/compile.ts";
import type { CompileOptions } from "../../lib/compile/compile.ts";
import { kernelHeader } from "../../lib/compile/kernel_header.ts";
import { compileInWasm } from "../../lib/compile/wasm_compile.ts";
import { fetchedWasmClang, loadWasmClang } from "../../lib/compile/wasm_package.ts";

const compiler = await fetchedWasmClang();

/** Why tests that compile are skipped; undefined where they run. */
export const noWasmClang: string | undefined = compiler
  ? undefined
  : "skipped: the compiler is not fetched; INTERLEAVE_CLANG=wasm deno task -q interleave compile FILE fetches it";

/** Compiles in this thread, whatever is kept. */
export async function compileHere(source: string, options: CompileOptions = {}): Promise<Uint8Array> {
  const listing = prepare(source, options), { wantsVmlinux } = listing.traits;
  const vmlinux = wantsVmlinux ? new TextEncoder().encode(kernelHeader()) : undefined;
  const found = { kernelHeader: vmlinux, system: new Map<string, string>(), systemFolders: [] };
  return await compileInWasm(await loadWasmClang(compiler!), listing, found);
}
