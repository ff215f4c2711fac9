/** What a page and its kernel say to each other. */

export type ToKernel =
  | { readonly kind: "run"; readonly cell: number; readonly source: string }
  /** Asks the work of the cell to stop; what computes without a pause does not hear it. */
  | { readonly kind: "stop" };

export type FromKernel =
  | { readonly kind: "ready" }
  | { readonly kind: "broken"; readonly message: string }
  | { readonly kind: "output"; readonly cell: number; readonly output: LiveOutput }
  | { readonly kind: "done"; readonly cell: number; readonly failed: boolean };

/** An output, as notebooks keep them. */
export type LiveOutput =
  | {
    readonly type: "display";
    readonly data: Readonly<Record<string, unknown>>;
    /** A later output with the same id takes its place. */
    readonly id?: string;
  }
  | { readonly type: "stream"; readonly text: string }
  | { readonly type: "error"; readonly text: string };
