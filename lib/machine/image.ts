/** The programs of a workload laid out as one flat list of instructions, every pointer resolved. */
import { kfuncNumber, UNMODELLED_KFUNC } from "../bpf_helpers/kfunc_models.ts";
import type { ArenaPlace } from "../maps/arena_map.ts";
import { isBpfCall, isKfuncCall } from "../isa/insn.ts";
import type { Insn } from "../isa/insn.ts";
import { ByteCodeError, validate } from "../isa/validate.ts";
import type { BpfObject, LineInfo, Program, Relocation } from "../object/bpf_object.ts";
import { withGuards } from "./core_guards.ts";
import { lineOf } from "../object/bpf_object.ts";
import { FUNC_REGION } from "../cpu/layout.ts";
import { packetContext } from "../uapi/packet_contexts.ts";
import { resolveExtern } from "../verifier/kernel/externs.ts";
import { programKind } from "../verifier/kernel/program_types.ts";

/** `BPF_LDX | BPF_MEM | BPF_W`. */
const LDX_W = 0x61;
/** `BPF_JMP | BPF_JCOND`: may_goto. */
const JCOND = 0xe5, GOTO = 0x05;

/** One program inside an image: its instructions are [start, end). */
export interface ImageProgram {
  readonly name: string;
  readonly program: Program;
  readonly start: number;
  readonly end: number;
}

export interface Image {
  readonly insns: readonly Insn[];
  readonly programs: readonly ImageProgram[];
  /** Every instruction where execution may begin: programs, subprograms, callbacks. */
  readonly entries: readonly number[];
  /** Loads that the kernel would rewrite into loads of a packet's pointers, if they are from the context: which pointer. */
  readonly packetLoads: ReadonlyMap<number, number>;
  /** Whether a loop has the kernel's limit of time. */
  readonly hasTimedLoops: boolean;
  readonly arena?: ArenaPlace;
}

/** How an image turns what an object refers to into 64-bit pointers. */
export interface AddressBook {
  mapPointer(map: number): bigint;
  valuePointer(map: number, offset: number): bigint;
  /** Where programs' pointers into an arena lead, for an object that has one. */
  readonly arena?: ArenaPlace;
}

/**
 * Lays out programs one after another and puts the pointers in.
 *
 * @throws ByteCodeError when a program's byte code is not well formed or not supported
 * @throws Error when a program refers to a kernel variable
 */
export function linkImage(object: BpfObject, programs: readonly Program[], addresses: AddressBook): Image {
  const { arena } = addresses;
  const insns: Insn[] = [],
    entries: number[] = [],
    placed: ImageProgram[] = [],
    packetLoads = new Map<number, number>();
  for (const program of programs) {
    const start = insns.length;
    checkByteCode(object, program);
    for (const insn of withGuards(program, object.btf)) insns.push(cast(goesOn(insn), arena));
    for (const subprog of program.subprogs) entries.push(start + subprog.start);
    if (program.subprogs.length === 0) entries.push(start);
    for (const relocation of program.relocations) {
      const at = start + relocation.insn;
      if (relocation.kind === "extern") {
        if (isKfuncCall(insns[at])) {
          insns[at] = { ...insns[at], imm: kfuncNumber(relocation.name) ?? UNMODELLED_KFUNC };
          continue;
        }
        const value = externValue(object, relocation);
        if (value !== undefined) {
          insns[at] = { ...insns[at], src: 0, imm64: value };
          continue;
        }
        const line = lineOf(program, relocation.insn);
        throw new Error(
          `${object.name}: ${program.name} uses ${relocation.name}, which only a running kernel has` +
            (line ? ` (line ${line.line}: ${line.text.trim()})` : ""),
        );
      }
      if (isBpfCall(insns[at])) continue;
      const imm64 = relocation.kind === "map"
        ? addresses.mapPointer(relocation.map)
        : relocation.kind === "mapValue"
        ? addresses.valuePointer(relocation.map, relocation.offset)
        : functionPointer(start + relocation.target);
      if (relocation.kind === "func") entries.push(start + relocation.target);
      insns[at] = { ...insns[at], src: 0, imm64 };
    }
    const { pointers } = packetContext(programKind(program.section)?.type ?? -1) ?? { pointers: [] };
    for (let at = start; at < insns.length && pointers.length > 0; at++) {
      const pointer = pointers.findIndex((offset) => offset === insns[at].off);
      if (pointer >= 0 && insns[at].opcode === LDX_W) packetLoads.set(at, pointer);
    }
    placed.push({ name: program.name, program, start, end: insns.length });
  }
  const hasTimedLoops = programs.some((program) => program.insns.some(isMayGoto));
  return {
    insns,
    programs: placed,
    entries: [...new Set(entries)].sort((a, b) => a - b),
    packetLoads,
    hasTimedLoops,
    arena,
  };
}

/** `BPF_ALU64 | BPF_MOV | BPF_X` with this offset: a pointer's way from one address space to the other. */
const MOV64_X = 0xbf, ADDR_SPACE_CAST = 1, TO_KERNEL = 1, TO_USER = 1 << 16;
const isCast = ({ opcode, off, imm }: Insn): boolean =>
  opcode === MOV64_X && off === ADDR_SPACE_CAST && (imm === TO_KERNEL || imm === TO_USER);

/** A cast with what its result has in the upper half. */
function cast(insn: Insn, arena: ArenaPlace | undefined): Insn {
  if (!arena || !isCast(insn)) return insn;
  return { ...insn, imm64: insn.imm === TO_KERNEL ? BigInt(arena.region) << 32n : arena.userHigh };
}

const isMayGoto = ({ opcode, src, imm }: Insn): boolean => opcode === JCOND && src === 0 && imm === 0;

/**
 * may_goto leaves a loop when it has run for a quarter of a second (kernel/bpf/core.c:bpf_check_timed_may_goto). Here it
 * never does: nothing takes that long, and what waits for good is reported as that.
 */
const goesOn = (insn: Insn): Insn => isMayGoto(insn) ? { opcode: GOTO, dst: 0, src: 0, off: 0, imm: 0 } : insn;

/** Where the kernel's text begins on x86-64 (arch/x86/include/asm/page_64_types.h:__START_KERNEL_map), and a distance. */
const KERNEL_TEXT = 0xffff_ffff_8100_0000n, BETWEEN_SYMBOLS = 64n;

/**
 * What a program finds for the address of what it only declares: of a weak name 0, unless it is a function that is modelled
 * here (bpf_ksym_exists); of a symbol without a type a number; undefined of what would have to be read.
 */
function externValue(
  { btf }: BpfObject,
  { name, isWeak }: Extract<Relocation, { kind: "extern" }>,
): bigint | undefined {
  if (isWeak && kfuncNumber(name) === undefined) return 0n;
  if (!isWeak && resolveExtern(btf, name).kind !== "address") return undefined;
  const place = [...name].reduce((sum, letter) => (sum * 31n + BigInt(letter.charCodeAt(0))) & 0xffffn, 1n);
  return KERNEL_TEXT + place * BETWEEN_SYMBOLS;
}

function checkByteCode(object: BpfObject, program: Program): void {
  try {
    validate(
      program.insns.map((insn) => isCast(insn) ? { ...insn, off: 0, imm: 0 } : goesOn(insn)),
      program.subprogs.map(({ start }) => start),
    );
  } catch (error) {
    if (!(error instanceof ByteCodeError)) throw error;
    const line = error.insn === undefined ? undefined : lineOf(program, error.insn);
    const where = line ? ` (line ${line.line}: ${line.text.trim()})` : "";
    throw new ByteCodeError(`${object.name}: ${program.name}: ${error.message}${where}`);
  }
}

/** The pointer that a program holds to a BPF function at an image instruction. */
const functionPointer = (insn: number): bigint => (BigInt(FUNC_REGION) << 32n) | BigInt(insn);

/** The program that an image instruction belongs to. */
export function programAt(image: Image, insn: number): ImageProgram {
  const found = image.programs.find((program) => insn >= program.start && insn < program.end);
  if (!found) throw new RangeError(`no program at insn ${insn} of ${image.insns.length}`);
  return found;
}

/** The C line of an image instruction. */
export function imageLine(image: Image, insn: number): LineInfo | undefined {
  const at = programAt(image, insn);
  return lineOf(at.program, insn - at.start);
}

/** Whether any instruction names the frame pointer, r10. */
export function usesStack(image: Image): boolean {
  return image.insns.some((insn) => insn.dst === 10 || (insn.src === 10 && !isBpfCall(insn)));
}
