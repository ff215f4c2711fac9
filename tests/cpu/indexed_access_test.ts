/** A table's pointer plus an index: in bounds at the same places as any other pointer, whatever the width. */
import { describe, expect, it } from "vitest";
import type { Insn } from "../../lib/isa/insn.ts";
import { interpreted, run, translated, World } from "./world.ts";

const insn = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm });

/** r1 = table; r1 += r2; then a load into r0, or a store of r2. */
function indexed(table: bigint, opcode: number): Insn[] {
  return [
    { ...insn(0x18, 1), imm64: table },
    insn(0),
    insn(0x0f, 1, 2),
    (opcode & 7) === 1 ? insn(opcode, 0, 1) : insn(opcode, 1, 2),
    insn(0xb7),
    insn(0x95),
  ];
}

/** About both ends of the 64 bytes, in the next region by its number, and far away. */
const INDICES = [
  ...[-64n, -9n, -8n, -1n, 0n, 1n, 31n],
  ...Array.from({ length: 12 }, (_, i) => BigInt(54 + i)),
  ...[1n << 32n, -(1n << 32n), 1n << 63n],
];

describe("a table's pointer plus an index", () => {
  for (const [width, load, store] of [[1, 0x71, 0x73], [2, 0x69, 0x6b], [4, 0x61, 0x63], [8, 0x79, 0x7b]]) {
    it(`leads where it leads without knowing the table: ${width} bytes`, () => {
      for (const opcode of [load, store]) {
        for (const table of ["shared", "own", "readOnly"] as const) {
          const engines = (["known", "looked up", "interpreted"] as const).map((how) => {
            const world = new World(), insns = indexed(world[table], opcode), { memory } = world;
            const engine = how === "interpreted"
              ? interpreted(world, insns)
              : translated(world, insns, [0], how === "known" ? { memory } : {});
            return { world, insns, engine };
          });
          for (const index of INDICES) {
            const [known, looked, reference] = engines.map(({ world, insns, engine }) => {
              for (const r of [0, 1, 3, 4, 5]) world.setRegister(r, 0n);
              world.setRegister(2, index);
              const { published, ...rest } = run(world, engine, insns, 0, 100);
              const steps = published.map((one) => ({ ...one, registers: undefined }));
              return { ...rest, steps, intact: world.guardsIntact };
            });
            expect(known).toEqual(looked);
            expect(known.intact).toBe(true);
            expect({ end: known.end, steps: known.steps }).toEqual({ end: reference.end, steps: reference.steps });
          }
        }
      }
    });
  }
});
