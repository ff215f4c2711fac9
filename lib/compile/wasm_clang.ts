/**
 * clang as WebAssembly (npm `@yowasp/clang`): a listing becomes optimised LLVM IR. The package has no back end for BPF;
 * `codegen/` is ours. When a package with one appears, this file, `wasm_package.ts`, `codegen/` and `llvm/` are to be
 * deleted, and the new package runs behind `clang.ts` as any other clang does.
 */
import { assetNames, assetText } from "../host/assets.ts";
import { languageFlags, ownFiles } from "./clang_flags.ts";
import type { Listing } from "./compile.ts";
import { CompileError, parseDiagnostics } from "./compile_error.ts";

/** Files as the package takes and gives them: folders are objects. */
export interface FileTree {
  [name: string]: FileTree | string | Uint8Array;
}

/** What the package's module exports, as far as it is used. */
export interface WasmClang {
  /** Runs one of LLVM's tools on files of its own; an exit status other than 0 throws its `Exit`. */
  runLLVM(
    args: readonly string[],
    files: FileTree,
    options: {
      readonly stdout: (bytes: Uint8Array | null) => void;
      readonly stderr: (bytes: Uint8Array | null) => void;
      readonly fetchProgress?: () => void;
      /** Whether text comes back as strings: all files are looked through for that. */
      readonly decodeASCII?: boolean;
    },
  ): Promise<FileTree> | FileTree;
}

/** Headers beside those of the project, by path. */
export interface FoundHeaders {
  /** Text of our `vmlinux.h`, when the listing wants it. */
  readonly kernelHeader: string | Uint8Array | undefined;
  /** The system's, for listings that include what our headers lack; and the folders in which they were found. */
  readonly system: ReadonlyMap<string, string>;
  readonly systemFolders: readonly string[];
}

const OUTPUT = "listing.ll", HEADERS = "include", KERNEL = "kernel", HOST = "host";

/**
 * Front end and optimiser, as `clang -target bpfel -O2 -g` would run them.
 *
 * @returns LLVM IR as text
 * @throws CompileError when clang refuses the listing
 */
export async function optimisedIr(clang: WasmClang, name: string, listing: Listing, found: FoundHeaders) {
  const printed = new Printed(), quiet = { stdout: () => {}, fetchProgress: () => {}, decodeASCII: false };
  const args = ["clang", "-cc1", ...frontEndFlags(listing, found), "-o", OUTPUT, "-x", "c", listing.file];
  try {
    const files = await clang.runLLVM(args, filesOf(listing, found), { ...quiet, stderr: printed.take });
    const ir = files[OUTPUT];
    if (ir instanceof Uint8Array) return new TextDecoder().decode(ir);
    throw new Error("it wrote nothing");
  } catch (error) {
    const text = printed.text(), told = parseDiagnostics(text, listing.file);
    if (told.some((one) => one.severity === "error")) {
      throw new CompileError(listing.name, told, name, listing.source);
    }
    const words = text.trim().split("\n")[0] || `${name} failed: ${error instanceof Error ? error.message : error}`;
    const failure = { severity: "error" as const, message: words, line: 0, column: 0 };
    throw new CompileError(listing.name, [failure], name, listing.source);
  }
}

/** Of the front end itself: starting it through the driver would start it twice. */
function frontEndFlags(listing: Listing, { kernelHeader, systemFolders }: FoundHeaders): string[] {
  return [
    ...["-triple", "bpfel", "-target-cpu", listing.cpu, "-main-file-name", listing.file, "-O2", "-emit-llvm"],
    ...["-mrelocation-model", "static", "-mframe-pointer=all", "-fgnuc-version=4.2.1", "-resource-dir", "/usr"],
    // As much debug information as -g asks for: BTF and lines are made of it.
    ...["-debug-info-kind=constructor", "-dwarf-version=5", "-fdebug-compilation-dir=.", "-ferror-limit", "19"],
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

let ours: FileTree | undefined;

function filesOf(listing: Listing, { kernelHeader, system }: FoundHeaders): FileTree {
  if (!ours) {
    ours = {};
    for (const name of assetNames("compile/include").filter((name) => name.endsWith(".h"))) {
      place(ours, name, assetText(`compile/include/${name}`));
    }
  }
  const tree: FileTree = { ...ownFiles(listing.traits), [HEADERS]: ours, [listing.file]: listing.source };
  if (kernelHeader !== undefined) tree[KERNEL] = { "vmlinux.h": kernelHeader };
  for (const { path, text } of listing.traits.localHeaders) place(tree, virtualPath(path), text);
  for (const [path, text] of system) place(tree, virtualPath(path), text);
  return tree;
}

/** A path of this computer, as it is called among the compiler's files. */
const virtualPath = (path: string): string =>
  [HOST, ...path.split(/[/\\]/).map((part) => part.replace(":", "")).filter((part) => part !== "")].join("/");

function place(tree: FileTree, path: string, text: string): void {
  const parts = path.split("/"), name = parts.pop()!;
  let folder = tree;
  for (const part of parts) folder = (folder[part] ??= {}) as FileTree;
  folder[name] = text;
}

/** What the compiler prints, which comes in pieces that may end within a character. */
class Printed {
  readonly #decoder = new TextDecoder();
  #text = "";

  readonly take = (bytes: Uint8Array | null): void => {
    if (bytes) this.#text += this.#decoder.decode(bytes, { stream: true });
  };

  text = (): string => this.#text + this.#decoder.decode();
}
