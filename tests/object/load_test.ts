import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { BPF_PSEUDO, isBpfCall, jumpTarget } from "../../lib/isa/insn.ts";
import { type BpfObject, lineOf, type Program } from "../../lib/object/bpf_object.ts";
import { resolveType, sizeOfType } from "../../lib/object/btf_types.ts";
import { loadObject } from "../../lib/object/load.ts";

const path = fileURLToPath(new URL("./data/features.bpf.c", import.meta.url));
const source = readFileSync(path, "utf8");
const object = await bpf.file(path, { name: "features" });

const program = (name: string): Program => object.programs.find((one) => one.name === name)!;
const mapIndex = (name: string): number => object.maps.findIndex((map) => map.name === name);
const map = (name: string) => object.maps[mapIndex(name)];

describe("programs", () => {
  it("are the functions outside of .text, several to a section", () => {
    const found = object.programs.map(({ name, section }) => [name, section]).sort();
    expect(found).toEqual([
      ["jumper", "xdp"],
      ["main_program", "raw_tp"],
      ["neighbour", "raw_tp"],
      ["tail", "xdp"],
    ]);
  });

  it("carry every function that they reach, each once, the main program first", () => {
    const names = (one: Program) => one.subprogs.map((subprog) => subprog.name);
    expect(names(program("main_program"))).toEqual(["main_program", "each", "global_subprog", "deepest"]);
    expect(names(program("neighbour"))).toEqual(["neighbour", "deepest"]);
    expect(names(program("tail"))).toEqual(["tail"]);
  });

  it("cover their instructions with their functions, without a gap", () => {
    for (const { subprogs, insns } of object.programs) {
      let end = 0;
      for (const subprog of subprogs) {
        expect(subprog.start).toBe(end);
        end = subprog.end;
      }
      expect(end).toBe(insns.length);
    }
  });

  it("call the first instruction of a function", () => {
    for (const { subprogs, insns } of object.programs) {
      insns.forEach((insn, at) => {
        if (isBpfCall(insn)) expect(subprogs.map((one) => one.start)).toContain(at + 1 + insn.imm);
      });
    }
  });

  it("tell global functions from static ones, and their BTF types", () => {
    const { subprogs } = program("main_program");
    expect(subprogs.map((one) => one.global)).toEqual([true, false, true, false]);
    for (const { btfId, name } of subprogs) {
      const func = object.btf!.types[btfId!];
      expect([func.kind, func.name]).toEqual(["func", name]);
    }
  });

  it("keep the listing's own lines", () => {
    for (const one of object.programs) {
      expect(one.lines.length).toBeGreaterThan(0);
      for (const line of one.lines) {
        expect(line.file).toBe("features");
        expect(source.split("\n")[line.line - 1].trim()).toBe(line.text);
      }
    }
    const each = program("main_program").subprogs[1];
    expect(lineOf(program("main_program"), each.start)?.text).toBe("counter += limit;");
  });
});

describe("relocations", () => {
  const targets = (one: Program) => one.relocations.map((reloc) => ({ ...reloc, insn: undefined }));

  it("name maps, variables, callbacks and kernel functions", () => {
    expect(targets(program("main_program"))).toEqual(expect.arrayContaining([
      { insn: undefined, kind: "map", map: mapIndex("first") },
      { insn: undefined, kind: "func", target: program("main_program").subprogs[1].start },
      { insn: undefined, kind: "mapValue", map: mapIndex(".rodata"), offset: 0 },
      { insn: undefined, kind: "mapValue", map: mapIndex(".data"), offset: 0 },
    ]));
    expect(targets(program("neighbour"))).toEqual(expect.arrayContaining([
      { insn: undefined, kind: "extern", name: "bpf_rcu_read_lock" },
      { insn: undefined, kind: "extern", name: "bpf_rcu_read_unlock" },
    ]));
  });

  it("are written into the instructions as well, by index", () => {
    for (const { relocations, insns } of object.programs) {
      for (const reloc of relocations) {
        const insn = insns[reloc.insn];
        if (reloc.kind === "map") expect([insn.src, insn.imm]).toEqual([BPF_PSEUDO.MAP_IDX, reloc.map]);
        if (reloc.kind === "mapValue") {
          expect([insn.src, insn.imm64]).toEqual([
            BPF_PSEUDO.MAP_IDX_VALUE,
            BigInt(reloc.offset) << 32n | BigInt(reloc.map),
          ]);
        }
        if (reloc.kind === "func") expect(reloc.insn + 1 + insn.imm).toBe(reloc.target);
        if (reloc.kind === "extern") expect(insn.src).toBe(BPF_PSEUDO.KFUNC_CALL);
      }
    }
  });

  it("leave jumps inside of their function", () => {
    for (const { insns, subprogs } of object.programs) {
      insns.forEach((insn, at) => {
        if ((insn.opcode & 7) < 5 || insn.opcode === 0x85 || insn.opcode === 0x95 || (insn.opcode & 7) === 7) return;
        const subprog = subprogs.find((one) => at >= one.start && at < one.end)!;
        const target = jumpTarget(insn, at);
        expect(target >= subprog.start && target < subprog.end).toBe(true);
      });
    }
  });
});

describe("maps", () => {
  it("have the shape that the listing gives them", () => {
    expect(map("first")).toMatchObject({ type: 2, keySize: 4, valueSize: 8, maxEntries: 8, flags: 0 });
    expect(map("elements")).toMatchObject({ type: 1, keySize: 4, valueSize: 40, maxEntries: 100, flags: 1 });
  });

  it("hold their inner maps and programs from the start", () => {
    const outer = map("outer");
    expect(outer).toMatchObject({ type: 12, keySize: 4, valueSize: 4, maxEntries: 3 });
    expect(outer.inner).toMatchObject({ type: 2, keySize: 4, valueSize: 8, maxEntries: 8 });
    expect(outer.slots).toEqual([{ key: 0, map: mapIndex("second") }, { key: 2, map: mapIndex("first") }]);
    expect(map("programs").slots).toEqual([{ key: 1, map: object.programs.indexOf(program("tail")) }]);
  });

  it("include the data sections, with variables and first values", () => {
    const variables = (section: string) => map(section).data!.variables.map(({ name, size }) => [name, size]);
    expect(variables(".bss").sort()).toEqual([["counter", 4], ["global_element", 40]]);
    expect(variables(".data")).toEqual([["hidden", 8]]);
    expect(variables(".rodata")).toEqual([["limit", 4]]);
    expect(map(".rodata").data).toMatchObject({ readonly: true, bytes: new Uint8Array([7, 0, 0, 0]) });
    expect(new DataView(map(".data").data!.bytes.buffer).getBigInt64(0, true)).toBe(-5n);
    expect(map(".bss").data!.bytes).toEqual(new Uint8Array(map(".bss").valueSize));
  });

  it("place variables where they do not overlap, each of its type's size", () => {
    for (const { data } of object.maps) {
      let end = 0;
      for (const { offset, size, type } of data?.variables ?? []) {
        expect(offset).toBeGreaterThanOrEqual(end);
        expect(sizeOfType(object.btf!, type!)).toBe(size);
        end = offset + size;
      }
    }
  });

  it("know the type of their values", () => {
    const struct = resolveType(object.btf!, map("elements").valueType!);
    expect([struct.kind, struct.name, struct.size]).toEqual(["struct", "element", 40]);
    expect(struct.members!.map(({ name, bitOffset }) => [name, bitOffset / 8])).toEqual([
      ["head", 0],
      ["count", 8],
      ["times", 16],
    ]);
  });
});

describe("an object", () => {
  it("states its license, or is taken to be GPL", async () => {
    expect(object.license).toBe("Dual MIT/GPL");
    const plain = await bpf`
SEC("raw_tp") int nothing(void *ctx) { return 0; }
`;
    expect(plain.license).toBe("GPL");
  });

  it("reads the same from a view into a larger buffer", () => {
    const larger = new Uint8Array(object.bytes.length + 13);
    larger.set(object.bytes, 13);
    const again: BpfObject = loadObject(larger.subarray(13), "features", source);
    expect({ ...again, bytes: 0, btf: 0 }).toEqual({ ...object, bytes: 0, btf: 0 });
  });
});
