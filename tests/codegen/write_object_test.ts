/** Objects that ours writes of clang's own functions say what clang's object says. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { writeObject } from "../../lib/codegen/object/write_object.ts";
import { parseModule } from "../../lib/llvm/parse_module.ts";
import { parseBtf } from "../../lib/object/btf_parser.ts";
import type { BpfObject, LineInfo, Program } from "../../lib/object/bpf_object.ts";
import { readElf, STT } from "../../lib/object/elf.ts";
import { loadObject } from "../../lib/object/load.ts";
import { describeBtf } from "./describe_btf.ts";
import { functionsOf } from "./from_clang.ts";

const file = (name: string) => new URL(`./data/${name}`, import.meta.url);
const source = readFileSync(file("kinds.c"), "utf8");
const module = parseModule(readFileSync(file("kinds.ll"), "utf8"));
const theirs = new Uint8Array(readFileSync(file("kinds.o")));
const ours = writeObject(module, functionsOf(theirs, module), (name) => name === "./kinds.c" ? source : undefined);

const btfOf = (bytes: Uint8Array) => parseBtf(readElf(bytes).sections.find(({ name }) => name === ".BTF")!.bytes);
const kconfig = { CONFIG_HZ: 250 };
const [clangs, mine] = [theirs, ours].map((bytes) => loadObject(bytes, "kinds", undefined, { kconfig }));

/** Numbers of types differ, what they name does not; of lines one after the other at one place, the first counts. */
function comparable(program: Program, { btf }: BpfObject) {
  const typeName = (id?: number) => id === undefined ? undefined : btf!.types[id].name;
  const isNew = (line: LineInfo, index: number) => {
    const before = program.lines[index - 1];
    return !before || before.line !== line.line || before.column !== line.column ||
      program.subprogs.some(({ start }) => start === line.insn);
  };
  return {
    ...program,
    lines: program.lines.filter(({ file }) => !file.includes("/")).filter(isNew),
    subprogs: program.subprogs.map((one) => ({ ...one, btfId: typeName(one.btfId) })),
    coreRelocations: program.coreRelocations?.map((one) => ({ ...one, type: typeName(one.type) })),
  };
}

describe("an object of every kind of symbol, section and type", () => {
  it("has clang's types, variables and functions in its BTF", () => {
    expect(describeBtf(btfOf(ours))).toEqual(describeBtf(btfOf(theirs)));
  });

  it("has clang's programs: instructions, calls, relocations, lines", () => {
    // The number that a type has in the object is an immediate of its code.
    const withoutTypeIds = (program: Program) => ({
      ...program,
      insns: program.insns.map((insn, at) =>
        program.coreRelocations?.some(({ insn, kind }) => insn === at && kind === 6)
          ? { ...insn, imm: 0, imm64: 0n }
          : insn
      ),
    });
    expect(mine.programs.map((program) => comparable(withoutTypeIds(program), mine)))
      .toEqual(clangs.programs.map((program) => comparable(withoutTypeIds(program), clangs)));
  });

  it("has clang's maps and global variables, with their first values", () => {
    const withoutIds = ({ keyType: _key, valueType: _value, inner, ...map }: BpfObject["maps"][number]): unknown => ({
      ...map,
      inner: inner && withoutIds(inner),
      data: map.data && { ...map.data, variables: map.data.variables.map(({ type: _, ...variable }) => variable) },
    });
    expect(mine.maps.map(withoutIds)).toEqual(clangs.maps.map(withoutIds));
    expect(mine.license).toBe("GPL");
  });

  it("has clang's symbols, with their binding, visibility, place and size", () => {
    const symbols = (bytes: Uint8Array) => {
      const elf = readElf(bytes);
      return elf.symbols.filter(({ name, type }) =>
        name !== "" && type !== STT.SECTION && !/^(\.L|LB|kinds)/.test(name)
      )
        .map((symbol) => ({ ...symbol, section: elf.sections[symbol.section]?.name }))
        .sort((a, b) => a.name < b.name ? -1 : 1);
    };
    expect(symbols(ours)).toEqual(symbols(theirs));
  });

  it("writes the type's own number where the code asks for it", () => {
    const program = mine.programs.find(({ name }) => name === "follow")!;
    const relocation = program.coreRelocations!.find(({ kind }) => kind === 6)!;
    expect(mine.btf!.types[relocation.type].name).toBe("element");
    expect(program.insns[relocation.insn].imm).toBe(relocation.type);
  });
});
