/** What may watch the verifier's walk: it knows the map, the offset and the held locks behind every pointer. */
import type { MapState } from "../kernel/map_state.ts";
import type { Environment } from "./environment.ts";
import type { Reg } from "./register.ts";

/** Called for each visit of an instruction on each path, once its access or call is known to be sound. */
export interface AccessObserver {
  /**
   * A load, store, atomic (twice: it reads and writes) or a helper's access to a map value of `size` bytes: at `offset`
   * and whatever variable offset `pointer` has besides.
   */
  access(env: Environment, pointer: Reg, offset: number, size: number, isWrite: boolean): void;
  /** A helper whose arguments, in `env.regs`, fit. */
  call(env: Environment, helper: number, map: MapState | null): void;
  /** A lock that is about to be taken, in `env.state.references` are those that are held already. */
  lock(env: Environment, pointer: Reg, offset: number): void;
}
