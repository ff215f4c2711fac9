/** User space as an actor of the simulation: generator functions over the `user` API. */
import type { Model, TaskContext } from "../cpu/operation.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import type { KernelMap } from "./kernel_map.ts";

/** A user-space thread: its body yields* calls of `user`; what it returns becomes part of the outcome. */
export interface UserActor {
  /** Name in traces and outcomes. */
  readonly name: string;
  /** CPU it runs on; a CPU of its own when left out. */
  readonly cpu?: number;
  readonly body: (user: UserApi) => Generator<unknown, unknown, never> | Model<unknown>;
}

export class UserApi {
  constructor(readonly maps: readonly KernelMap[], readonly object: BpfObject, readonly ctx: TaskContext) {}
}
