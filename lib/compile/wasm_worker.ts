/** The thread in which clang runs as WebAssembly, so that it can be stopped. */
import { answerWith } from "../host/workers.ts";
import type { Listing } from "./compile.ts";
import { CompileError, type Diagnostic } from "./compile_error.ts";
import { compileInWasm } from "./wasm_compile.ts";
import type { FoundHeaders, WasmClang } from "./wasm_clang.ts";

export interface CompileJob {
  readonly clang: WasmClang;
  readonly listing: Listing;
  readonly found: FoundHeaders;
}

export type CompileReply =
  | { readonly object: Uint8Array }
  | { readonly diagnostics: readonly Diagnostic[] }
  /** A fault of ours. */
  | { readonly failure: string };

answerWith(async (message): Promise<CompileReply> => {
  const { clang, listing, found } = message as CompileJob;
  try {
    return { object: await compileInWasm(clang, listing, found) };
  } catch (error) {
    if (error instanceof CompileError) return { diagnostics: error.diagnostics };
    return { failure: error instanceof Error ? error.stack ?? error.message : String(error) };
  }
});
