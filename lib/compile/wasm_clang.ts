/**
 * clang as WebAssembly (npm `@yowasp/clang`): a listing becomes optimised LLVM IR. The package has no back end for BPF;
 * `codegen/` is ours. When a package with one appears, this file, `wasm_package.ts`, `codegen/` and `llvm/` are to be
 * deleted, and the new package runs behind `clang.ts` as any other clang does.
 */
import { assetBytes, assetNames } from "../host/assets.ts";
import { languageFlags, ownFiles } from "./clang_flags.ts";
import type { Listing } from "./compile.ts";
import { CompileError, parseDiagnostics } from "./compile_error.ts";
import { runWasi } from "./wasi.ts";

/** The compiler out of the package. */
export interface WasmClang {
  /** For messages and cache keys, e.g. `clang 22.1.0 as WebAssembly, back end 1`. */
  readonly name: string;
  readonly module: WebAssembly.Module;
  /** clang's own headers by name: `stdarg.h`. */
  readonly builtinHeaders: ReadonlyMap<string, string>;
}

/** Headers beside those of the project, by path. */
export interface FoundHeaders {
  /** Text of our `vmlinux.h`, when the listing wants it. */
  readonly kernelHeader: Uint8Array | undefined;
  /** The system's, for listings that include what our headers lack; and the folders in which they were found. */
  readonly system: ReadonlyMap<string, string>;
  readonly systemFolders: readonly string[];
}

const HEADERS = "include", KERNEL = "kernel", HOST = "host", RESOURCES = "clang";

/**
 * Front end and optimiser, as `clang -target bpfel -O2 -g` would run them.
 *
 * @returns LLVM IR as text
 * @throws CompileError when clang refuses the listing
 */
export async function optimisedIr(
  clang: WasmClang,
  listing: Listing,
  found: FoundHeaders,
  files: CompilerFiles,
): Promise<string> {
  const args = ["llvm", "clang", "-cc1", ...frontEndFlags(listing, found), "-o", "-", "-x", "c", listing.file];
  const { status, stdout, stderr } = await runWasi(clang.module, args, files);
  if (status === 0) return stdout;
  const told = parseDiagnostics(stderr, listing.file);
  const words = stderr.trim().split("\n")[0] || `the compiler ended with status ${status}`;
  const diagnostics = told.some((one) => one.severity === "error")
    ? told
    : [{ severity: "error" as const, message: words, line: 0, column: 0 }];
  throw new CompileError(listing.name, diagnostics, clang.name, listing.source);
}

/** Of the front end itself: starting it through the driver would start it twice. */
function frontEndFlags(listing: Listing, { kernelHeader, systemFolders }: FoundHeaders): string[] {
  return [
    ...["-triple", "bpfel", "-target-cpu", listing.cpu, "-main-file-name", listing.file, "-O2", "-emit-llvm"],
    ...["-mrelocation-model", "static", "-mframe-pointer=all", "-fgnuc-version=4.2.1", "-resource-dir", RESOURCES],
    // The front end knows nothing of BPF's costs: it would make tables of switches, where clang for BPF compares.
    "-fno-jump-tables",
    // As much debug information as -g asks for: BTF and lines are made of it.
    ...["-debug-info-kind=constructor", "-dwarf-version=5", "-fdebug-compilation-dir=.", "-ferror-limit", "19"],
    // Newer versions refuse these by default; those that most computers have warn (clang 14, 15, 22: release notes).
    ...["int-conversion", "incompatible-function-pointer-types", "incompatible-pointer-types"]
      .map((warning) => `-Wno-error=${warning}`),
    ...languageFlags(listing, {
      listing: ".",
      headers: HEADERS,
      kernelHeader: kernelHeader === undefined ? undefined : KERNEL,
      reader: listing.includeDirs.map(virtualPath),
      included: listing.includeFiles.map(virtualPath),
      system: systemFolders.map(virtualPath),
    }),
  ];
}

/** What the compiler reads, by path from its root. */
export type CompilerFiles = ReadonlyMap<string, Uint8Array>;

let ours: [string, Uint8Array][] | undefined;

export function compilerFiles(
  clang: WasmClang,
  listing: Listing,
  { kernelHeader, system }: FoundHeaders,
): CompilerFiles {
  ours ??= assetNames("compile/include").filter((name) => name.endsWith(".h"))
    .map((name) => [`${HEADERS}/${name}`, assetBytes(`compile/include/${name}`)]);
  const files = new Map(ours), encoder = new TextEncoder();
  const add = (path: string, text: string) => files.set(path, encoder.encode(text));
  for (const [name, text] of clang.builtinHeaders) add(`${RESOURCES}/include/${name}`, text);
  if (kernelHeader) files.set(`${KERNEL}/vmlinux.h`, kernelHeader);
  for (const [path, text] of system) add(virtualPath(path), text);
  for (const { path, text } of listing.traits.localHeaders) add(virtualPath(path), text);
  for (const [name, text] of Object.entries(ownFiles(listing.traits))) add(name, text);
  add(listing.file, listing.source);
  return files;
}

/** A path of this computer, as it is called among the compiler's files. */
const virtualPath = (path: string): string =>
  [HOST, ...path.split(/[/\\]/).map((part) => part.replace(":", "")).filter((part) => part !== "")].join("/");
