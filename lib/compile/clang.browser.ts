/**
 * Where a page finds a C compiler: one elsewhere that was provided, such as that of `deno task serve`, else clang as
 * WebAssembly with our back end, in a thread of the page.
 */
import { providedClang, providedCompiler } from "../host/provided.ts";
import type { Listing } from "./compile.ts";
import { CompileError, type Diagnostic } from "./compile_error.ts";
import type { Compiler } from "./compiler.ts";
import { CompilerMissingError } from "./compiler_missing.ts";

export { type Compiler, CompilerMissingError };

const MISSING =
  "this page has no C compiler. Here run the listings of the book, word for word, and objects (bpf.object). " +
  "To run this text: npx -y deno@2.8.1 task start, in a checkout of the project; " +
  "or task book, whose pages bring a compiler";

export async function findCompiler(): Promise<Compiler> {
  const elsewhere = await providedCompiler()?.name(), name = elsewhere ?? providedClang()?.name;
  if (name === undefined) throw new CompilerMissingError(MISSING);
  return { name, command: "", args: [], env: {}, ...(elsewhere === undefined && { isWebAssembly: true }) };
}

export async function compileWith(compiler: Compiler, listing: Listing): Promise<Uint8Array> {
  // Most readers of a page never compile.
  if (compiler.isWebAssembly) return await (await import("./wasm_thread.ts")).compileInThread(compiler, listing);
  const asked = providedCompiler(), { name, source, defines, cpu, traits } = listing;
  if (!asked) throw new CompilerMissingError(MISSING);
  const headers = Object.fromEntries(traits.localHeaders.map(({ path, text }) => [path, text]));
  const answer = await asked.compile({ name, source, headers, defines, cpu });
  if ("object" in answer) return answer.object;
  if ("refused" in answer) throw new CompilerMissingError(answer.refused);
  throw new CompileError(name, answer.diagnostics as readonly Diagnostic[], compiler.name, source);
}
