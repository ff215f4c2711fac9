/** Our own `vmlinux.h`: every type of a 6.18 kernel, kept compressed and unpacked where it is first wanted. */
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { assetBytes } from "../host/assets.ts";
import { sha256Hex } from "../host/hash.ts";
import { cacheFolder } from "./folders.ts";

/** `deno task kernel-header` writes it. */
export const packedKernelHeader: string = join(dirname(fileURLToPath(import.meta.url)), "vmlinux.h.br");

const DIGITS = 16;
let key: string | undefined;

/** Tells one header from another, for the names of what is compiled with it. */
export function kernelHeaderKey(): string {
  return key ??= sha256Hex(assetBytes("compile/vmlinux.h.br")).slice(0, DIGITS);
}

/** The text of the header. */
export const kernelHeader = (): string => brotliDecompressSync(assetBytes("compile/vmlinux.h.br")).toString();

/** A folder that holds the header as `vmlinux.h`. */
export async function kernelHeaderFolder(): Promise<string> {
  const folder = join(cacheFolder(), "kernel-header", kernelHeaderKey()), path = join(folder, "vmlinux.h");
  if (existsSync(path)) return folder;
  await mkdir(folder, { recursive: true });
  // Another process may be at it: whoever reads sees all of it or nothing.
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, kernelHeader());
  await rename(temporary, path);
  return folder;
}
