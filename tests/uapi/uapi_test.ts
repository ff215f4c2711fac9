/** The tables of lib/uapi against compile's headers, the running kernel and the rest of lib/, which must not repeat them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { constants, platform } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { BtfType } from "../../lib/object/btf.ts";
import { parseBtf } from "../../lib/object/btf_parser.ts";
import { ERRNO, errnoName } from "../../lib/uapi/errno.ts";
import * as flags from "../../lib/uapi/flags.ts";
import { HELPER_AVAILABILITY } from "../../lib/uapi/helper_availability.ts";
import { BPF_FUNC, BPF_FUNC_MAX_ID, helperId, helperLabel, helperName } from "../../lib/uapi/helpers.ts";
import { BPF_MAP_TYPE, mapTypeName } from "../../lib/uapi/map_types.ts";
import { BPF_ATTACH_TYPE, BPF_PROG_TYPE } from "../../lib/uapi/prog_types.ts";
import { SECTIONS } from "../../lib/uapi/sections.ts";

type Numbers = Readonly<Record<string, number>>;

const withPrefix = (prefix: string, table: Numbers): Numbers =>
  Object.fromEntries(Object.entries(table).map(([name, value]) => [prefix + name, value]));
const FLAGS: Numbers = Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, Number(value)]));
/** Every number of the room under the name that the kernel's headers give it. */
const TABLES: Readonly<Record<string, Numbers>> = {
  map_types: withPrefix("BPF_MAP_TYPE_", BPF_MAP_TYPE),
  prog_types: withPrefix("BPF_PROG_TYPE_", BPF_PROG_TYPE),
  attach_types: withPrefix("BPF_", BPF_ATTACH_TYPE),
  helpers: withPrefix("BPF_FUNC_", BPF_FUNC),
  flags: FLAGS,
  errno: ERRNO,
};
const lib = fileURLToPath(new URL("../../lib", import.meta.url));
const header = (name: string) => readFileSync(join(lib, "compile/include", name), "utf8");

/** `NAME = 1 << 4` or `NAME = 7` of enums. */
const enumerators = (text: string): [string, number][] =>
  [...text.matchAll(/^\t(\w+) = (\d+)(?:U?L{0,2} << (\d+))?,/gm)]
    .map(([, name, value, shift]) => [name, Number(value) * 2 ** Number(shift ?? 0)]);

describe("compile's headers", () => {
  const inHeader = new Map(enumerators(header("linux/bpf.h")));
  it("have every map type", () => {
    for (const [name, value] of Object.entries(TABLES.map_types)) {
      expect([name, inHeader.get(name)]).toEqual([name, value]);
    }
    expect([...inHeader.keys()].filter((name) => name.startsWith("BPF_MAP_TYPE_"))).toEqual(
      Object.keys(TABLES.map_types),
    );
  });

  it("have the same flags of maps and map calls", () => {
    const theirs = Object.entries(FLAGS).filter(([name]) => inHeader.has(name));
    expect(theirs.length).toBeGreaterThan(15);
    for (const [name, value] of theirs) expect([name, inHeader.get(name)]).toEqual([name, value]);
  });

  it("have the same error numbers", () => {
    const defined = [...header("linux/errno.h").matchAll(/^#define (E\w+) (\d+)/gm)];
    const numbers = new Map(defined.map(([, name, value]) => [name, Number(value)]));
    expect(numbers.size).toBeGreaterThan(120);
    for (const [name, value] of Object.entries(ERRNO)) {
      if (name !== "ENOTSUPP") expect([name, numbers.get(name)]).toEqual([name, value]);
    }
    if (platform() !== "linux") return;
    const theirs = constants.errno as unknown as Numbers;
    for (const [name, value] of numbers) expect([name, theirs[name] ?? value]).toEqual([name, value]);
  });

  it("declare every helper function under its number", () => {
    const declared = [...header("bpf/bpf_helper_defs.h").matchAll(/\(\*const (bpf_\w+)\)\(.*\) = \(void \*\)(\d+);/g)]
      .map(([, name, id]) => [name, Number(id)]);
    const names = Array.from({ length: BPF_FUNC_MAX_ID - 1 }, (_, at) => [helperName(at + 1), at + 1]);
    expect(declared).toEqual(names);
  });
});

describe("the tables", () => {
  it("find names by number and numbers by name", () => {
    expect([mapTypeName(1), mapTypeName(99)]).toEqual(["BPF_MAP_TYPE_HASH", "BPF_MAP_TYPE_99"]);
    expect([errnoName(-17), errnoName(22), errnoName(200)]).toEqual(["EEXIST", "EINVAL", "errno 200"]);
    expect([helperId("bpf_loop"), helperName(0), helperLabel(999)]).toEqual([181, undefined, "unknown#999"]);
  });

  it("know the helpers of every section", () => {
    const unknown = SECTIONS.filter(({ helpers }) => !(helpers in HELPER_AVAILABILITY)).map(({ name }) => name);
    expect(unknown).toEqual([]);
  });

  const system = () => {
    for (const [name, value] of Object.entries(ERRNO)) {
      // The kernel's own, which no libc has.
      if (name === "ENOTSUPP") continue;
      const theirs = (constants.errno as unknown as Numbers)[name];
      expect([name, theirs]).toEqual([name, value]);
    }
  };
  if (platform() === "linux") it("have the system's error numbers", system);
  else it.skip("have the system's error numbers (skipped: not on Linux)", system);
});

const KERNEL_BTF = "/sys/kernel/btf/vmlinux";

describe("the running kernel's BTF", () => {
  const compare = () => {
    const { types } = parseBtf(new Uint8Array(readFileSync(KERNEL_BTF)));
    const named = (first: string) =>
      new Map(enumOf(types, first).values!.map(({ name, value }) => [name, Number(value)]));
    const checks: [string, Numbers][] = [
      ["BPF_MAP_TYPE_HASH", TABLES.map_types],
      ["BPF_PROG_TYPE_KPROBE", TABLES.prog_types],
      ["BPF_CGROUP_INET_INGRESS", TABLES.attach_types],
      ["BPF_FUNC_map_lookup_elem", TABLES.helpers],
      ["BPF_ANY", pick(FLAGS, /^BPF_(ANY|NOEXIST|EXIST|F_LOCK)$/)],
      ["BPF_F_NO_PREALLOC", pick(FLAGS, /^BPF_F_(?!LOCK|SLEEPABLE|TEST_RUN)/)],
    ];
    // Flags stand in an enum for each helper or map.
    const all = new Map(
      types.flatMap(({ values = [] }) => values.map(({ name, value }) => [name, Number(value)] as const)),
    );
    for (const [first, table] of checks) {
      const theirs = first.startsWith("BPF_F_") ? all : named(first);
      // An older kernel may lack what came later; what both have is the same.
      const both = Object.entries(table).filter(([name]) => theirs.has(name));
      expect(both.length).toBeGreaterThan(Object.keys(table).length / 2);
      for (const [name, value] of both) expect([name, theirs.get(name)]).toEqual([name, value]);
    }
  };
  if (existsSync(KERNEL_BTF)) it("has the same numbers", compare);
  else it.skip(`has the same numbers (skipped: no ${KERNEL_BTF})`, compare);
});

const enumOf = (types: readonly BtfType[], first: string): BtfType =>
  types.find(({ kind, values }) => kind.startsWith("enum") && values!.some(({ name }) => name === first))!;
const pick = (table: Numbers, names: RegExp): Numbers =>
  Object.fromEntries(Object.entries(table).filter(([name]) => names.test(name)));

describe("lib/", () => {
  const modules = readdirSync(lib, { recursive: true }).map(String).filter((name) => name.endsWith(".ts"));
  const inRoom = (name: string) => /^uapi[\\/]/.test(name);
  const text = (name: string) => readFileSync(join(lib, name), "utf8");

  it("has a uapi room that imports nothing from other rooms", () => {
    const room = modules.filter(inRoom);
    expect(room.length).toBeGreaterThan(5);
    for (const name of room) {
      const outside = [...text(name).matchAll(/^(?:import|export)\b.* from "([^"]+)"/gm)].map(([, from]) => from)
        .filter((from) => !/^\.\/\w+\.ts$/.test(from));
      expect([name, outside]).toEqual([name, []]);
    }
  });

  it("defines no number of the tables a second time", () => {
    const again = modules.filter((name) => !inRoom(name)).flatMap((name) =>
      repetitions(text(name)).map((one) => `${name}: ${one}`)
    );
    expect(again.join("\n")).toBe("");
  });

  it("would be caught at it", () => {
    expect(repetitions("const BPF_MAP_TYPE_PROG_ARRAY = 3;")).toEqual(["BPF_MAP_TYPE_PROG_ARRAY = 3"]);
    expect(repetitions("const A = 1, BPF_NOEXIST = 1n;")).toEqual(["BPF_NOEXIST = 1n"]);
    expect(repetitions("const ENOENT = -2;")).toEqual(["ENOENT = -2"]);
    expect(repetitions('const NAMES = { 17: "EEXIST" };')).toEqual(['17: "EEXIST"']);
    expect(repetitions("const TYPES = { HASH: 1, LRU_HASH: 9 };")).toEqual(["HASH: 1", "LRU_HASH: 9"]);
    expect(repetitions("const HELPER = { map_lookup_elem: 1 };")).toEqual(["map_lookup_elem: 1"]);
    expect(repetitions("const BPF_F_CLONE = 1 << 9;")).toEqual(["BPF_F_CLONE = 1 << 9"]);
    expect(repetitions("if (map.type === 12) return ERRNO.E2BIG; const KIND = { EXIT: 9 }; x ? ERRNO.E2BIG : 0"))
      .toEqual([
        "map.type === 12",
      ]);
  });
});

/** Names that the tables have, with and without what the kernel puts before them, and their numbers. */
const NAMED = new Map<string, Set<number>>();
const note = (name: string, value: number) => NAMED.set(name, (NAMED.get(name) ?? new Set()).add(value));
for (const table of [...Object.values(TABLES), BPF_MAP_TYPE, BPF_PROG_TYPE, BPF_ATTACH_TYPE, BPF_FUNC]) {
  for (const [name, value] of Object.entries(table)) note(name, value);
}

/** Where a text gives a kernel name its number, or compares a type with a bare number. */
function repetitions(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  const found: string[] = [];
  for (
    const [all, name, , sign, base, shift] of code.matchAll(
      /(?<![\w.])(\w+)\s*(=|:)\s*(-?)(0x[\da-f]+|\d+)n?(?: << (\d+))?(?!\w)/gi,
    )
  ) {
    const value = Number(base) * 2 ** Number(shift ?? 0);
    if (NAMED.get(name)?.has(value) && !(sign && !/^E[A-Z\d]+$/.test(name))) found.push(all);
  }
  for (const [all, value, name] of code.matchAll(/\b(\d+): "(E[A-Z\d]+)"/g)) {
    if (NAMED.get(name)?.has(Number(value))) found.push(all);
  }
  for (const [all] of code.matchAll(/\b(?:map|def|program|kind)\.(?:type|attachType) [!=]== \d+/g)) found.push(all);
  return found;
}
