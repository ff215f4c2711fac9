/**
 * Whether contexts find their entries by the number of their CPU and by nothing else: then those of different CPUs never
 * meet in one, whatever the contexts hold.
 */
import { ALU, BPF_CLASS, classOf, isHelperCall, isKfuncCall, isWide } from "../isa/insn.ts";
import { lookAtContext, lookForward, type Passed } from "../machine/forward_look.ts";
import type { ImageProgram } from "../machine/image.ts";
import type { Machine } from "../machine/machine.ts";
import { BPF_FUNC } from "../uapi/helpers.ts";

/** Helpers that are given a key in r2, and perhaps a value in r3. */
const TAKE_KEY = new Set<number>([BPF_FUNC.map_lookup_elem, BPF_FUNC.map_update_elem, BPF_FUNC.map_delete_elem]);
/** And those from which a program learns nothing that another context would learn otherwise. */
const TELL_NOTHING = new Set<number>([BPF_FUNC.spin_lock, BPF_FUNC.spin_unlock, BPF_FUNC.trace_printk]);
const CPU_NUMBER = BPF_FUNC.get_smp_processor_id;

/** A CPU's number that is kept in four bytes is the same number. */
const FOUR_BYTES = 0xffff_ffffn;

/**
 * One program on CPUs of their own, which reads no context and calls nothing that the workload leaves open: two of its runs
 * differ in their CPU's number alone. That becomes a key as it is, and nothing else: a part of it (`cpu & 3`), or what is
 * loaded again from where it was stored, could be the same on other CPUs.
 */
export function findsEntriesByCpu(machine: Machine): boolean {
  const { tasks, sharesCpus, readsUndefinedStack, options } = machine, { program } = tasks[0];
  if (!program || tasks.some((task) => task.program !== program)) return false;
  if (sharesCpus || readsUndefinedStack || Object.keys(options.models ?? {}).length > 0) return false;
  return callsNothingOpen(machine, program) && readsNoContext(machine, program) && numbersAreKeys(machine, program);
}

function callsNothingOpen({ image: { insns } }: Machine, { start, end }: ImageProgram): boolean {
  return insns.slice(start, end).every((insn) => {
    // Loads of packets (BPF_LD) read the context by themselves.
    if (isKfuncCall(insn) || (classOf(insn) === BPF_CLASS.LD && !isWide(insn) && insn.opcode !== 0)) return false;
    if (!isHelperCall(insn)) return true;
    return TAKE_KEY.has(insn.imm) || TELL_NOTHING.has(insn.imm) || insn.imm === CPU_NUMBER;
  });
}

function readsNoContext({ image: { insns } }: Machine, { start }: ImageProgram): boolean {
  const use = new Use();
  lookAtContext(insns, start, "the context", {
    alu: use.any,
    mixed: use.any,
    both: use.any,
    compare: use.any,
    whole: use.any,
  });
  return !use.found;
}

/** Whether all that is made of the numbers of CPUs is keys. */
function numbersAreKeys(machine: Machine, { start, end }: ImageProgram): boolean {
  const { image: { insns } } = machine, use = new Use();
  for (let at = start; at < end; at++) {
    if (!isHelperCall(insns[at]) || insns[at].imm !== CPU_NUMBER) continue;
    lookForward(insns, at, "the CPU's number", false, {
      alu: (of, op, _wide, constant) => op === ALU.AND && constant === FOUR_BYTES ? of : use.any(),
      mixed: use.any,
      both: use.any,
      compare: use.any,
      whole: (_of, passed) => passed && becomesKey(machine, passed) ? undefined : use.any(),
    });
  }
  return !use.found;
}

/** Whether a value was used in any way, but for those that are not asked about. */
class Use {
  found = false;
  readonly any = (): undefined => {
    this.found = true;
  };
}

/** Whether a helper is given the number as the beginning of a key, or does not look at it. */
function becomesKey({ kernel }: Machine, { helper, register, behind, map }: Passed): boolean {
  if (TELL_NOTHING.has(helper)) return true;
  if (!TAKE_KEY.has(helper) || behind === undefined) return false;
  const def = map === undefined ? undefined : kernel.mapAt(map)?.def;
  const bytes = (register === 2 ? def?.keySize : def?.valueSize) ?? Infinity;
  return behind >= bytes || (register === 2 && behind === 0);
}
