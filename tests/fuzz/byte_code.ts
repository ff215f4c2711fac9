/**
 * Damaged byte code through decode, validate, translate and run.
 *
 * Whatever the bytes are: they are refused with a message, or they run within their limits, touch no byte outside of
 * their regions, and do what the reference interpreter does.
 */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { decode, encode, type Insn, isBpfCall, isCall, isWide } from "../../lib/isa/insn.ts";
import { ByteCodeError, validate } from "../../lib/isa/validate.ts";
import { ObjectError } from "../../lib/object/object_error.ts";
import { loadObject } from "../../lib/object/load.ts";
import type { SeededRandom } from "../../lib/schedulers/random_numbers.ts";
import { assemble, program, setRegisters } from "../cpu/generated_programs.ts";
import { interpreted, type Run, run, translated, World } from "../cpu/world.ts";
import { mutate } from "./mutate.ts";

const INSN_LIMIT = 2000;

/** Objects that the project ships, to be damaged. */
export function shippedObjects(): Uint8Array[] {
  const folder = new URL("../../notebooks/progs/objects/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".o")).sort();
  return names.slice(0, 40).map((name) => new Uint8Array(readFileSync(new URL(name, folder))));
}

/** Byte code to begin with: generated programs, and those of shipped objects with pointers into the world put in. */
export function byteCodeSeeds(world: World): Uint8Array[] {
  const seeds = fc.sample(program, { seed: 1, numRuns: 150 }).map((generated) =>
    encode(assemble(generated, world).insns)
  );
  for (const bytes of shippedObjects()) {
    try {
      for (const { insns } of loadObject(bytes, "seed").programs) seeds.push(encode(withPointers(insns, world)));
    } catch (error) {
      if (!(error instanceof ObjectError)) throw error;
    }
  }
  return seeds.filter((bytes) => bytes.length > 0);
}

function withPointers(insns: readonly Insn[], world: World): Insn[] {
  const linked = insns.map((insn) => ({ ...insn }));
  insns.forEach((insn, at) => {
    if (!isWide(insn) || insn.src === 0) return;
    linked[at] = { ...insn, src: 0, imm: Number(world.shared & 0x7fff_ffffn) };
    linked[at + 1] = { ...insns[at + 1], imm: Number(world.shared >> 32n) };
  });
  return linked;
}

/** What became of one piece of byte code. */
export type Fate = "refused" | Run["end"];

/** Runs damaged byte code; one world serves all cases. */
export class ByteCodeFuzzer {
  readonly #world = new World();
  readonly #reference = new World();
  readonly #clean = this.#world.memory.bytes.slice();
  readonly #seeds = byteCodeSeeds(this.#world);

  /** Makes the byte code of a case. */
  damaged(random: SeededRandom): Uint8Array {
    const pick = () => this.#seeds[random.below(this.#seeds.length)];
    return mutate(pick(), pick(), random, 8);
  }

  /**
   * Runs byte code on the translator, with and without checks before the run, and on the interpreter.
   *
   * @throws Error when anything but a refusal or a proper run comes of it
   */
  run(bytes: Uint8Array): Fate {
    let insns: Insn[];
    try {
      insns = decode(bytes);
      validate(insns);
    } catch (error) {
      // What decode says of a length is a RangeError.
      if (error instanceof ByteCodeError || error instanceof RangeError) return "refused";
      throw error;
    }
    const checked = this.#runOn(this.#world, (world) => translated(world, insns, [0]), insns);
    const ahead = this.#runOn(
      this.#world,
      (world) => translated(world, insns, [0], { memory: world.memory }),
      insns,
    );
    this.#compare(checked, ahead);
    // After a call r1 to r5 hold what each engine left in them: a program that reads them has no one meaning.
    if (!insns.some((insn) => isCall(insn) || isBpfCall(insn))) {
      this.#compare(this.#runOn(this.#reference, (world) => interpreted(world, insns), insns), checked);
    }
    return checked.end;
  }

  #runOn(world: World, make: (world: World) => Parameters<typeof run>[1], insns: readonly Insn[]): Run {
    world.memory.bytes.set(this.#clean);
    setRegisters({ functions: [], registers: [7n, world.stackTop, 64n, -1n, 1n << 63n, 3n, 0n, 0n, 1n, 8n] }, world);
    const result = run(world, make(world), insns, 0, INSN_LIMIT);
    if (!world.guardsIntact) throw new Error("a byte outside of all regions was written");
    return result;
  }

  #compare(one: Run, other: Run): void {
    if (one.end === "limit" || other.end === "limit") return;
    const text = (run: Run) =>
      JSON.stringify([
        run.end,
        run.insns,
        run.fault,
        run.r0,
        run.published.map(({ kind, insn, addr, insns }) => [kind, insn, addr, insns]),
      ], (_, value) => typeof value === "bigint" ? String(value) : value);
    if (text(one) !== text(other)) throw new Error(`engines disagree: ${text(one)} and ${text(other)}`);
    if (!Buffer.from(one.bytes).equals(Buffer.from(other.bytes))) throw new Error("engines leave different memory");
  }
}
