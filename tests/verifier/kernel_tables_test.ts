/** The program that reads the kernel's structs and tracepoints out of its BTF, and the files that it wrote. */
import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { describe, expect, it } from "vitest";
import type { Btf, BtfType } from "../../lib/object/btf.ts";
import { parseBtf } from "../../lib/object/btf_parser.ts";
import {
  describeHooks,
  describeStructs,
  describeTracepoints,
  withEmbedded,
} from "../../lib/tasks/kernel_tables/describe.ts";
import { kernelFiles } from "../../lib/tasks/kernel_tables/write.ts";
import { hookText, readHooks } from "../../lib/verifier/kernel/hooks.ts";
import { readKernelStructs } from "../../lib/verifier/kernel/kernel_data.ts";
import { structSize, tracepointArgs } from "../../lib/verifier/kernel/kernel_objects.ts";
import { structLayout } from "../../lib/verifier/kernel/kernel_structs.ts";

const member = (name: string, type: number, bitOffset: number, bitSize = 0) => ({ name, type, bitOffset, bitSize });
const param = (name: string, type: number) => ({ name, type });

/**
 * struct inner { int a; };
 * struct outer {
 *   struct outer *next; void *any; struct inner in; unsigned low : 3, high : 5;
 *   union { int number; struct inner pair[2][3]; }; char tail[];
 * };
 * typedef void (*btf_trace_one)(void *, int, const struct outer *, const char *, struct inner);
 */
const TYPES: readonly Omit<BtfType, "id">[] = [
  { kind: "void", name: "" },
  { kind: "int", name: "int", size: 4 },
  { kind: "struct", name: "inner", size: 4, members: [member("a", 1, 0)] },
  {
    kind: "struct",
    name: "outer",
    size: 48,
    members: [
      member("next", 4, 0),
      member("any", 5, 64),
      member("in", 6, 128),
      member("low", 1, 160, 3),
      member("high", 1, 163, 5),
      member("", 7, 192),
      member("tail", 10, 384),
    ],
  },
  { kind: "ptr", name: "", type: 3 },
  { kind: "ptr", name: "", type: 0 },
  { kind: "typedef", name: "inner_t", type: 2 },
  { kind: "union", name: "", size: 24, members: [member("number", 1, 0), member("pair", 8, 0)] },
  { kind: "array", name: "", type: 9, indexType: 1, nelems: 2 },
  { kind: "array", name: "", type: 2, indexType: 1, nelems: 3 },
  { kind: "array", name: "", type: 11, indexType: 1, nelems: 0 },
  { kind: "int", name: "char", size: 1 },
  { kind: "typedef", name: "btf_trace_one", type: 13 },
  { kind: "ptr", name: "", type: 14 },
  {
    kind: "func_proto",
    name: "",
    type: 0,
    params: [param("", 5), param("n", 1), param("o", 15), param("s", 17), param("v", 6)],
  },
  { kind: "ptr", name: "", type: 16 },
  { kind: "const", name: "", type: 3 },
  { kind: "ptr", name: "", type: 11 },
];
const btf: Btf = { types: TYPES.map((type, id) => ({ ...type, id })), bytes: new Uint8Array() };

describe("describing a BTF", () => {
  it("gives every kind of field", () => {
    const pair = { name: "pair", offset: 0, struct: "inner", count: 6 };
    expect(describeStructs(btf, ["outer", "inner", "missing"])).toEqual({
      inner: { size: 4, fields: [{ name: "a", offset: 0, size: 4 }] },
      outer: {
        size: 48,
        fields: [
          { name: "next", offset: 0, pointer: "outer" },
          { name: "any", offset: 8, pointer: null },
          { name: "in", offset: 16, struct: "inner" },
          { name: "low", bit: 160, bits: 3, size: 4 },
          { name: "high", bit: 163, bits: 5, size: 4 },
          {
            name: "",
            offset: 24,
            layout: { union: true, size: 24, fields: [{ name: "number", offset: 0, size: 4 }, pair] },
          },
          { name: "tail", offset: 48, size: 1, count: 0 },
        ],
      },
    });
  });

  it("leaves structs out that were not asked for", () => {
    expect(describeStructs(btf, ["outer"]).outer.fields[2]).toEqual({ name: "in", offset: 16, omitted: 4 });
    expect(withEmbedded(btf, ["outer"])).toEqual(["outer", "inner"]);
    expect(() => withEmbedded(btf, ["missing"])).toThrow("no struct missing");
  });

  it("gives a tracepoint's arguments without its own data", () => {
    expect(describeTracepoints(btf)).toEqual({ one: ["integer", { struct: "outer" }, "pointer", "value"] });
  });

  it("gives hooks as the verifier reads them back", () => {
    const types: readonly Omit<BtfType, "id">[] = [
      ...TYPES,
      { kind: "struct", name: "bpf_iter_meta", size: 8, members: [] },
      { kind: "ptr", name: "", type: TYPES.length },
      { kind: "func_proto", name: "", type: 1, params: [param("m", TYPES.length + 1), param("o__nullable", 4)] },
      { kind: "func", name: "bpf_iter_one", type: TYPES.length + 2 },
      { kind: "func_proto", name: "", type: 0, params: [param("v", 3), param("c", 17)] },
      { kind: "func", name: "bpf_lsm_one", type: TYPES.length + 4 },
      { kind: "func", name: "unwatched", type: TYPES.length + 4 },
    ];
    const lines = describeHooks({ types: types.map((type, id) => ({ ...type, id })), bytes: new Uint8Array() });
    expect(lines).toEqual(["bpf_iter_one i *bpf_iter_meta *outer?", "bpf_lsm_one - v6 p"]);
    const read = readHooks(["# of people", ...lines, ""].join("\n"));
    expect(read.get("bpf_iter_one")!.args.map(({ type, mayBeNull }) => [type, mayBeNull])).toEqual([
      ["bpf_iter_meta", false],
      ["outer", true],
    ]);
    expect(read.get("bpf_lsm_one")).toMatchObject({ returns: { kind: "void", words: 0 }, args: [{ words: 6 }, {}] });
    expect([...read].map(([name, hook]) => hookText(name, hook))).toEqual(lines);
  });

  it("writes files that are JSON line by line, and the same whenever they are written", () => {
    const source = { kernel: "Linux 1.2.3", arch: "riscv64", date: "2001-02-03" };
    const [structs, hooks, tracepoints] = kernelFiles(btf, source, ["outer", "inner"]);
    const lines = structs.text.trimEnd().split("\n").map((line) => JSON.parse(line));
    expect(lines[0]).toEqual({ source });
    expect(lines.slice(1).map(({ name, size }) => [name, size])).toEqual([["inner", 4], ["outer", 48]]);
    expect(hooks.text.split("\n")[0]).toBe(
      '# { "source": { "kernel": "Linux 1.2.3", "arch": "riscv64", "date": "2001-02-03" } }',
    );
    expect(JSON.parse(tracepoints.text)).toEqual({
      source,
      tracepoints: { one: ["integer", { struct: "outer" }, "pointer", "value"] },
      sizes: { outer: 48 },
    });
  });
});

describe("the kernel's data files", () => {
  it("say where they are from, and describe every struct that lies in another", () => {
    const { source, names, struct } = readKernelStructs();
    expect(source).toEqual({ kernel: "Linux 6.18.44-fc-v595", arch: "x86_64", date: "2026-11-29" });
    const inside = names.flatMap((name) =>
      [...JSON.stringify(struct(name)).matchAll(/"struct":"(\w+)"/g)].map((one) => one[1])
    );
    expect(inside.length).toBeGreaterThan(300);
    expect(inside.filter((name) => struct(name) === undefined)).toEqual([]);
  });

  it("are read as the verifier wants them", () => {
    expect(structLayout("list_head")).toEqual({
      isUnion: false,
      size: 16,
      fields: ["next", "prev"].map((name, at) => ({
        ...{ name, offset: 8 * at, bits: 0, firstBit: 0, size: 8, count: 1, isArray: false },
        type: { kind: "pointer", to: "list_head" },
      })),
    });
    expect(structLayout("constructor")).toBeUndefined();
    expect(tracepointArgs("sched_pi_setprio")).toEqual([
      { kind: "struct", type: "task_struct", mayBeNull: false },
      { kind: "struct", type: "task_struct", mayBeNull: true },
    ]);
    // What may be SEND_SIG_PRIV is no pointer.
    expect(tracepointArgs("signal_deliver")!.map(({ kind }) => kind)).toEqual(["scalar", "scalar", "struct"]);
    expect([tracepointArgs("constructor"), structSize("constructor"), structSize("bpf_map")]).toEqual([
      undefined,
      undefined,
      296,
    ]);
  });

  const KERNEL_BTF = "/sys/kernel/btf/vmlinux";
  const compare = () => {
    const { source, names } = readKernelStructs();
    const running = parseBtf(new Uint8Array(readFileSync(KERNEL_BTF)));
    for (const { name, text } of kernelFiles(running, source, names)) {
      const file = readFileSync(new URL(`../../lib/verifier/kernel/${name}`, import.meta.url), "utf8");
      // Not by an expectation of equality: the difference of two such files would take long to show.
      expect([name, text === file]).toEqual([name, true]);
    }
  };
  const title = "are what the program reads out of the kernel that they are from";
  const isSame = existsSync(KERNEL_BTF) && `Linux ${release()}` === readKernelStructs().source.kernel;
  if (isSame) it(title, compare);
  else it.skip(`${title} (skipped: another kernel runs here)`, compare);
});
