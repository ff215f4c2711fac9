/** User space's part of the races: which calls on maps its actors make, with which flags. */
import { simulate } from "../backends/simulator.ts";
import type { Model } from "../cpu/operation.ts";
import type { UserActor } from "../maps/user_actor.ts";
import { flagBits } from "../maps/user_flags.ts";
import type { UserApi } from "../maps/user_space.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import type { Workload } from "../workload/workload.ts";

/** What user space is, and what it prepares. */
export type UserPart = Pick<Workload, "user" | "prepare">;

/** One call of an actor on a map. */
export interface UserMapCall {
  readonly actor: string;
  /** The method of the `user` API. */
  readonly call: string;
  readonly map: string;
  readonly flags: bigint;
}

/** Which argument of a method holds its flags. */
const FLAGS: Readonly<Record<string, number>> = {
  ...{ lookup: 2, lookupBytes: 2, update: 3, walk: 1, lookupAndDelete: 2, lookupBatch: 1, lookupAndDeleteBatch: 1 },
  ...{ updateBatch: 2 },
};

/** The calls that actors make in a run without programs, each kind once and in order. */
export async function userMapCalls(object: BpfObject, { user = [], prepare }: UserPart): Promise<UserMapCall[]> {
  const calls = new Map<string, UserMapCall>();
  const watched = user.map((actor): UserActor => ({
    ...actor,
    body: (api) =>
      actor.body(watching(api, (call) => {
        const made = { actor: actor.name, ...call };
        calls.set(`${Object.values(made)}`, made);
      })),
  }));
  await simulate(object, { cpus: 1, programs: [], user: watched, ...(prepare ? { prepare } : {}), seed: 1 });
  return [...calls.values()];
}

function watching(api: UserApi, note: (call: Omit<UserMapCall, "actor">) => void): UserApi {
  return new Proxy(api, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      const at = FLAGS[String(name)];
      return (...args: unknown[]): Model<unknown> => {
        if (at !== undefined) {
          const flags = args[at] as bigint | number | undefined;
          note({ call: String(name), map: String(args[0]), flags: flagBits(flags ?? 0n) });
        }
        return member.apply(target, args);
      };
    },
  });
}
