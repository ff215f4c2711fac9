/** Arenas: pages that programs allocate, accesses where none is, and a queue lock that a program makes of their memory. */
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { explore } from "../../lib/search/explore.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { listing, never, on, sometimes } from "./scenarios.ts";

const object = await listing("arena");

async function results(prog: string): Promise<(bigint | string)[]> {
  const { final, fault } = await simulate(object, { cpus: 1, programs: [on(0, prog)] });
  expect(fault).toBeUndefined();
  return Array.from({ length: 8 }, (_, i) => final[`results[${i}]`]);
}

describe("an arena", () => {
  it("gives pages of zeroes; where none is, loads give zero and stores are lost", async () => {
    expect(await results("pages")).toEqual([0n, 7n, 0n, 1n, 4096n, 0n, 0n, 1n]);
  });

  it("holds lists: a pointer of user space leads to where it was stored from, NULL to zeroes", async () => {
    expect((await results("links")).slice(0, 2)).toEqual([321n, 0n]);
  });

  it("has variables, which begin with what the object says", async () => {
    const { final } = await simulate(object, { cpus: 1, invocations: 4, programs: ["count_unlocked"] });
    expect(final.counter).toBe(9n);
    const { initial } = await simulate(object, { cpus: 1, invocations: 1, programs: ["count_unlocked"] });
    expect(initial.counter).toBe(5n);
  });

  it("is memory that CPUs share: counts are lost", async () => {
    await sometimes(object, {
      cpus: 2,
      programs: ["count_unlocked"],
      holds: (values) => values.counter === 7n,
    });
  });

  it("holds a queue lock that loses none, and lets everybody in", async () => {
    const programs = [on(0, "count_one"), on(1, "count_two"), on(2, "count_three")];
    const all = await explore(object, {
      cpus: 3,
      programs,
      holds: (values) => values.counter === 8n && values.tail === 0n,
    });
    expect(all.complete).toBe(true);
    expect(all.stuck).toEqual([]);
    expect(all.anomalies).toEqual([]);
    await never(object, {
      programs: [on(0, "count_one", 2), on(1, "count_two", 2)],
      holds: (values) => values.counter === 9n,
    });
  });

  it("is refused to programs that have none, and to casts between other address spaces", () => {
    for (const { name } of object.programs) {
      expect(verify(object, { program: name })[0]).toMatchObject({ verdict: "accept", message: "" });
    }
    const [program] = object.programs,
      isCast = (insn: { opcode: number; off: number }) => insn.opcode === 0xbf && insn.off === 1;
    const with_ = (changed: Partial<typeof program>) => ({ ...object, programs: [{ ...program, ...changed }] });
    const other = with_({ insns: program.insns.map((insn) => isCast(insn) ? { ...insn, imm: 2 } : insn) });
    expect(verify(other)[0].message).toBe("addr_space_cast insn can only convert between address space 1 and 0");
    const cast = program.insns.find(isCast)!, exit = program.insns.at(-1)!;
    const alone = with_({
      insns: [{ ...cast, src: 1, dst: 0 }, exit],
      relocations: [],
      lines: [],
      subprogs: [{ ...program.subprogs[0], end: 2 }],
    });
    expect(verify(alone)[0].message).toBe(
      "addr_space_cast insn can only be used in a program that has an associated arena",
    );
  });
});
