/**
 * `deno task kernel-header`: writes our `vmlinux.h` (lib/compile/vmlinux.h.br) from a kernel's BTF, the running one's or
 * a file's (`--btf`); `--check` compares and writes nothing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { machine, release } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import { kernelHeader, packedKernelHeader } from "../../compile/kernel_header.ts";
import type { Btf } from "../../object/btf.ts";
import { parseBtf } from "../../object/btf_parser.ts";
import { cDeclarations } from "./c_header.ts";

const KERNEL_BTF = "/sys/kernel/btf/vmlinux";

/**
 * The header as a listing includes it. Fields are found by name when the program is loaded into a kernel, unless the
 * listing says BPF_NO_PRESERVE_ACCESS_INDEX as it may to the header that bpftool writes.
 *
 * @param kernel whose types they are: `Linux 6.18.44 x86_64`
 */
export function kernelHeaderText(btf: Btf, kernel: string): string {
  return [
    `/* The types of ${kernel}, out of its BTF. */`,
    "#ifndef __VMLINUX_H__",
    "#define __VMLINUX_H__",
    "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX",
    "#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)",
    "#endif",
    cDeclarations(btf),
    "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX",
    "#pragma clang attribute pop",
    "#endif",
    "#endif",
    "",
  ].join("\n");
}

/** All but the line that says which kernel it was. */
const facts = (text: string): string => text.slice(text.indexOf("\n"));

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      btf: { type: "string", default: KERNEL_BTF },
      kernel: { type: "string", default: `Linux ${release()} ${machine()}` },
      check: { type: "boolean", default: false },
    },
  });
  const text = kernelHeaderText(parseBtf(new Uint8Array(readFileSync(values.btf))), values.kernel);
  const same = facts(text) === facts(kernelHeader());
  process.stdout.write(`vmlinux.h: ${same ? "as it was" : values.check ? "differs" : "written"}\n`);
  if (same) process.exit(0);
  if (values.check) process.exit(1);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
  };
  writeFileSync(packedKernelHeader, brotliCompressSync(text, { params }));
}
