/**
 * What a page or another host without files puts in their place. A module `x.browser.ts` stands beside each `x.ts` that
 * needs an operating system, exports the same names, and replaces it where a bundler builds for browsers (`browser` in
 * package.json).
 *
 * @module
 */

/** Files by name: a text, or the bytes of a binary file, one character for each (code 0 to 255). */
export interface FileBundle {
  readonly texts: Readonly<Record<string, string>>;
  readonly binaries?: Readonly<Record<string, string>>;
}

/** A notebook's kernel, as far as displaying goes: what Deno's kernel offers as `Deno.jupyter`. */
export interface NotebookKernel {
  /**
   * @param type `display_data` or `update_display_data`
   * @param content the message's content; a promise that resolves when it was sent
   */
  broadcast(type: string, content: unknown): Promise<void> | undefined;
}

/** A set of files that is looked up by name. */
export class ProvidedFiles {
  readonly #texts = new Map<string, string>();
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #later = new Map<string, () => Uint8Array>();

  add({ texts, binaries = {} }: FileBundle): void {
    for (const [name, text] of Object.entries(texts)) this.#texts.set(name, text);
    for (const [name, characters] of Object.entries(binaries)) {
      this.#bytes.set(name, Uint8Array.from(characters, (character) => character.charCodeAt(0)));
    }
  }

  addBytes(name: string, bytes: Uint8Array): void {
    this.#bytes.set(name, bytes);
  }

  /** A file that is read when it is first asked for. */
  addLater(name: string, read: () => Uint8Array): void {
    this.#later.set(name, read);
  }

  text(name: string): string | undefined {
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const bytes = this.#binary(name);
    return bytes && new TextDecoder().decode(bytes);
  }

  bytes(name: string): Uint8Array | undefined {
    const text = this.#texts.get(name);
    return text === undefined ? this.#binary(name) : new TextEncoder().encode(text);
  }

  #binary(name: string): Uint8Array | undefined {
    const read = this.#later.get(name);
    if (read && !this.#bytes.has(name)) this.#bytes.set(name, read());
    return this.#bytes.get(name);
  }

  names(): string[] {
    return [...new Set([...this.#texts.keys(), ...this.#bytes.keys(), ...this.#later.keys()])];
  }
}

/** What comes with the library: headers, tables, profiles, fonts, objects; by its path below `lib/`. */
export const providedAssets = new ProvidedFiles();
/** The reader's files, by path: listings, headers, profiles. */
export const providedFiles = new ProvidedFiles();
/** Files of other packages, by specifier: `@resvg/resvg-wasm/index_bg.wasm`, `plotly.js-basic-dist-min`. */
export const providedPackageFiles = new ProvidedFiles();

/** Finds an object that comes with the library, by the end of its name, where objects are fetched one by one. */
export type FindObject = (ending: string) => Promise<Uint8Array | undefined>;

let find: FindObject | undefined;

export function provideObjects(provided: FindObject): void {
  find = provided;
}

export const providedObject: FindObject = (ending) => find?.(ending) ?? Promise.resolve(undefined);

/** What a page asks of a compiler elsewhere. */
export interface CompileRequest {
  /** What messages call the listing. */
  readonly name: string;
  readonly source: string;
  /** Headers of the reader's that it includes, by path. */
  readonly headers: Readonly<Record<string, string>>;
  readonly defines: readonly string[];
  /** `v1` to `v4`. */
  readonly cpu: string;
}

/** What the compiler says: an object, what is wrong with the listing, or why it does not compile it. */
export type CompileAnswer =
  | { readonly object: Uint8Array }
  | { readonly diagnostics: readonly unknown[] }
  | { readonly refused: string };

/** A compiler that a page can ask, such as that of `deno task serve`. */
export interface PageCompiler {
  /** `clang 19.1.7`; undefined where no compiler answers. */
  name(): Promise<string | undefined>;
  compile(request: CompileRequest): Promise<CompileAnswer>;
}

let compiler: PageCompiler | undefined;

export function provideCompiler(provided: PageCompiler | undefined): void {
  compiler = provided;
}

export const providedCompiler = (): PageCompiler | undefined => compiler;

/** clang as WebAssembly, by which a page compiles itself (compile/wasm_clang.ts); each part is fetched when it is needed. */
export interface PageClang {
  /** `clang 22.1.0 as WebAssembly, back end 1` */
  readonly name: string;
  /** The module, and clang's own headers by name: `stdarg.h`. */
  load(): Promise<{ readonly module: WebAssembly.Module; readonly builtinHeaders: ReadonlyMap<string, string> }>;
  /** The text of `vmlinux.h`. */
  kernelHeader(): Promise<Uint8Array>;
}

let clang: PageClang | undefined;

/** Takes a page's own clang, which is asked where {@link provideCompiler} gave none that answers. */
export function provideClang(provided: PageClang | undefined): void {
  clang = provided;
}

export const providedClang = (): PageClang | undefined => clang;

let kernel: NotebookKernel | undefined;

/** Makes this program a notebook's kernel; undefined ends that. */
export function provideKernel(provided: NotebookKernel | undefined): void {
  kernel = provided;
}

export const providedKernel = (): NotebookKernel | undefined => kernel;

/** Where a page keeps which exercises its reader has solved. */
export interface KeptProgress {
  /** Ids of exercises: `01.2`. */
  readonly solved: readonly string[];
  /** Called with each further one. */
  keep(id: string): void;
}

let progress: KeptProgress | undefined;

export function provideProgress(provided: KeptProgress | undefined): void {
  progress = provided;
}

export const providedProgress = (): KeptProgress | undefined => progress;
