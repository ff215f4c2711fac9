/** How much of the packet a comparison with its end proves to be there (try_match_pkt_pointers). */
import type { Insn } from "../../isa/insn.ts";
import { flipped, JUMP } from "../domain/comparisons.ts";
import { type Reg, REG_TYPE } from "./register.ts";
import type { State } from "./state.ts";

const MAX_PACKET = 0xffffn;
/** Ranges of pointers that lie at, or beyond, the packet's end. */
const AT_END = -1, BEYOND_END = -2;

/** The outcome, when an earlier comparison of the same pointer has settled it. */
export function isPacketBranchTaken(first: Reg, second: Reg, condition: number): boolean | undefined {
  let packet = first, how = condition;
  if (first.type === REG_TYPE.PACKET_END) {
    packet = second;
    how = flipped(condition);
  } else if (second.type !== REG_TYPE.PACKET_END) {
    return undefined;
  }
  if (packet.range >= 0) return undefined;
  switch (how) {
    case JUMP.JLE:
    case JUMP.JGT:
      return packet.range === BEYOND_END ? how === JUMP.JGT : undefined;
    case JUMP.JLT:
    case JUMP.JGE:
      return packet.range === BEYOND_END || packet.range === AT_END ? how === JUMP.JGE : undefined;
    default:
      return undefined;
  }
}

const isStart = (reg: Reg): boolean =>
  reg.type === REG_TYPE.PACKET && reg.id === 0 && reg.off === 0 && reg.bounds.isConst && reg.bounds.value === 0n;

/** Whether `a` is compared with the end of what it points into. */
const endsAt = (a: Reg, b: Reg): boolean =>
  a.type === REG_TYPE.PACKET && b.type === REG_TYPE.PACKET_END || a.type === REG_TYPE.PACKET_META && isStart(b);

/** `here` falls through, `other` jumps. */
export function learnPacketRange(
  insn: Insn,
  condition: number,
  first: Reg,
  second: Reg,
  here: State,
  other: State,
): void {
  const isForward = endsAt(first, second);
  if (!isForward && !endsAt(second, first)) return;
  const [packet, index] = isForward ? [first, insn.dst] : [second, insn.src];
  // Seen from the packet pointer: pkt > end, pkt >= end, pkt < end, pkt <= end.
  switch (isForward ? condition : flipped(condition)) {
    case JUMP.JGT:
      extend(here, packet, false);
      mark(other, index, BEYOND_END);
      break;
    case JUMP.JLT:
      extend(other, packet, true);
      mark(here, index, AT_END);
      break;
    case JUMP.JGE:
      extend(here, packet, true);
      mark(other, index, AT_END);
      break;
    case JUMP.JLE:
      extend(other, packet, false);
      mark(here, index, BEYOND_END);
      break;
  }
}

function mark(state: State, index: number, range: number): void {
  const reg = state.regs[index];
  if (reg.type !== REG_TYPE.PACKET) return;
  const to = reg.copy();
  to.range = range;
  state.regs[index] = to;
}

/** Pointers of the same origin may be read up to `packet`; one byte more where it lies strictly before the end. */
function extend(state: State, packet: Reg, isOpen: boolean): void {
  if (packet.off < 0 || packet.off === 0 && isOpen) return;
  if (packet.bounds.umax > MAX_PACKET || packet.bounds.umax + BigInt(packet.off) > MAX_PACKET) return;
  const range = packet.off + (isOpen ? 1 : 0);
  state.mapRegs((reg) => {
    if (reg.type !== packet.type || reg.id !== packet.id || reg.range >= range) return reg;
    const to = reg.copy();
    to.range = range;
    return to;
  });
}
