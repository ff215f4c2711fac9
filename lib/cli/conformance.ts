/**
 * `interleave conformance [MEMORY] [--program BYTES]`: the plugin contract of the bpf_conformance project.
 *
 * Runs byte code, given as hex bytes, on one CPU with plain private memory, and prints r0 in hexadecimal.
 */
import { readFileSync } from "node:fs";
import { explainFault } from "../cpu/fault.ts";
import { KIND, layoutFor, REGION_FLAG, STACK_BYTES, STACK_FRAME_BYTES, TASK } from "../cpu/layout.ts";
import { Memory } from "../cpu/memory.ts";
import { instantiate, translate } from "../cpu/translate.ts";
import { decode, isHelperCall, isWide } from "../isa/insn.ts";
import { ByteCodeError, validate } from "../isa/validate.ts";

/** A program that runs longer has no end, as far as a conformance test is concerned. */
const MAX_INSNS_RUN = 1_000_000_000;

/** What went wrong with a conformance run; the message is for its user. */
export class ConformanceError extends Error {
  override name = "ConformanceError";
}

/**
 * Parses bytes such as `b7 00 00 00`, separated by blanks or line ends.
 *
 * @throws ConformanceError naming the first word that is no byte
 */
export function parseHexBytes(text: string, what: string): Uint8Array {
  const words = text.split(/\s+/).filter((word) => word !== "");
  return Uint8Array.from(words, (word) => {
    if (!/^(0x)?[0-9a-fA-F]{1,2}$/.test(word)) throw new ConformanceError(`${what}: "${word}" is not a hex byte`);
    return parseInt(word, 16);
  });
}

/**
 * Runs byte code with the address of `memory` in r1 (0 where there is none) and its length in r2.
 *
 * @returns r0 as an unsigned 64-bit number
 * @throws ConformanceError, ByteCodeError or RangeError where the program cannot be run, or faults
 */
export function runConformance(byteCode: Uint8Array, initialMemory: Uint8Array): bigint {
  const insns = decode(byteCode);
  validate(insns);
  insns.forEach((insn, index) => {
    if (isWide(insn) && insn.src !== 0) {
      throw new ByteCodeError(`BPF_LD_IMM64 with source ${insn.src} needs an object with maps or functions`, index);
    }
  });
  const layout = layoutFor(1, 1, 8);
  const memory = new Memory(layout, initialMemory.length + 4096);
  const { read, write } = REGION_FLAG;
  const stack = memory.addRegion(layout.stacks, STACK_BYTES, read | write, "the stack");
  const task = layout.tasks;
  const setRegister = (r: number, value: bigint) => memory.write(task + TASK.registers + 8 * r, 8, value);
  if (initialMemory.length > 0) {
    const at = memory.allocate(initialMemory.length);
    memory.bytes.set(initialMemory, at);
    setRegister(1, memory.pointer(memory.addRegion(at, initialMemory.length, read | write, "the memory"), at));
    setRegister(2, BigInt(initialMemory.length));
  }
  setRegister(10, memory.pointer(stack, layout.stacks + STACK_FRAME_BYTES));
  const translation = translate(insns, [0], { layout });
  const step = instantiate(translation, memory);
  memory.setU32(task + TASK.pending, translation.entryBlock(0) << 8);
  memory.setU32(task + TASK.fuel, 10_000_000);
  for (let ran = 0; ran < MAX_INSNS_RUN;) {
    const result = step(task), insn = memory.getU32(task + TASK.insn);
    ran += result >>> 4;
    switch (result & 15) {
      case KIND.exit:
        return memory.read(task + TASK.registers, 8);
      case KIND.fault:
        throw new ByteCodeError(explainFault(memory, insns[insn], memory.read(task + TASK.faultPointer, 8)), insn);
      case KIND.call: {
        const what = isHelperCall(insns[insn]) ? "helper" : "kernel function";
        throw new ByteCodeError(`calls ${what} ${insns[insn].imm}: a conformance run has none`, insn);
      }
    }
  }
  throw new ConformanceError(`the program ran ${MAX_INSNS_RUN} instructions without an end`);
}

/**
 * The command: arguments after its name in, exit code out.
 *
 * @param args `[MEMORY] [--program BYTES]`; empty arguments (the public runner passes one) are ignored
 * @param readInput gives the byte code where no `--program` does
 */
export function conformance(args: readonly string[], readInput = () => readFileSync(0, "utf8")): number {
  try {
    const { memory, program } = parseArguments(args);
    const r0 = runConformance(
      parseHexBytes(program ?? readInput(), "the program"),
      parseHexBytes(memory ?? "", "the memory"),
    );
    console.log(r0.toString(16));
    return 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(error.message);
    return 1;
  }
}

function parseArguments(args: readonly string[]): { memory?: string; program?: string } {
  let memory: string | undefined, program: string | undefined;
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--program") {
      program = args[++i];
      if (program === undefined) throw new ConformanceError("--program needs bytes, as in --program 'b7 00 00 00 ...'");
    } else if (args[i].startsWith("--program=")) {
      program = args[i].slice("--program=".length);
    } else if (args[i].startsWith("-")) {
      throw new ConformanceError(`unknown option ${args[i]}: conformance [MEMORY] [--program BYTES]`);
    } else if (args[i] !== "") {
      if (memory !== undefined) throw new ConformanceError(`more than one MEMORY argument: "${args[i]}"`);
      memory = args[i];
    }
  }
  return { memory, program };
}
