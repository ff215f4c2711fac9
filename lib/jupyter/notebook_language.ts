/** In which language a notebook's kernel speaks: its kernel's name says so. No package is needed to read this. */

/** The kernel of Chinese notebooks: the same, with `INTERLEAVE_LANG` set. */
export const CHINESE_KERNEL = { display_name: "Deno 中文", language: "typescript", name: "deno-zh" };

export const languageOfNotebook = ({ metadata }: { readonly metadata: object }): "en" | "zh" =>
  (metadata as { kernelspec?: { name?: unknown } }).kernelspec?.name === CHINESE_KERNEL.name ? "zh" : "en";
