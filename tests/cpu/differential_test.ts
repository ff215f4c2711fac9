import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { disassembleSafely } from "./listing.ts";
import { assemble, type Generated, program } from "./generated_programs.ts";
import { type Engine, interpreted, type Published, type Run, run, translated, World } from "./world.ts";

const LIMIT = 3000;

/** Runs a generated program on one engine, in a world of its own. */
function runOn(generated: Generated, make: (world: World, assembled: ReturnType<typeof assemble>) => Engine): Run {
  const world = new World();
  const assembled = assemble(generated, world);
  generated.registers.forEach((value, r) => world.setRegister(r, value));
  const engine = make(world, assembled);
  const result = run(world, engine, assembled.insns, assembled.starts[0], LIMIT);
  if (!world.guardsIntact) throw new Error(`${engine.name} wrote outside its regions`);
  return result;
}

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

const VARIANTS = {
  "every pointer checked at run time": (world: World, { insns, starts }: ReturnType<typeof assemble>) =>
    translated(world, insns, starts),
  "constant pointers checked before": (world: World, { insns, starts }: ReturnType<typeof assemble>) =>
    translated(world, insns, starts, { memory: world.memory }),
};

describe("translator and reference interpreter", () => {
  for (const [name, make] of Object.entries(VARIANTS)) {
    it(`agree on generated programs: ${name}`, () => {
      const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 0x7fff_ffff);
      fc.assert(
        fc.property(program, (generated) => {
          const expected = runOn(generated, (world, { insns }) => interpreted(world, insns));
          const found = runOn(generated, make);
          compare(expected, found);
        }),
        {
          seed,
          numRuns: Number(process.env.FUZZ_RUNS ?? 1500),
          reporter(details) {
            if (!details.failed) return;
            const [generated] = details.counterexample!;
            const { insns } = assemble(generated, new World());
            throw new Error(
              `seed ${details.seed}, path ${details.counterexamplePath}: ${details.errorInstance}\n` +
                `registers ${generated.registers.join(" ")}\n${disassembleSafely(insns)}`,
            );
          },
        },
      );
    });
  }
});
