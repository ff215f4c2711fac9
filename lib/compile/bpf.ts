/** `` bpf`...` ``: a C listing in a notebook cell becomes an object that every machine runs. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { BpfObject } from "../object/bpf_object.ts";
import { loadObject } from "../object/load.ts";
import { compile, type CompileOptions } from "./compile.ts";

/** Compiles C, reads files, takes objects. */
export interface Bpf {
  /**
   * Compiles the listing between the backticks, backslashes as written. Line 1 is the line of the backtick.
   *
   * @throws CompileError pointing at the line
   */
  (strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<BpfObject>;
  /** Compiles a C file (or reads an object file, by its ending `.o`); the path counts from the current folder. */
  file(path: string, options?: CompileOptions): Promise<BpfObject>;
  /** Takes an object that clang compiled for BPF. */
  object(bytes: Uint8Array, name?: string): BpfObject;
  /** The same with options: `` bpf.with({ cpu: "v4" })`...` ``. */
  with(options: CompileOptions): (strings: TemplateStringsArray, ...values: readonly unknown[]) => Promise<BpfObject>;
}

async function compileListing(source: string, options: CompileOptions): Promise<BpfObject> {
  const bytes = await compile(source, options);
  return loadObject(bytes, options.name ?? "the listing", source.replaceAll("\r\n", "\n"));
}

async function fromFile(path: string, options: CompileOptions = {}): Promise<BpfObject> {
  if (path.endsWith(".o")) return loadObject(new Uint8Array(await readFile(path)), options.name ?? path);
  const source = await readFile(path, "utf8");
  const includeDirs = [dirname(resolve(path)), ...options.includeDirs ?? []];
  return await compileListing(source, { name: path, ...options, includeDirs });
}

const withOptions: Bpf["with"] = (options) => (strings, ...values) =>
  compileListing(String.raw({ raw: strings.raw }, ...values), options);

export const bpf: Bpf = Object.assign(withOptions({}), {
  file: fromFile,
  object: (bytes: Uint8Array, name = "the object") => loadObject(bytes, name),
  with: withOptions,
});
