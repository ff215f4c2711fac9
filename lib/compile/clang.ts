/** Runs the C compiler on a listing. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { runCommand } from "../host/run_command.ts";
import type { Listing } from "./compile.ts";
import { CompileError, parseDiagnostics } from "./compile_error.ts";
import { type Compiler, CompilerMissingError, findCompiler } from "./compiler.ts";
import { headersFolder } from "./folders.ts";
import { kernelHeaderFolder } from "./kernel_header.ts";
import type { ListingTraits } from "./listing.ts";

export { type Compiler, CompilerMissingError, findCompiler };

/**
 * @throws CompileError when the compiler refuses the listing
 * @throws CompilerMissingError when the compiler is gone
 */
export async function compileWith(compiler: Compiler, listing: Listing): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "interleave-"));
  try {
    await writeFile(join(folder, listing.file), listing.source);
    await writeOwnFunctions(folder, listing.traits);
    if (listing.traits.wantsMemcmp) await writeFile(join(folder, MEMCMP_HEADER), MEMCMP);
    const kernelHeader = listing.traits.wantsVmlinux ? await kernelHeaderFolder() : undefined;
    const args = [...compiler.args, ...flags(listing, folder, kernelHeader), "-c", listing.file, "-o", "listing.o"];
    const timeoutMs = listing.limitMs;
    const result = await runCommand(compiler.command, args, { cwd: folder, env: compiler.env, timeoutMs });
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
  // With the kernel's types of its own, but for bool.
  const bool = traits.hasKernelTypes && !traits.hasVmlinux && !traits.ownTypes.includes("bool") ? ["stdbool.h"] : [];
  const first = traits.hasKernelTypes || traits.hasHelpers
    ? [...bool, ...includeFiles]
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
    ...[...(traits.wantsMemcmp ? [MEMCMP_HEADER] : []), ...first].flatMap((file) => ["-include", file]),
  ];
}

/** Compilers that make no instructions of `__builtin_memcmp` call a function of that name: this one. */
const MEMCMP_HEADER = "interleave_memcmp.h";
const MEMCMP =
  `static inline __attribute__((always_inline, unused)) int memcmp(const void *a, const void *b, __SIZE_TYPE__ n)
{
	const unsigned char *x = a, *y = b;
	for (__SIZE_TYPE__ i = 0; i < n; i++)
		if (x[i] != y[i])
			return x[i] - y[i];
	return 0;
}
`;

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
