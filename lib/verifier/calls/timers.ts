/** struct bpf_timer and struct bpf_wq in a map value (kernel/bpf/verifier.c:process_timer_func, process_wq_func). */
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import type { CallMeta } from "./helper_arguments.ts";
import { fieldOf, type MapState } from "../kernel/map_state.ts";
import { s64 } from "../domain/tnum.ts";

export function processTimer(env: Environment, regno: number, meta: CallMeta): void {
  const reg = env.regs[regno], map = reg.map!;
  if (!reg.bounds.isConst) {
    env.reject(
      ERRNO.EINVAL,
      `R${regno} doesn't have constant offset. bpf_timer has to be at the constant offset`,
    );
  }
  if (!map.hasBtf) env.reject(ERRNO.EINVAL, `map '${map.name}' has to have BTF in order to use bpf_timer`);
  const field = fieldOf(map, "bpf_timer");
  if (!field) env.reject(ERRNO.EINVAL, `map '${map.name}' has no valid bpf_timer`);
  const at = Number(s64(reg.bounds.value)) + reg.off;
  if (field.offset !== at) {
    env.reject(ERRNO.EINVAL, `off ${at} doesn't point to 'struct bpf_timer' that is at ${field.offset}`);
  }
  meta.map = map;
  meta.mapUid = reg.mapUid;
}

export function processWork(env: Environment, regno: number, meta: { map: MapState | null; mapUid: number }): void {
  const { map, bounds, off, mapUid } = env.regs[regno], at = Number(s64(bounds.value)) + off;
  const offset = fieldOf(map, "bpf_wq")?.offset ?? NO_FIELD;
  if (offset !== at) env.reject(ERRNO.EINVAL, `off ${at} doesn't point to 'struct bpf_wq' that is at ${offset}`);
  meta.map = map;
  meta.mapUid = mapUid;
}

/** What a map's record has for a field that is not there: the kernel's own -EINVAL. */
const NO_FIELD = -ERRNO.EINVAL;
