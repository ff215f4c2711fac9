/** Runs the C compiler on a listing. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../host/run_command.ts";
import { languageFlags, ownFiles } from "./clang_flags.ts";
import type { Listing } from "./compile.ts";
import { CompileError, parseDiagnostics } from "./compile_error.ts";
import { type Compiler, CompilerMissingError, findCompiler } from "./compiler.ts";
import { headersFolder } from "./folders.ts";
import { kernelHeaderFolder } from "./kernel_header.ts";
import { compileInThread, systemHeaderFolders } from "./wasm_thread.ts";

export { type Compiler, CompilerMissingError, findCompiler };

/**
 * @throws CompileError when the compiler refuses the listing
 * @throws CompilerMissingError when the compiler is gone
 */
export async function compileWith(compiler: Compiler, listing: Listing): Promise<Uint8Array> {
  if (compiler.isWebAssembly) return await compileInThread(compiler, listing);
  const folder = await mkdtemp(join(tmpdir(), "interleave-"));
  try {
    await writeFile(join(folder, listing.file), listing.source);
    for (const [name, text] of Object.entries(ownFiles(listing.traits))) await writeFile(join(folder, name), text);
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
function flags(listing: Listing, folder: string, kernelHeader: string | undefined): string[] {
  const { includeDirs: reader, includeFiles: included } = listing, system = systemHeaderFolders();
  return [
    ...["-O2", "-g", `-mcpu=${listing.cpu}`, "-fno-color-diagnostics"],
    // The same bytes from the same text, in whatever folder.
    ...["-fdebug-compilation-dir=.", `-ffile-prefix-map=${folder}=.`, `-ffile-prefix-map=${headersFolder}=include`],
    ...languageFlags(listing, { listing: folder, headers: headersFolder, kernelHeader, reader, included, system }),
  ];
}
