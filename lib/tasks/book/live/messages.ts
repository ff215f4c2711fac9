/** What a page and its kernel say to each other; outputs are the broadcasts of a Jupyter kernel. */
import type { FileBundle } from "../../../host/provided.ts";

export type ToKernel =
  /** Once, before anything else: ids of the exercises that are solved. */
  | { readonly kind: "start"; readonly solved: readonly string[] }
  | {
    readonly kind: "run";
    readonly cell: number;
    readonly source: string;
    /** The source as `cellCode` makes it, where that was done when the site was built. */
    readonly code?: string;
    /** Files that it reads. */
    readonly files?: FileBundle;
  }
  /** A listing is being edited: makes the compiler ready. */
  | { readonly kind: "prepare" }
  /** Asks the work of the cell to stop; what computes without a pause does not hear it. */
  | { readonly kind: "stop" };

export type FromKernel =
  | { readonly kind: "ready" }
  | { readonly kind: "broken"; readonly message: string }
  | { readonly kind: "broadcast"; readonly cell: number; readonly broadcast: Broadcast }
  | { readonly kind: "solved"; readonly id: string }
  /** Something is on its way that no cell waits for yet; an empty text ends that. */
  | { readonly kind: "news"; readonly text: string }
  | { readonly kind: "done"; readonly cell: number; readonly error?: { readonly name: string; readonly text: string } };

/** A broadcast of Jupyter's protocol, as far as outputs go. */
export type Broadcast =
  | { readonly type: "display_data" | "update_display_data"; readonly content: DisplayContent }
  | { readonly type: "stream"; readonly content: { readonly name: "stdout" | "stderr"; readonly text: string } }
  | { readonly type: "error"; readonly content: ErrorContent };

export interface DisplayContent {
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly transient?: { readonly display_id?: string };
}

export interface ErrorContent {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** A chapter's cells, as the site keeps them for its page. */
export interface ChapterData {
  /** File name without `.ipynb`. */
  readonly name: string;
  /** In the order of the page. */
  readonly cells: readonly {
    readonly id: string;
    readonly code: string;
    /** The names that it declares, for what to run first. */
    readonly names: readonly string[];
  }[];
}

/** What comes with the library, as the site keeps it for kernels. */
export interface AssetIndex {
  readonly texts: Readonly<Record<string, string>>;
  /** Larger ones: where they are, relative to the kernel's script. */
  readonly later: Record<string, string>;
  /** Names of the objects of listings. */
  readonly objects: readonly string[];
}

/** The compiler in the site, as its kernel comes to know of it when it is built. */
export interface ClangPlace {
  /** `clang 22.1.0 as WebAssembly, back end 1` */
  readonly name: string;
  /** Where its {@link ClangIndex} is, relative to the kernel's script. */
  readonly index: string;
}

/** A file of the compiler, packed by gzip; of the module, a part of what was packed. */
export interface ClangPart {
  /** Relative to the kernel's script; the name changes with what is in it. */
  readonly file: string;
  readonly bytes: number;
}

export interface ClangIndex {
  readonly module: readonly ClangPart[];
  /** JSON: clang's own headers by name. */
  readonly headers: ClangPart;
  /** `vmlinux.h` */
  readonly kernelHeader: ClangPart;
}
