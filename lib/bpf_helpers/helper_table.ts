/** The helper functions that are modelled, by number. */
import { helperId } from "../uapi/helpers.ts";
import type { HelperModel, HelperTable } from "./kernel.ts";
import * as keylessHelpers from "./keyless_helpers.ts";
import * as loopHelpers from "./loop_helpers.ts";
import * as mapHelpers from "./map_helpers.ts";
import * as memoryHelpers from "./memory_helpers.ts";
import * as perfHelpers from "./perf_helpers.ts";
import { bpf_trace_printk, bpf_trace_vprintk } from "./printk.ts";
import * as ringbufHelpers from "./ringbuf_helpers.ts";
import * as taskHelpers from "./task_helpers.ts";

/** Models by helper number. */
export const HELPERS: HelperTable = byNumber({
  ...mapHelpers,
  ...keylessHelpers,
  ...loopHelpers,
  ...memoryHelpers,
  ...perfHelpers,
  ...ringbufHelpers,
  ...taskHelpers,
  bpf_trace_printk,
  bpf_trace_vprintk,
});

function byNumber(models: Readonly<Record<string, HelperModel>>): (HelperModel | undefined)[] {
  const table: (HelperModel | undefined)[] = [];
  for (const [name, model] of Object.entries(models)) {
    const id = helperId(name);
    if (id === undefined) throw new Error(`no helper function is called ${name}`);
    table[id] = model;
  }
  return table;
}
