/** A worker of a cost curve: reads an object once, then works out one point after another. */
import { serve } from "../host/crew.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { loadObject } from "../object/load.ts";
import { type PointRequest, type PointResult, runPoint } from "./cost_point.ts";

export interface WorkerRequest extends PointRequest {
  /** Objects are numbered; its bytes come with every request that may be the first for this worker. */
  readonly object: { readonly id: number; readonly name: string; readonly bytes: Uint8Array };
}

const objects = new Map<number, BpfObject>();

serve(({ object: { id, name, bytes }, ...request }: WorkerRequest): Promise<PointResult> => {
  let object = objects.get(id);
  if (!object) objects.set(id, object = loadObject(bytes, name));
  return runPoint(object, request);
});
