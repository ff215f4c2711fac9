/**
 * `interleave conformance [MEMORY] [--program BYTES]`: the plugin contract of the bpf_conformance project.
 *
 * Runs byte code, given as hex bytes, on one CPU with plain private memory, and prints r0 in hexadecimal.
 */
import { Command } from "commander";
import { readFileSync } from "node:fs";
import process from "node:process";
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

/** The command. Empty arguments are ignored: the public runner passes one where a test has no memory. */
export function command(): Command {
  return new Command("conformance")
    .summary("plugin of the bpf_conformance project: run byte code, print r0")
    .argument("[memory...]", "initial memory as hex bytes: its address goes into r1, its length into r2")
    .option("--program <bytes>", "byte code as hex bytes; read from standard input when left out")
    .action((memory: readonly string[], options: { program?: string }) => {
      const program = options.program ?? readFileSync(0, "utf8");
      const r0 = runConformance(parseHexBytes(program, "the program"), parseHexBytes(memory.join(" "), "the memory"));
      process.stdout.write(r0.toString(16) + "\n");
    });
}
