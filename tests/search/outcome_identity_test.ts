/** Outcomes are told apart by every byte that is shared, however little of it a report prints. */
import { describe, expect, it } from "vitest";
import type { Insn } from "../../lib/isa/insn.ts";
import { Machine } from "../../lib/machine/machine.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import type { Btf } from "../../lib/object/btf.ts";
import type { BpfObject, MapDef, Program } from "../../lib/object/bpf_object.ts";
import { explore } from "../../lib/search/explore.ts";
import { describeReturned, outcomeKey } from "../../lib/search/outcome.ts";

const UPDATE = 2, DELETE = 3;
const KEY = -8, VALUE = -24;

const insn = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm });

/** A program that calls one helper on map 0 with a key and a value of up to two words. */
function calls(name: string, helper: number, key: number, words: readonly number[] = []): Program {
  const insns = [insn(0x7a, 10, 0, KEY, key), ...words.map((word, i) => insn(0x7a, 10, 0, VALUE + 8 * i, word))];
  const map = insns.length;
  insns.push({ ...insn(0x18, 1), imm64: 0n }, insn(0));
  insns.push(insn(0xbf, 2, 10), insn(0x07, 2, 0, 0, KEY));
  if (words.length > 0) insns.push(insn(0xbf, 3, 10), insn(0x07, 3, 0, 0, VALUE), insn(0xb7, 4));
  insns.push(insn(0x85, 0, 0, 0, helper), insn(0xb7), insn(0x95));
  return {
    name,
    section: "raw_tp",
    insns,
    relocations: [{ insn: map, kind: "map", map: 0 }],
    subprogs: [{ name, start: 0, end: insns.length, global: true }],
    lines: [],
  };
}

const objectOf = (map: Partial<MapDef>, programs: readonly Program[], btf?: Btf): BpfObject => ({
  name: "identity",
  bytes: new Uint8Array(),
  programs,
  maps: [{ name: "conns", type: HASH, keySize: 4, valueSize: 8, maxEntries: 4, flags: 0, ...map }],
  license: "GPL",
  btf,
});
const HASH = 1, ARRAY = 2, PERCPU_HASH = 5, LRU_HASH = 9;

/** One run of each program on a CPU of its own. */
const together = ({ programs }: BpfObject) => ({
  cpus: programs.length,
  invocations: 1,
  programs: programs.map(({ name }, cpu) => ({ prog: name, cpus: [cpu] })),
});

// struct { u8 flag; u64 count; }: seven bytes of padding behind the flag.
const PADDED: Btf = {
  bytes: new Uint8Array(),
  types: [
    { id: 0, kind: "void", name: "" },
    { id: 1, kind: "int", name: "u8", size: 1 },
    { id: 2, kind: "int", name: "u64", size: 8 },
    {
      id: 3,
      kind: "struct",
      name: "padded",
      size: 16,
      members: [{ name: "flag", type: 1, bitOffset: 0, bitSize: 0 }, {
        name: "count",
        type: 2,
        bitOffset: 64,
        bitSize: 0,
      }],
    },
  ],
};

describe("an entry whose value is zero is not an absent one", () => {
  // A 6.18 kernel leaves the entry behind when the update comes last, whatever max_entries is.
  for (const type of [HASH, PERCPU_HASH, LRU_HASH]) {
    for (const maxEntries of [64, 65, 1000]) {
      it(`map type ${type}, ${maxEntries} entries`, async () => {
        const object = objectOf({ type, maxEntries }, [
          calls("opened", UPDATE, 5, [0]),
          calls("closed", DELETE, 5),
        ]);
        const name = type === PERCPU_HASH ? "conns[5]@cpu0" : "conns[5]";
        const gone = await explore(object, { ...together(object), holds: (values) => values[name] === undefined });
        expect(gone.complete).toBe(true);
        expect(new Set(gone.outcomes.map(({ values, anomaly }) => `${values[name]} ${anomaly}`))).toEqual(
          new Set(["0 true", "undefined false"]),
        );
        expect(gone.observation).toBe("Sometimes");
        const serial = await explore(object, together(object));
        expect([serial.serial.length, serial.outcomes.length, serial.observation]).toEqual([2, 2, "Never"]);
      });
    }
  }
});

describe("an entry of an array is there, even where reports leave it out", () => {
  for (const maxEntries of [64, 65, 1000]) {
    it(`${maxEntries} entries`, async () => {
      const object = objectOf({ type: ARRAY, maxEntries }, [
        calls("set", UPDATE, 5, [3]),
        calls("zero", UPDATE, 5, [0]),
      ]);
      const isZero = await explore(object, { ...together(object), holds: (values) => values["conns[5]"] === 0n });
      expect(isZero.observation).toBe("Sometimes");
      const untouched = await explore(object, {
        ...together(object),
        holds: (values) => values["conns[6]"] === 0n && "conns[6]" in values && !("conns[1000]" in values),
      });
      expect(untouched.observation).toBe("Never");
    });
  }
});

describe("bytes of padding count", () => {
  for (const maxEntries of [2, 100]) {
    for (const type of [HASH, ARRAY]) {
      it(`map type ${type}, ${maxEntries} entries`, async () => {
        const shape = { type, maxEntries, valueSize: 16, valueType: 3 };
        const object = objectOf(shape, [calls("a", UPDATE, 1, [0x101, 7]), calls("b", UPDATE, 1, [0x201, 7])], PADDED);
        const { outcomes, complete } = await explore(object, together(object));
        expect(complete).toBe(true);
        expect(outcomes.map(({ values }) => [values["conns[1].flag"], values["conns[1].count"]])).toEqual([
          [1n, 7n],
          [1n, 7n],
        ]);
        expect(new Set(outcomes.map(({ key }) => key)).size).toBe(2);
      });
    }
  }
});

describe("where an element stands, and what it is called, does not count", () => {
  it("two updates in either order", async () => {
    const object = objectOf({}, [calls("a", UPDATE, 1, [1]), calls("b", UPDATE, 2, [2])]);
    expect((await explore(object, together(object))).outcomes.length).toBe(1);
  });

  it("inner maps that user space made: which was first", async () => {
    const inner: MapDef = { name: "inner", type: ARRAY, keySize: 4, valueSize: 8, maxEntries: 1, flags: 0 };
    const programs = [calls("program", DELETE, 1)];
    const outer: MapDef = { name: "outer", type: 12, keySize: 4, valueSize: 4, maxEntries: 2, flags: 0, inner };
    const object: BpfObject = { ...objectOf({}, programs), maps: [...objectOf({}, programs).maps, outer] };
    const swaps = (slot: number) => ({
      name: `slot${slot}`,
      *body(user: UserApi) {
        yield* user.lookup("conns", 1);
        const made = yield* user.createInner("outer");
        yield* user.update("outer", slot, made);
      },
    });
    const workload = { cpus: 1, invocations: 1, programs: ["program"], user: [swaps(0), swaps(1)] };
    const plain = await explore(object, workload);
    expect(plain.outcomes.length).toBe(1);
    // A property that asks for a name is asked about both.
    const named = await explore(object, { ...workload, holds: (values) => values["outer[0]"] === "outer#1" });
    expect(named.observation).not.toBe("Never");
    expect(named.anomalies.map(({ values }) => values["outer[0]"])).toEqual(["outer#2"]);
  });
});

it("the key of a large map is short, and every byte of the map moves it", () => {
  const object = objectOf({ type: ARRAY, maxEntries: 1000 }, [calls("a", UPDATE, 1, [1])]);
  const machine = new Machine(planTasks(object, { cpus: 1, invocations: 1 })), keys = new Set([outcomeKey(machine)]);
  const { addr } = [...machine.kernel.maps[0].entries(machine.memory)][0];
  for (let at = 0; at < 8000; at++) {
    machine.memory.bytes[addr + at] ^= 1;
    keys.add(outcomeKey(machine));
    machine.memory.bytes[addr + at] ^= 1;
  }
  expect(keys.size).toBe(8001);
  for (const key of keys) expect(key.length).toBeLessThan(40);
});

it("values that print alike are told apart in what user actors return", () => {
  const values = [
    1n,
    1,
    "1",
    "1n",
    true,
    "true",
    null,
    "null",
    undefined,
    [undefined],
    [null],
    [],
    {},
    new Map(),
    -0,
    0,
  ];
  const more = [[1n, 2n], [[1n, 2n]], new Map([[1n, 2n]]), new Uint8Array([1]), "01", [1n], { a: 1n }, { a: "1" }, NaN];
  const texts = [...values, ...more].map((value) => describeReturned(value));
  expect(new Set(texts).size).toBe(texts.length);
  expect(describeReturned({ a: 1n, b: 2n })).toBe(describeReturned({ b: 2n, a: 1n }));
});
