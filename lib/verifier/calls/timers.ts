/** struct bpf_timer in a map value (kernel/bpf/verifier.c:process_timer_func). */
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import type { CallMeta } from "./helper_arguments.ts";
import { fieldOf } from "../kernel/map_state.ts";
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
