/**
 * What user space may do in a workload, as far as it has to be known before a machine is made: from the source text of
 * the bodies. A call that the text does not show is refused when it is made.
 */
import type { BpfObject } from "../object/bpf_object.ts";
import type { Workload } from "./workload.ts";

export interface UserSpace {
  /** Maps may be frozen, so that the kernel's count of writers under way (bpf_map_write_active_inc) can be seen. */
  readonly freezes: boolean;
  /** Actors may run programs, and which. */
  readonly runs: boolean;
  readonly programs: readonly string[];
}

/** Reads the bodies of a workload's actors, and `prepare`. */
export function userSpaceOf(object: BpfObject, { prepare, user = [] }: Workload): UserSpace {
  const bodies = user.map(({ body }) => String(body)), text = [...bodies, prepare ? String(prepare) : ""].join("\n");
  const has = (word: string) => new RegExp(`\\b${word}\\b`).test(text);
  const runs = user.length > 0 && has("run"), names = object.programs.map(({ name }) => name);
  const programs = runs ? names.filter((name) => has(name)) : [];
  return { freezes: has("freeze"), runs, programs };
}
