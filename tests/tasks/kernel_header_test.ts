/** Our vmlinux.h has the layout of the BTF that it is made from: the compiler is asked for every size and offset. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { type Compiler, installedCompiler } from "../../lib/compile/compiler.ts";
import { runCommand } from "../../lib/host/run_command.ts";
import type { Btf, BtfType } from "../../lib/object/btf.ts";
import { parseBtf } from "../../lib/object/btf_parser.ts";
import { cDeclarations } from "../../lib/tasks/kernel_header/c_header.ts";
import { declare } from "../../lib/tasks/kernel_header/c_types.ts";
import { kernelHeaderText } from "../../lib/tasks/kernel_header/write.ts";

const KERNEL_BTF = "/sys/kernel/btf/vmlinux";
const compiler = await installedCompiler();

/** What makes a layout awkward: bit fields, holes, packing, members without a name, pointers to what comes later. */
const awkward = await bpf`
struct later;
typedef int (*handler)(struct later *, const char *, ...);
typedef struct { long a; } anonymous;
enum tiny { ONE = 1, TWO } __attribute__((packed));
enum signs { MINUS = -1, PLUS = 1 };
struct bits { unsigned a : 3; unsigned b : 30; long : 0; unsigned long c : 40; int d; } ;
struct holes { char a; long b __attribute__((aligned(64))); char c; };
struct __attribute__((packed)) tight { char a; int b; short c; };
struct nested { union { struct { int x, y; }; long both; }; struct { char *text[3][2]; } inner; anonymous named; };
struct later { struct later *next; const struct nested *const nested; handler call; void (*none)(void); int tail[]; };
struct enums { enum tiny t; enum signs s; _Bool b; unsigned __int128 wide; };
struct all { struct bits bits; struct holes holes; struct tight tight; struct enums enums; struct later *later; } all;
struct later first;
struct nested second;
SEC("raw_tp") int keep(void *ctx) { return all.bits.d + second.both; }
`;

/** Asserts that C takes, of every named struct and union once, and how many. */
function asserts({ types }: Btf): { text: string; count: number } {
  const seen = new Set<string>(), lines: string[] = [];
  const isNew = ({ kind, name }: BtfType): boolean =>
    (kind === "struct" || kind === "union" || kind === "enum") && name !== "" && !seen.has(name) && !!seen.add(name);
  for (const type of types.filter(isNew)) {
    const tag = type.kind + " " + type.name;
    lines.push("_Static_assert(sizeof(" + tag + ") == " + type.size + ', "' + tag + '");');
    for (const { name, bitOffset, bitSize } of type.members ?? []) {
      if (name === "" || bitSize > 0) continue;
      lines.push(
        "_Static_assert(__builtin_offsetof(" + tag + ", " + name + ") == " + bitOffset / 8 + ', "' + tag + "." + name +
          '");',
      );
    }
  }
  return { text: lines.join("\n"), count: lines.length };
}

/** What the compiler says of a header and of asserts about it: nothing. */
async function complaints({ command, args, env }: Compiler, header: string, about: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "interleave-header-"));
  try {
    await writeFile(join(folder, "vmlinux.h"), header);
    await writeFile(join(folder, "asserts.c"), '#include "vmlinux.h"\n' + about);
    const flags = ["-Wall", "-Werror", "-ferror-limit=9", "-c", "asserts.c", "-o", "asserts.o"];
    return (await runCommand(command, [...args, ...flags], { cwd: folder, env }))!.stderr;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("C declarations out of BTF", () => {
  it("are in C's notation", () => {
    const btf = awkward.btf!;
    const name = ({ kind, name }: BtfType) =>
      kind === "void" ? kind : kind === "struct" || kind === "fwd" ? "struct " + name : name;
    const later = btf.types.find((type) => type.kind === "struct" && type.name === "later")!;
    const declared = later.members!.map((member) => declare(btf, member.type, member.name, name));
    expect(declared).toEqual([
      "struct later *next",
      "const struct nested *const nested",
      "handler call",
      "void (*none)(void)",
      "int tail[0]",
    ]);
    const text = btf.types.flatMap((type) => type.members ?? []).find((member) => member.name === "text")!;
    expect(declare(btf, text.type, "text", name)).toBe("char *text[3][2]");
  });

  it("come with each type once, behind what it holds", () => {
    const lines = cDeclarations(awkward.btf!).split("\n");
    const at = (line: string) => lines.indexOf(line);
    for (const tag of ["bits", "holes", "tight", "enums", "all"]) {
      expect(lines.filter((line) => line === "struct " + tag + " {")).toHaveLength(1);
      expect(at("struct " + tag + " {")).toBeLessThanOrEqual(at("struct all {"));
    }
  });

  const small = "have sizes and offsets as they were";
  const checkSmall = async () => {
    const { text, count } = asserts(awkward.btf!);
    expect(count).toBeGreaterThan(25);
    expect(await complaints(compiler!, kernelHeaderText(awkward.btf!, "a listing"), text)).toBe("");
    // and the compiler does look: an offset that is one off is found
    const wrong = text.replace(
      /(offsetof\(struct holes, c\) == )(\d+)/,
      (_, before, offset) => before + (Number(offset) + 1),
    );
    expect(await complaints(compiler!, kernelHeaderText(awkward.btf!, "a listing"), wrong)).toContain("struct holes.c");
  };
  if (compiler) it(small, checkSmall);
  else it.skip(small + " (skipped: no C compiler for BPF at hand)", checkSmall);

  const whole = "of the running kernel have sizes and offsets as they were, all of them";
  const checkWhole = async () => {
    const btf = parseBtf(new Uint8Array(readFileSync(KERNEL_BTF))), { text, count } = asserts(btf);
    expect(count).toBeGreaterThan(10_000);
    expect(await complaints(compiler!, kernelHeaderText(btf, "the running kernel"), text)).toBe("");
  };
  const lack = !existsSync(KERNEL_BTF) ? "no BTF of a kernel" : compiler ? undefined : "no C compiler for BPF at hand";
  if (lack) it.skip(whole + " (skipped: " + lack + ")", checkWhole);
  else it(whole, checkWhole);
});
