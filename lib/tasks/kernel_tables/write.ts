/**
 * `deno task kernel-tables [struct...]`: reads what the verifier knows of the kernel's structs and tracepoints out of a
 * kernel's BTF, the running one's or a file's (`--btf`), and writes `kernel_structs.jsonl`, `tracepoints.json` and
 * `hooks.txt` in `lib/verifier/kernel`. The structs are those of the present file, and those named with what lies inside them;
 * `--check` compares and writes nothing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { machine, release } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Btf } from "../../object/btf.ts";
import { parseBtf } from "../../object/btf_parser.ts";
import { type KernelSource, readKernelStructs } from "../../verifier/kernel/kernel_data.ts";
import {
  describeHooks,
  describeSizes,
  describeStructs,
  describeTracepoints,
  NoSuchStruct,
  withEmbedded,
} from "./describe.ts";
import { hooksText, structsText, tracepointsText } from "./json_text.ts";

const KERNEL_BTF = "/sys/kernel/btf/vmlinux";
/** Structs that programs get a pointer to other than from a tracepoint: from iterators, netfilter, helper functions. */
const ALSO = ["bpf_map", "nf_hook_state", "path", "seq_file"];

export interface KernelFile {
  readonly name: string;
  readonly text: string;
}

/** The data files about a kernel, with the structs named as far as it has them. */
export function kernelFiles(btf: Btf, source: KernelSource, structs: readonly string[]): readonly KernelFile[] {
  const tracepoints = describeTracepoints(btf);
  const pointedTo = Object.values(tracepoints).flat().flatMap((arg) => typeof arg === "string" ? [] : [arg.struct]);
  const sizes = describeSizes(btf, [...pointedTo, ...ALSO]);
  return [
    { name: "kernel_structs.jsonl", text: structsText(source, describeStructs(btf, structs)) },
    { name: "hooks.txt", text: hooksText(source, describeHooks(btf)) },
    { name: "tracepoints.json", text: tracepointsText({ source, tracepoints, sizes }) },
  ];
}

/** The file without its source: a kernel that is read again on another day is the same. */
const facts = (text: string): string => text.replace(/"source": \{.*?\}/, "");

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      btf: { type: "string", default: KERNEL_BTF },
      kernel: { type: "string", default: `Linux ${release()}` },
      arch: { type: "string", default: machine() },
      check: { type: "boolean", default: false },
    },
  });
  try {
    process.exitCode = main(values, positionals);
  } catch (error) {
    const isKnown = error instanceof NoSuchStruct || (error as { code?: string }).code === "ENOENT";
    if (!isKnown) throw error;
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}

function main(
  options: { readonly btf: string; readonly kernel: string; readonly arch: string; readonly check: boolean },
  named: readonly string[],
): number {
  const btf = parseBtf(new Uint8Array(readFileSync(options.btf)));
  const present = readKernelStructs().names;
  const source = { kernel: options.kernel, arch: options.arch, date: new Date().toISOString().slice(0, 10) };
  const lost = present.filter((name) => !btf.types.some((type) => type.name === name));
  if (lost.length > 0) process.stderr.write(`this kernel has no struct ${lost.join(", ")}\n`);
  let differing = 0;
  for (const { name, text } of kernelFiles(btf, source, [...present, ...withEmbedded(btf, named)])) {
    const path = fileURLToPath(new URL(`../../verifier/kernel/${name}`, import.meta.url));
    const same = facts(text) === facts(readFileSync(path, "utf8"));
    process.stdout.write(`${name}: ${same ? "as it was" : options.check ? "differs" : "written"}\n`);
    if (same) continue;
    differing++;
    if (!options.check) writeFileSync(path, text);
  }
  return options.check && differing > 0 ? 1 : 0;
}
