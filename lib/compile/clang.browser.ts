/** A page has no C compiler of its own: it runs the listings whose objects it was given, or asks one that was provided. */
import { providedCompiler } from "../host/provided.ts";
import type { Listing } from "./compile.ts";
import { CompileError, type Diagnostic } from "./compile_error.ts";
import type { Compiler } from "./compiler.ts";
import { CompilerMissingError } from "./compiler_missing.ts";

export { type Compiler, CompilerMissingError };

const MISSING =
  "a page cannot compile C. Here run the listings of the book, word for word, and objects (bpf.object). " +
  "To run this text: npx -y deno@2.8.1 task start, in a checkout of the project; " +
  "or task serve, whose pages compile with the clang of this computer";

export async function findCompiler(): Promise<Compiler> {
  const name = await providedCompiler()?.name();
  if (name === undefined) throw new CompilerMissingError(MISSING);
  return { name, command: "", args: [], env: {} };
}

export async function compileWith(compiler: Compiler, listing: Listing): Promise<Uint8Array> {
  const asked = providedCompiler(), { name, source, defines, cpu, traits } = listing;
  if (!asked) throw new CompilerMissingError(MISSING);
  const headers = Object.fromEntries(traits.localHeaders.map(({ path, text }) => [path, text]));
  const answer = await asked.compile({ name, source, headers, defines, cpu });
  if ("object" in answer) return answer.object;
  if ("refused" in answer) throw new CompilerMissingError(answer.refused);
  throw new CompileError(name, answer.diagnostics as readonly Diagnostic[], compiler.name, source);
}
