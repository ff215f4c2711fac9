/** Compiles with clang as WebAssembly in a thread of its own, which ends with the answer or when the time is up. */
import { existsSync } from "node:fs";
import process from "node:process";
import { startThread } from "../host/workers.ts";
import type { Listing } from "./compile.ts";
import type { Compiler } from "./compiler.ts";
import { kernelHeader } from "./kernel_header.ts";
import { headersBeyond } from "./listing.ts";
import { askForObject } from "./wasm_answer.ts";
import type { FoundHeaders } from "./wasm_clang.ts";
import { loadWasmClang } from "./wasm_package.ts";

/** @throws CompileError when the listing is refused, or the time is up */
export async function compileInThread(compiler: Compiler, listing: Listing): Promise<Uint8Array> {
  const clang = await loadWasmClang(compiler), found = findHeaders(listing);
  const thread = startThread(new URL("./wasm_worker.ts", import.meta.url));
  try {
    return await askForObject((job) => thread.ask(job), { clang, listing, found });
  } finally {
    thread.terminate();
  }
}

/** What the listing includes beyond the reader's headers and ours. */
function findHeaders({ traits, source }: Listing): FoundHeaders {
  const systemFolders = systemHeaderFolders();
  return {
    kernelHeader: traits.wantsVmlinux ? new TextEncoder().encode(kernelHeader()) : undefined,
    system: headersBeyond(source, traits.localHeaders, systemFolders),
    systemFolders,
  };
}

/** For listings that include what our headers lack (<linux/if_ether.h>): the system's, after all others. */
export function systemHeaderFolders(): string[] {
  if (process.platform !== "linux") return [];
  const triple = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  return ["/usr/include", `/usr/include/${triple}`].filter((folder) => existsSync(folder));
}
