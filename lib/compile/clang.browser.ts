/** A page has no C compiler: it runs the listings whose objects it was given. */
import type { Listing } from "./compile.ts";
import type { Compiler } from "./compiler.ts";
import { CompilerMissingError } from "./compiler_missing.ts";

export { type Compiler, CompilerMissingError };

const MISSING =
  "a page cannot compile C. Here run the listings of the book, word for word, and objects (bpf.object). " +
  "To run this text: npx -y deno@2.8.1 task start, in a checkout of the project";

export const findCompiler = (): Promise<Compiler> => Promise.reject(new CompilerMissingError(MISSING));

export const compileWith = (_compiler: Compiler, _listing: Listing): Promise<Uint8Array> =>
  Promise.reject(new CompilerMissingError(MISSING));
