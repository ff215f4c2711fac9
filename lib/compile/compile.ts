/** C listing -> object bytes. */
import { basename, resolve } from "../host/paths.ts";
import { CompileError } from "./compile_error.ts";
import { type Compiler, CompilerMissingError, compileWith, findCompiler } from "./clang.ts";
import { kernelHeaderKey } from "./kernel_header.ts";
import { inspectListing, type ListingTraits } from "./listing.ts";
import { cachedObject, contentKey, keepObject, shippedObject, shippedRefusal } from "./object_cache.ts";

/**
 * How a listing is compiled.
 *
 * @example
 * ```ts
 * import { bpf, type CompileOptions } from "interleave";
 * const options: CompileOptions = { name: "the counter", cpu: "v3" };
 * const counter = await bpf.with(options)`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * if (counter.name !== "the counter") throw new Error("messages call it by its name");
 * ```
 */
export interface CompileOptions {
  /** What messages call the listing. Default `the listing`. */
  readonly name?: string;
  /** Folders in which `#include "..."` and `#include <...>` are looked for, before our own headers. */
  readonly includeDirs?: readonly string[];
  /** Macros, as the compiler's `-D` takes them: `DEBUG`, `LIMIT=64`. */
  readonly defines?: readonly string[];
  /** Files that are read before the listing's first line, as the compiler's `-include` does. */
  readonly includeFiles?: readonly string[];
  /**
   * Instruction set. v4 adds signed division, sign extension, byte swaps, `gotol`, load-acquire and store-release.
   * Default: what a comment of the listing says (`// -mcpu=v4`), else v3.
   */
  readonly cpu?: "v1" | "v2" | "v3" | "v4";
  /** How long the compiler may take, in milliseconds. Default 120,000. */
  readonly limitMs?: number;
}

const DEFAULT_NAME = "the listing";
/** Every kernel since 5.12 has it, and so does every clang since 12. */
const DEFAULT_CPU = "v3";

/**
 * Compiles a listing, or finds the object that it gave before.
 *
 * @param source the C text; lines count from 1 at its first character
 * @throws CompileError when the compiler refuses it
 * @throws CompilerMissingError when it has to be compiled and there is no compiler
 */
export async function compile(source: string, options: CompileOptions = {}): Promise<Uint8Array> {
  const listing = prepare(source, options);
  const shipped = await shippedObject(listing.key);
  if (shipped) return shipped;
  const refusal = await shippedRefusal(listing.key);
  if (refusal) throw new CompileError(listing.name, refusal.diagnostics, refusal.compiler, listing.source);
  let compiler: Compiler;
  try {
    compiler = await findCompiler();
  } catch (error) {
    // Without a compiler, an object that any compiler made of the same text is as good.
    const cached = error instanceof CompilerMissingError ? await cachedObject(listing.key) : undefined;
    if (cached) return cached;
    throw error;
  }
  const cached = await cachedObject(listing.key, compiler.name);
  if (cached) return cached;
  const bytes = await compileWith(compiler, listing);
  await keepObject(listing.key, compiler.name, bytes);
  return bytes;
}

/** Compiles a listing anew, whatever is kept; for `deno task objects`. */
export async function compileAnew(source: string, options: CompileOptions = {}): Promise<Uint8Array> {
  return await compileWith(await findCompiler(), prepare(source, options));
}

/** The name under which the object of a listing is kept; see {@link contentKey}. */
export const listingKey = (source: string, options: CompileOptions = {}): string => prepare(source, options).key;

/** A listing with all that its object depends on. */
export interface Listing {
  readonly name: string;
  readonly source: string;
  /** File name that ends up in line info. */
  readonly file: string;
  readonly key: string;
  readonly traits: ListingTraits;
  readonly includeDirs: readonly string[];
  readonly defines: readonly string[];
  readonly includeFiles: readonly string[];
  readonly cpu: string;
  readonly limitMs: number;
}

const COMPILE_MS = 120_000;

export function prepare(text: string, options: CompileOptions): Listing {
  const source = text.replaceAll("\r\n", "\n");
  const name = options.name ?? DEFAULT_NAME, cpu = options.cpu ?? wantedCpu(source) ?? DEFAULT_CPU;
  const includeDirs = (options.includeDirs ?? []).map((folder) => resolve(folder));
  const includeFiles = (options.includeFiles ?? []).map((file) => resolve(file)), defines = options.defines ?? [];
  const traits = inspectListing(source, includeDirs, includeFiles);
  const key = contentKey([
    source,
    cpu,
    ...traits.localHeaders.map((header) => header.text),
    ...[...defines, ...includeFiles].map((option) => `option ${option}`),
    ...(traits.wantsVmlinux ? [kernelHeaderKey()] : []),
  ]);
  const file = /^[\w.+-]+\.c$/.test(basename(name)) ? basename(name) : "listing.bpf.c";
  const { limitMs = COMPILE_MS } = options;
  return { name, source, file, key, traits, includeDirs, defines, includeFiles, cpu, limitMs };
}

const wantedCpu = (source: string): string | undefined => /^\s*(?:\/\/|\/?\*).*-mcpu=(v[1-4])\b/m.exec(source)?.[1];
