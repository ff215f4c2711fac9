/** The helper functions that are modelled, by number. */
import { helperId } from "../uapi/helpers.ts";
import * as checksumHelpers from "./checksum_helpers.ts";
import * as currentTask from "./current_task.ts";
import {
  bpf_dynptr_data,
  bpf_dynptr_from_mem,
  bpf_dynptr_read,
  bpf_dynptr_write,
  bpf_ringbuf_discard_dynptr,
  bpf_ringbuf_reserve_dynptr,
  bpf_ringbuf_submit_dynptr,
} from "./dynptr_helpers.ts";
import type { HelperModel, HelperTable } from "./kernel.ts";
import * as keylessHelpers from "./keyless_helpers.ts";
import * as kptrHelpers from "./kptr_helpers.ts";
import * as localStorageHelpers from "./local_storage_helpers.ts";
import * as loopHelpers from "./loop_helpers.ts";
import * as mapHelpers from "./map_helpers.ts";
import * as memoryHelpers from "./memory_helpers.ts";
import * as perfHelpers from "./perf_helpers.ts";
import { bpf_trace_printk, bpf_trace_vprintk } from "./printk.ts";
import * as redirectHelpers from "./redirect_helpers.ts";
import * as ringbufHelpers from "./ringbuf_helpers.ts";
import * as skbHelpers from "./skb_helpers.ts";
import * as socketHelpers from "./socket_helpers.ts";
import * as stackHelpers from "./stack_helpers.ts";
import * as stringHelpers from "./string_helpers.ts";
import * as taskHelpers from "./task_helpers.ts";
import * as tracedFunction from "./traced_function.ts";
import * as timerHelpers from "./timer_helpers.ts";
import * as xdpHelpers from "./xdp_helpers.ts";

/** Models by helper number. */
export const HELPERS: HelperTable = byNumber({
  ...mapHelpers,
  ...keylessHelpers,
  ...kptrHelpers,
  ...localStorageHelpers,
  ...loopHelpers,
  ...perfHelpers,
  ...ringbufHelpers,
  ...taskHelpers,
  ...namedHelpers(currentTask, memoryHelpers, stringHelpers, timerHelpers),
  ...socketHelpers,
  ...stackHelpers,
  ...tracedFunction,
  ...xdpHelpers,
  ...skbHelpers,
  ...checksumHelpers,
  ...redirectHelpers,
  bpf_trace_printk,
  bpf_trace_vprintk,
  bpf_dynptr_from_mem,
  bpf_dynptr_read,
  bpf_dynptr_write,
  bpf_dynptr_data,
  bpf_ringbuf_reserve_dynptr,
  bpf_ringbuf_submit_dynptr,
  bpf_ringbuf_discard_dynptr,
});

/** The helpers of modules that export other things as well. */
function namedHelpers(...modules: readonly Readonly<Record<string, unknown>>[]): Record<string, HelperModel> {
  const entries = modules.flatMap((module) => Object.entries(module)).filter(([name]) => name.startsWith("bpf_"));
  return Object.fromEntries(entries) as Record<string, HelperModel>;
}

function byNumber(models: Readonly<Record<string, HelperModel>>): (HelperModel | undefined)[] {
  const table: (HelperModel | undefined)[] = [];
  for (const [name, model] of Object.entries(models)) {
    const id = helperId(name);
    if (id === undefined) throw new Error(`no helper function is called ${name}`);
    table[id] = model;
  }
  return table;
}
