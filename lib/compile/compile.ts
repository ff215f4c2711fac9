/** C listing -> object bytes. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import { CompileError, parseDiagnostics } from "./compile_error.ts";
import { type Compiler, CompilerMissingError, findCompiler } from "./compiler.ts";
import { headersFolder } from "./folders.ts";
import { kernelHeaderFolder, kernelHeaderKey } from "./kernel_header.ts";
import { inspectListing, type ListingTraits } from "./listing.ts";
import { cachedObject, contentKey, keepObject, shippedObject, shippedRefusal } from "./object_cache.ts";
import { runCommand } from "../host/run_command.ts";

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
}

const DEFAULT_NAME = "the listing";
/** Every kernel since 5.12 has it, and so does every clang since 12. */
const DEFAULT_CPU = "v3";
const COMPILE_MS = 120_000;

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

interface Listing {
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
}

function prepare(text: string, options: CompileOptions): Listing {
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
  return { name, source, file, key, traits, includeDirs, defines, includeFiles, cpu };
}

const wantedCpu = (source: string): string | undefined => /^\s*(?:\/\/|\/?\*).*-mcpu=(v[1-4])\b/m.exec(source)?.[1];

async function compileWith(compiler: Compiler, listing: Listing): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "interleave-"));
  try {
    await writeFile(join(folder, listing.file), listing.source);
    await writeOwnFunctions(folder, listing.traits);
    const kernelHeader = listing.traits.wantsVmlinux ? await kernelHeaderFolder() : undefined;
    const args = [...compiler.args, ...flags(listing, folder, kernelHeader), "-c", listing.file, "-o", "listing.o"];
    const result = await runCommand(compiler.command, args, { cwd: folder, env: compiler.env, timeoutMs: COMPILE_MS });
    if (!result) throw new CompilerMissingError(`${compiler.name} is gone: ${compiler.command}`);
    if (result.status !== 0) {
      const found = parseDiagnostics(result.stderr, listing.file);
      const words = result.stderr.trim().split("\n")[0] || `the compiler ended with status ${result.status}`;
      const diagnostics = found.some((one) => one.severity === "error")
        ? found
        : [{ severity: "error" as const, message: words, line: 0, column: 0 }];
      throw new CompileError(listing.name, diagnostics, compiler.name, listing.source);
    }
    return new Uint8Array(await readFile(join(folder, "listing.o")));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param folder where the compiler runs
 * @param kernelHeader where our `vmlinux.h` is, for a listing that wants it
 */
function flags(
  { traits, includeDirs, defines, includeFiles, cpu }: Listing,
  folder: string,
  kernelHeader: string | undefined,
): string[] {
  const ours = traits.ownTypes.map((name) => `-DINTERLEAVE_OWN_${name}`);
  if (!traits.hasLicense) ours.push("-DINTERLEAVE_NO_LICENSE");
  if (traits.ownFunctions.length + traits.ownKfuncs.length > 0) ours.push("-DINTERLEAVE_OWN_FUNCTIONS");
  if (traits.hasKernelTypes || traits.wantsVmlinux) ours.push("-DINTERLEAVE_KERNEL_TYPES");
  if (traits.hasVmlinux || traits.wantsVmlinux) ours.push("-DINTERLEAVE_VMLINUX");
  const first = traits.hasKernelTypes || traits.hasHelpers
    ? includeFiles
    : [...(kernelHeader ? ["vmlinux.h"] : []), "interleave.h", ...includeFiles];
  return [
    ...["-std=gnu11", "-O2", "-g", `-mcpu=${cpu}`, "-fno-color-diagnostics"],
    // The same bytes from the same text, in whatever folder.
    ...["-fdebug-compilation-dir=.", `-ffile-prefix-map=${folder}=.`, `-ffile-prefix-map=${headersFolder}=include`],
    // An undeclared function would become a call of nothing; a macro of ours that the listing has too is fine.
    ...["-Werror=implicit-function-declaration", "-Wno-macro-redefined"],
    // Registers in contexts are those of x86-64; projects ask for the name that libbpf's makefiles give.
    ...[...ours, "-D__TARGET_ARCH_x86", ...defines.map((macro) => `-D${macro}`)],
    ...includeDirs.flatMap((dir) => ["-iquote", dir, "-I", dir]),
    ...["-iquote", folder, ...(kernelHeader ? ["-I", kernelHeader] : []), "-I", headersFolder],
    ...systemHeaders(),
    ...first.flatMap((file) => ["-include", file]),
  ];
}

/** For listings that include what our headers lack (<linux/if_ether.h>): the system's, after all others. */
function systemHeaders(): string[] {
  if (process.platform !== "linux") return [];
  const triple = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  return ["/usr/include", `/usr/include/${triple}`].filter((dir) => existsSync(dir)).flatMap((
    dir,
  ) => ["-idirafter", dir]);
}

/**
 * Helpers and kernel functions that the listing declares itself get another name while our header declares its own;
 * a kernel function may be called like a struct (bpf_res_spin_lock), which keeps its name.
 */
async function writeOwnFunctions(folder: string, { ownFunctions, ownKfuncs }: ListingTraits): Promise<void> {
  const kfuncs = ownKfuncs.filter((name) => !ownFunctions.includes(name));
  const begin = [
    ...ownFunctions.map((name) => `#define ${name} interleave_own_${name}\n`),
    ...kfuncs.map((name) => `#define ${name}(...) interleave_own_${name}(__VA_ARGS__)\n`),
  ];
  const end = [...ownFunctions, ...kfuncs].map((name) => `#undef ${name}\n`);
  await writeFile(join(folder, "own_functions_begin.h"), begin.join(""));
  await writeFile(join(folder, "own_functions_end.h"), end.join(""));
}
