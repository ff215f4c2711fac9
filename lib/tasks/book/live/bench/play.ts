/** Fills the benches of a page. */
import { Bench } from "./bench.ts";
import type { Example } from "./link.ts";

/** Names of the kernel's script and of the listings, which change with what is in them. */
declare const KERNEL: string, EXAMPLES: string;

const here = (name: string): URL => new URL(name, import.meta.url);

/** @param root what is replaced by the bench; with `data-bench="embed"` by its figure alone */
export async function start(root: HTMLElement): Promise<void> {
  const examples = await (await fetch(here(EXAMPLES))).json() as Example[];
  const isEmbedded = root.dataset.bench === "embed";
  const bench = new Bench({ root, kernel: here(KERNEL), examples, isEmbedded });
  await bench.open(location.hash);
  if (!isEmbedded) await bench.edit();
}
