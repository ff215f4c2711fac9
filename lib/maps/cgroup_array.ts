/** CGROUP_ARRAY maps: which cgroups bpf_current_task_under_cgroup asks about (kernel/bpf/arraymap.c:cgroup_array_map_ops). */
import { load, type Model } from "../cpu/operation.ts";
import { errno } from "./errno.ts";
import { SlotArray } from "./prog_array.ts";

export class CgroupArrayMap extends SlotArray {
  override get holds(): "cgroup" {
    return "cgroup";
  }

  /** fd_array_map_lookup_elem. */
  map_lookup_elem(): bigint {
    return errno("EOPNOTSUPP");
  }

  /** The id of the cgroup in a slot; 0 for an empty slot. What user space puts there is an id, in place of an open file. */
  *cgroupAt(index: number): Model {
    return yield load(this.slot(index), 8, "slot");
  }
}
