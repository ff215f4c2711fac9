/** `` bpf`...` ``: a C listing in a notebook cell becomes an object that every machine runs. */
import type { BpfObject } from "../object/bpf_object.ts";
import { runningKernel } from "../host/kernel_config.ts";
import { dirname, resolve } from "../host/paths.ts";
import { loadObject, type LoadOptions } from "../object/load.ts";
import { compile, type CompileOptions } from "./compile.ts";
import { InputError, readInput, STDIN } from "./read_input.ts";

const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];

/** How a listing is compiled, and what the loader is told. */
export interface BpfOptions extends CompileOptions, LoadOptions {}

/** Compiles C, reads files, takes objects. */
export interface Bpf {
  /**
   * Compiles the listing between the backticks, backslashes as written. Line 1 is the line of the backtick.
   *
   * @throws CompileError pointing at the line
   */
  (strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<BpfObject>;
  /**
   * Compiles a C file, or reads an object file; the path counts from the current folder, which in a notebook is the
   * notebook's own.
   *
   * @throws InputError when there is no such file
   */
  file(path: string, options?: BpfOptions): Promise<BpfObject>;
  /** Takes an object that clang compiled for BPF. */
  object(bytes: Uint8Array, name?: string, options?: LoadOptions): BpfObject;
  /** The same with options: `` bpf.with({ cpu: "v4" })`...` ``. */
  with(options: BpfOptions): (strings: TemplateStringsArray, ...values: readonly unknown[]) => Promise<BpfObject>;
}

const load = (bytes: Uint8Array, name: string, options: LoadOptions, source?: string): BpfObject =>
  loadObject(bytes, name, source, options, runningKernel());

async function compileListing(source: string, options: BpfOptions): Promise<BpfObject> {
  const bytes = await compile(source, options);
  return load(bytes, options.name ?? "the listing", options, source.replaceAll("\r\n", "\n"));
}

async function fromFile(path: string, options: BpfOptions = {}): Promise<BpfObject> {
  const bytes = await readInput(path);
  if (isElf(bytes) || path.endsWith(".o")) return load(bytes, options.name ?? path, options);
  if (path === STDIN) {
    return await compileListing(new TextDecoder().decode(bytes), {
      name: "standard input",
      ...options,
      includeDirs: [resolve("."), ...options.includeDirs ?? []],
    });
  }
  if (!path.endsWith(".c")) throw new InputError(`${path} is neither a C listing (.c) nor an object file`);
  const includeDirs = [dirname(resolve(path)), ...options.includeDirs ?? []];
  return await compileListing(new TextDecoder().decode(bytes), { name: path, ...options, includeDirs });
}

const isElf = (bytes: Uint8Array): boolean => ELF_MAGIC.every((byte, index) => bytes[index] === byte);

/** A plain text is taken as well: `bpf("int counter; ...")`. */
const withOptions: Bpf["with"] = (options) => (strings: TemplateStringsArray | string, ...values) =>
  compileListing(typeof strings === "string" ? strings : String.raw({ raw: strings.raw }, ...values), options);

/**
 * Compiles a C listing into an object that every machine runs. Our headers for `<linux/bpf.h>` and
 * `<bpf/bpf_helpers.h>` are there without being included; a listing that includes nothing has them too.
 *
 * @throws CompileError pointing at the line of the listing, with the compiler's words
 * @throws CompilerMissingError when the listing has to be compiled, no clang is here and none can be fetched
 * @throws ObjectError for an object file that is damaged or not for BPF
 *
 * @example
 * ```ts
 * import { bpf } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * if (racy.programs[0].name !== "count") throw new Error("a program goes by the name of its C function");
 * ```
 */
export const bpf: Bpf = Object.assign(withOptions({}), {
  file: fromFile,
  object(bytes: Uint8Array, name = "the object", options = {}) {
    if (bytes instanceof Uint8Array) return load(bytes, name, options);
    throw new InputError("bpf.object takes the bytes of an object file, a Uint8Array; bpf.file takes a path");
  },
  with: withOptions,
});
