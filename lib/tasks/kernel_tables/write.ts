/**
 * `deno task kernel-tables [struct...]`: reads what the verifier knows of the kernel's structs and tracepoints out of a
 * kernel's BTF, the running one's or a file's, and writes `lib/verifier/kernel/*.json`. The structs are those of the
 * present file, and those named with what lies inside them; `--check` compares and writes nothing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { machine, release } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Btf } from "../../object/btf.ts";
import { parseBtf } from "../../object/btf_parser.ts";
import {
  type KernelSource,
  type KernelStructs,
  type KernelTracepoints,
  readKernelStructs,
} from "../../verifier/kernel/kernel_data.ts";
import { describeSizes, describeStructs, describeTracepoints, NoSuchStruct, withEmbedded } from "./describe.ts";
import { structsText, tracepointsText } from "./json_text.ts";

const KERNEL_BTF = "/sys/kernel/btf/vmlinux";
/** Structs that programs get a pointer to other than from a tracepoint: from iterators, netfilter, helper functions. */
const ALSO = ["bpf_map", "nf_hook_state", "path", "seq_file"];

/** Both tables of a kernel. */
export function kernelTables(
  btf: Btf,
  source: KernelSource,
  structs: readonly string[],
): { structs: KernelStructs; tracepoints: KernelTracepoints } {
  const tracepoints = describeTracepoints(btf);
  const pointedTo = Object.values(tracepoints).flat().flatMap((arg) => typeof arg === "string" ? [] : [arg.struct]);
  return {
    structs: { source, structs: describeStructs(btf, structs) },
    tracepoints: { source, tracepoints, sizes: describeSizes(btf, [...pointedTo, ...ALSO]) },
  };
}

/** Whether two tables say the same of the kernel, whenever it was read. */
const isSame = (a: KernelStructs | KernelTracepoints, b: unknown): boolean =>
  JSON.stringify({ ...a, source: 0 }) === JSON.stringify({ ...b as object, source: 0 });

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
  const present = Object.keys(readKernelStructs().structs);
  const source = { kernel: options.kernel, arch: options.arch, date: new Date().toISOString().slice(0, 10) };
  const { structs, tracepoints } = kernelTables(btf, source, [...present, ...withEmbedded(btf, named)]);
  const lost = present.filter((name) => !structs.structs[name]);
  if (lost.length > 0) process.stderr.write(`this kernel has no struct ${lost.join(", ")}\n`);
  const files = [
    { name: "kernel_structs.json", table: structs, text: structsText(structs) },
    { name: "tracepoints.json", table: tracepoints, text: tracepointsText(tracepoints) },
  ];
  let differing = 0;
  for (const { name, table, text } of files) {
    const path = fileURLToPath(new URL(`../../verifier/kernel/${name}`, import.meta.url));
    const same = isSame(table, JSON.parse(readFileSync(path, "utf8")));
    process.stdout.write(`${name}: ${same ? "as it was" : options.check ? "differs" : "written"}\n`);
    if (same) continue;
    differing++;
    if (!options.check) writeFileSync(path, text);
  }
  return options.check && differing > 0 ? 1 : 0;
}
