/** Fills the benches of a page. */
import { Bench, type BenchForm } from "./bench.ts";
import { EDITION } from "../words.ts";
import type { Example } from "./link.ts";

/** Names of the kernel's script and of the listings, which change with what is in them. */
declare const KERNEL: string, EXAMPLES: string, EXAMPLES_ZH: string;

const here = (name: string): URL => new URL(name, import.meta.url);

/** @param root what becomes a bench, of the form that its `data-bench` says */
export async function start(root: HTMLElement): Promise<void> {
  const examples = await (await fetch(here(EDITION === "zh" ? EXAMPLES_ZH : EXAMPLES))).json() as Example[];
  const form = root.dataset.bench as BenchForm, bench = new Bench({ root, kernel: here(KERNEL), examples, form });
  if (form === "hero") return bench.take(root.dataset.listing!);
  await bench.open(location.hash);
  if (form === "whole") await bench.edit();
}
