/**
 * Puts clang as WebAssembly into the site: packed, in parts that any host takes (some have a limit of 25 MB a file), each
 * of which a browser fetches once. Their names say nothing of how they are packed, or hosts would unpack them.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { kernelHeader } from "../../../compile/kernel_header.ts";
import { fetchWasmClang, wasmClangFiles } from "../../../compile/wasm_package.ts";
import type { ClangIndex, ClangPart, ClangPlace } from "./messages.ts";

const PART_BYTES = 4 * 1024 * 1024, DIGITS = 12;

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex").slice(0, DIGITS);

/**
 * @param folder of the site's live parts
 * @param cache where the packed module is kept: packing it takes 10 s
 * @returns what the kernel has to know
 * @throws CompilerMissingError without a network, the first time
 */
export async function writeClang(folder: string, cache: string): Promise<ClangPlace> {
  const compiler = await fetchWasmClang(), { module, headers } = await wasmClangFiles(compiler);
  mkdirSync(join(folder, "clang"), { recursive: true });
  const write = (name: string, bytes: Uint8Array): ClangPart => {
    const file = `clang/${digestOf(bytes)}-${name}.bin`;
    writeFileSync(join(folder, file), bytes);
    return { file, bytes: bytes.length };
  };
  const packed = packOnce(module, cache), parts: ClangPart[] = [];
  for (let at = 0; at < packed.length; at += PART_BYTES) {
    parts.push(write("module", packed.subarray(at, at + PART_BYTES)));
  }
  const index: ClangIndex = {
    module: parts,
    headers: write("headers", gzipSync(JSON.stringify(headers), { level: 9 })),
    kernelHeader: write("vmlinux", gzipSync(kernelHeader(), { level: 9 })),
  };
  const text = JSON.stringify(index), file = `clang/${digestOf(new TextEncoder().encode(text))}-index.json`;
  writeFileSync(join(folder, file), text);
  return { name: compiler.name, index: file };
}

function packOnce(module: Uint8Array, cache: string): Uint8Array {
  const kept = join(cache, `${digestOf(module)}.gz`);
  if (!existsSync(kept)) {
    mkdirSync(dirname(kept), { recursive: true });
    writeFileSync(kept, gzipSync(module, { level: 9 }));
  }
  return new Uint8Array(readFileSync(kept));
}
