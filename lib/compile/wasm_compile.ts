/** A listing becomes an object by clang as WebAssembly and our own back end. */
import { generate } from "../codegen/generate.ts";
import { writeObject } from "../codegen/object/write_object.ts";
import { ImpossibleError, UnsupportedError } from "../codegen/unsupported.ts";
import { platform } from "../host/environment.ts";
import { IrSyntaxError } from "../llvm/lexer.ts";
import { Metadata, type MetadataNode } from "../llvm/metadata.ts";
import type { Module } from "../llvm/module.ts";
import { parseModule } from "../llvm/parse_module.ts";
import type { Listing } from "./compile.ts";
import { CompileError, type Diagnostic } from "./compile_error.ts";
import { compilerFiles, type FoundHeaders, optimisedIr, type WasmClang } from "./wasm_clang.ts";

/**
 * @returns the bytes of the object
 * @throws CompileError when clang refuses the listing, or our back end does not know what it made of it
 */
export async function compileInWasm(clang: WasmClang, listing: Listing, found: FoundHeaders): Promise<Uint8Array> {
  const files = compilerFiles(clang, listing, found), ir = await optimisedIr(clang, listing, found, files);
  // As debug metadata names them: `./include/bpf/bpf_helpers.h`.
  const sourceText = (file: string) => {
    const bytes = files.get(file.replace(/^(\.\/)+/, ""));
    return bytes && new TextDecoder().decode(bytes);
  };
  let module: Module | undefined;
  try {
    module = parseModule(ir);
    return writeObject(module, generate(module), sourceText);
  } catch (error) {
    const told = diagnosticOf(error, module, listing);
    if (!told) throw error;
    throw new CompileError(listing.name, [told], clang.name, listing.source);
  }
}

function diagnosticOf(error: unknown, module: Module | undefined, listing: Listing): Diagnostic | undefined {
  if (error instanceof IrSyntaxError) {
    return { severity: "error", message: `${error.message}; ${OTHER_COMPILER}`, line: 0, column: 0 };
  }
  if (!(error instanceof UnsupportedError) || !module) return undefined;
  const message = error instanceof ImpossibleError
    ? error.reason
    : `${error.reason} is not supported; ${OTHER_COMPILER}`;
  return { severity: "error", message, ...placeOf(error, module, listing) };
}

const OTHER_COMPILER = platform === "browser"
  ? "a page's own compiler does not know it: npx -y deno@2.8.1 task serve compiles with the clang of your computer"
  : "this compiler stands in where there is no clang: install clang, or set INTERLEAVE_CLANG=zig";

/** The line of the listing: of code out of a header, the line that calls it. */
function placeOf(error: UnsupportedError, module: Module, listing: Listing): { line: number; column: number } {
  const metadata = new Metadata(module.metadata);
  const fn = module.functions.find(({ name }) => name === error.functionName);
  const subprogram = fn?.subprogram === undefined ? undefined : metadata.get(fn.subprogram);
  let location = error.location === undefined ? undefined : metadata.get(error.location);
  const isListings = (node: MetadataNode | undefined) => node?.node("file")?.text("filename") === listing.file;
  while (location && (!isListings(location.node("scope")) || location.number("line") === 0)) {
    location = location.node("inlinedAt");
  }
  if (location) return { line: location.number("line"), column: Math.max(1, location.number("column")) };
  return isListings(subprogram) ? { line: subprogram!.number("line"), column: 1 } : { line: 0, column: 0 };
}
