/** States as the verifier's log writes them (kernel/bpf/log.c:print_verifier_state). */
import { type Bounds, S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32_MAX } from "../domain/bounds.ts";
import { FLAG, kindOf, type Reg, REG_TYPE, typeName } from "./register.ts";
import { BYTE, byteType, FP, type Frame, SLOT_BYTES, type SlotSet, type State } from "./state.ts";
import { s64, tnumIsUnknown, tnumText, u64, U64_MAX } from "../domain/tnum.ts";

const BYTE_LETTERS = ["?", "r", "m", "0", "d", "i", "f"] as const;

const unsignedText = (value: bigint): string => value <= 0xffffn ? String(value) : `0x${value.toString(16)}`;
const signedText = (value: bigint): string =>
  value >= -32768n && value <= 32767n ? String(value) : `0x${u64(value).toString(16)}`;

/** One frame: registers and stack slots of the given sets, references and callback marks. */
export function stateText(state: State, frameIndex: number, regs: number, slots: SlotSet | "all"): string {
  const frame = state.frames[frameIndex];
  let text = frame.index > 0 ? ` frame${frame.index}:` : "";
  for (let at = 0; at <= FP; at++) {
    const reg = frame.regs[at];
    if (reg.type === REG_TYPE.NOT_INIT || !(regs & (1 << at))) continue;
    text += ` R${at}=${regText(reg, frame)}`;
  }
  text += stackText(frame, slots);
  const ids = state.references.filter((reference) => reference.id !== 0).map((reference) => reference.id);
  if (ids.length > 0) text += ` refs=${ids.join(",")}`;
  if (frame.inCallback) text += " cb";
  if (frame.inAsyncCallback) text += " async_cb";
  return text;
}

function stackText(frame: Frame, slots: SlotSet | "all"): string {
  let text = "";
  for (let at = 0; at < frame.stack.length; at++) {
    const { bytes, reg } = frame.stack[at];
    if (bytes === 0 || slots !== "all" && !slots.has(at)) continue;
    let letters = "";
    for (let byte = 0; byte < SLOT_BYTES; byte++) letters += BYTE_LETTERS[byteType(bytes, byte)];
    const place = (-at - 1) * SLOT_BYTES;
    switch (byteType(bytes, SLOT_BYTES - 1)) {
      case BYTE.SPILL:
        text += ` fp${place}=${letters.slice(0, letters.indexOf("r"))}${regText(reg, frame)}`;
        break;
      case BYTE.DYNPTR: {
        at += 1;
        const first = frame.stack[at]?.reg ?? reg;
        const parts = [
          first.id && `id=${first.id}`,
          first.ref && `ref_id=${first.ref}`,
          first.dynptrId && `dynptr_id=${first.dynptrId}`,
        ].filter(Boolean);
        text += ` fp${place - SLOT_BYTES}=dynptr_${first.dynptr}(${parts.join(",")})`;
        break;
      }
      case BYTE.ITER:
        if (reg.ref === 0 || !reg.iterator) break;
        text += ` fp${place}=iter_${reg.iterator.name}(ref_id=${reg.ref},state=${reg.iterator.state},` +
          `depth=${reg.iterator.depth})`;
        break;
      default:
        text += ` fp${place}=${letters}`;
    }
  }
  return text;
}

/** One register: `5`, `scalar(umax=7)`, `map_value(id=1,map=m,ks=4,vs=8)`, `fp-8`. */
function regText(reg: Reg, frame: Frame): string {
  const { type, kind, bounds } = reg;
  if (type === REG_TYPE.SCALAR && bounds.isConst) return signedText(s64(bounds.value));
  let text = typeName(type);
  if (type === REG_TYPE.ARENA) return text;
  if (type === REG_TYPE.STACK) {
    if (frame.index !== reg.frame) text += `[${reg.frame}]`;
    if (bounds.isConst) return text + signedText(s64(bounds.value) + BigInt(reg.off));
  }
  if (kind === REG_TYPE.BTF_ID) text += reg.btf?.name ?? "";
  const parts: string[] = [];
  if (reg.id !== 0) {
    const delta = reg.addConst ? (reg.off < 0 ? String(reg.off) : `+${reg.off}`) : "";
    parts.push(`id=${reg.id}${delta}`);
  }
  if (reg.ref !== 0) parts.push(`ref_obj_id=${reg.ref}`);
  if (type & FLAG.NON_OWN_REF) parts.push("non_own_ref");
  if (reg.map && (kind === REG_TYPE.MAP_PTR || kind === REG_TYPE.MAP_KEY || kind === REG_TYPE.MAP_VALUE)) {
    if (reg.map.name) parts.push(`map=${reg.map.name}`);
    parts.push(`ks=${reg.map.keySize}`, `vs=${reg.map.valueSize}`);
  }
  if (type !== REG_TYPE.SCALAR && reg.off !== 0) parts.push(`off=${signedText(BigInt(reg.off))}`);
  if (kindOf(type) === REG_TYPE.PACKET || kindOf(type) === REG_TYPE.PACKET_META) {
    parts.push(`r=${unsignedText(u64(BigInt(reg.range)))}`);
  }
  if (kind === REG_TYPE.MEM) parts.push(`sz=${unsignedText(BigInt(reg.memSize))}`);
  if (kind === REG_TYPE.DYNPTR) parts.push(`type=${reg.dynptr}`);
  if (bounds.isConst) {
    if (bounds.value !== 0n) parts.push(`imm=${signedText(s64(bounds.value))}`);
  } else {
    parts.push(...rangeTexts(bounds));
    if (!tnumIsUnknown(bounds.tnum)) parts.push(`var_off=${tnumText(bounds.tnum)}`);
  }
  return `${text}(${parts.join(",")})`;
}

/** `smin=umin=1`, ...: readings with the same bound share one entry (print_scalar_ranges). */
function rangeTexts(bounds: Bounds): string[] {
  const small = (value: number) => value >= -32768 && value <= 32767 ? BigInt(value) : BigInt(value >>> 0);
  const ends = [
    { name: "smin", value: bounds.smin, omit: bounds.smin === S64_MIN },
    { name: "smax", value: bounds.smax, omit: bounds.smax === S64_MAX },
    { name: "umin", value: bounds.umin, omit: bounds.umin === 0n },
    { name: "umax", value: bounds.umax, omit: bounds.umax === U64_MAX },
    { name: "smin32", value: small(bounds.s32min), omit: bounds.s32min === S32_MIN },
    { name: "smax32", value: small(bounds.s32max), omit: bounds.s32max === S32_MAX },
    { name: "umin32", value: BigInt(bounds.u32min), omit: bounds.u32min === 0 },
    { name: "umax32", value: BigInt(bounds.u32max), omit: bounds.u32max === U32_MAX },
  ];
  const texts: string[] = [];
  const isNegative = (end: { name: string; value: bigint }) => end.name[0] === "s" && s64(u64(end.value)) < 0n;
  ends.forEach((end, index) => {
    if (end.omit) return;
    let text = `${end.name}=`;
    for (let at = index + 2; at < ends.length; at += 2) {
      const other = ends[at];
      if (other.omit || u64(other.value) !== u64(end.value) || isNegative(other) !== isNegative(end)) continue;
      other.omit = true;
      text += `${other.name}=`;
    }
    texts.push(text + (end.name[0] === "s" ? signedText(s64(u64(end.value))) : unsignedText(end.value)));
  });
  return texts;
}
