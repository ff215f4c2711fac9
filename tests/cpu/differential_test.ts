import { Buffer } from "node:buffer";
import process from "node:process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { disassembleSafely } from "./listing.ts";
import { assemble, type Generated, program, setRegisters } from "./generated_programs.ts";
import {
  type Engine,
  interpreted,
  type Published,
  type Run,
  run,
  runDirect,
  translated,
  translatedExternal,
  World,
} from "./world.ts";

type Assembled = ReturnType<typeof assemble>;

const LIMIT = 3000;

/** Runs a generated program on one engine, in a world of its own. */
function runOn(generated: Generated, runIn: (world: World, assembled: Assembled) => Run, threads = false): Run {
  const world = new World(threads);
  const assembled = assemble(generated, world);
  setRegisters(generated, world);
  const result = runIn(world, assembled);
  if (!world.guardsIntact) throw new Error("written outside of all regions");
  return result;
}

const stepped = (make: (world: World, assembled: Assembled) => Engine) => (world: World, assembled: Assembled): Run =>
  run(world, make(world, assembled), assembled.insns, assembled.starts[0], LIMIT);

/** What both engines must agree on; a register that is dead for one engine says nothing about the other. */
function common(one: Published, other: Published) {
  return (mine: Published) => ({
    ...mine,
    registers: mine.registers.map((value, r) =>
      one.registers[r] === undefined || other.registers[r] === undefined ? "dead" : value
    ),
  });
}

function compare(expected: Run, found: Run): void {
  // Endless programs are cut off somewhere, not at the same instruction.
  const cut = expected.end === "limit" || found.end === "limit";
  const length = Math.min(expected.published.length, found.published.length);
  for (let i = 0; i < length; i++) {
    const view = common(expected.published[i], found.published[i]);
    expect(view(found.published[i])).toEqual(view(expected.published[i]));
  }
  if (cut) return;
  const { published, bytes, ...rest } = expected;
  const { published: foundPublished, bytes: foundBytes, ...foundRest } = found;
  expect(foundRest).toEqual(rest);
  expect(foundPublished.length).toBe(published.length);
  expect(Buffer.from(foundBytes).equals(Buffer.from(bytes))).toBe(true);
}

const VARIANTS: Record<string, (world: World, assembled: Assembled) => Run> = {
  "every pointer checked at run time": stepped((world, { insns, starts }) => translated(world, insns, starts)),
  "constant pointers checked before": stepped((world, { insns, starts }) =>
    translated(world, insns, starts, { memory: world.memory })
  ),
  "memory operations performed by the machine": stepped((world, { insns, starts }) =>
    translatedExternal(world, insns, starts, { memory: world.memory })
  ),
};

/** Checks a property of generated programs; a failure is shrunk, and shown with the seed that replays it. */
function check(property: (generated: Generated) => void): void {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 0x7fff_ffff);
  fc.assert(fc.property(program, property), {
    seed,
    numRuns: Number(process.env.FUZZ_RUNS ?? 500),
    interruptAfterTimeLimit: 60_000,
    reporter(details) {
      if (!details.failed) return;
      const [generated] = details.counterexample!;
      const { insns } = assemble(generated, new World());
      throw new Error(
        `seed ${details.seed}, path ${details.counterexamplePath}: ${details.errorInstance}\n` +
          `registers ${generated.registers.join(" ")}\n${disassembleSafely(insns)}`,
      );
    },
  });
}

describe("translator and reference interpreter agree on generated programs", () => {
  for (const [name, variant] of Object.entries(VARIANTS)) {
    it(name, () => {
      check((generated) => {
        const expected = runOn(generated, stepped((world, { insns }) => interpreted(world, insns)));
        compare(expected, runOn(generated, variant));
      });
    });
  }

  for (
    const { checked, threads } of [true, false].flatMap((
      checked,
    ) => [{ checked, threads: false }, { checked, threads: true }])
  ) {
    const how = `${threads ? ", in memory that threads share" : ""}${
      checked ? "" : ", constant pointers checked before"
    }`;
    it(`without scheduling points${how}`, () => {
      check((generated) => {
        const expected = runOn(generated, stepped((world, { insns }) => interpreted(world, insns)));
        const found = runOn(
          generated,
          (world, { insns, starts }) =>
            runDirect(world, insns, starts, LIMIT, { shared: threads, memory: checked ? undefined : world.memory }),
          threads,
        );
        if (expected.end === "limit" || found.end === "limit") return;
        expect([found.end, found.r0, found.fault]).toEqual([expected.end, expected.r0, expected.fault]);
        expect(Buffer.from(found.bytes).equals(Buffer.from(expected.bytes))).toBe(true);
        if (!Number.isNaN(found.insns)) expect(found.insns).toBe(expected.insns);
      });
    });
  }
});
