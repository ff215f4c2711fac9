/** What every machine must agree on: for each workload, whether its property holds Always or is broken Sometimes. */
import type { Result, Values } from "../../lib/report/result.ts";
import type { Workload } from "../../lib/workload/workload.ts";
import type { UserActor } from "../../lib/maps/user_actor.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";

export interface MachineCase {
  readonly name: string;
  /** Row of the measurement ledger that saw it on kernel 6.18.44 on 2026-11-22. */
  readonly row: string;
  /** Listing of tests/backends/progs. */
  readonly listing: string;
  readonly workload: Workload;
  /** Whether some run breaks the property. */
  readonly observation: "Never" | "Sometimes";
  /** What must hold at the end; left out: the state is that of one after another. */
  readonly holds?: (final: Values, returned: Readonly<Record<string, unknown>>) => boolean;
  /** Machines that cannot run it, with the reason. */
  readonly skip?: Partial<Record<Result["machine"], string>>;
}

const counter = (
  row: string,
  prog: string,
  observation: MachineCase["observation"],
  prepare?: Workload["prepare"],
): MachineCase => ({
  name: `${prog} on two CPUs`,
  row,
  listing: "counters",
  workload: { cpus: 2, invocations: 200, programs: [prog], prepare },
  observation,
});

const withKey = (map: string, value: bigint | { count: bigint } = 0n) =>
  function* (user: UserApi) {
    yield* user.update(map, 1, value);
  };

const NO_USER = { threads: "user-space actors need a kernel" };
const words = (n: bigint) => ({ words: Array<bigint>(8).fill(n) });
const prepared = (map: string) =>
  function* (user: UserApi) {
    yield* user.update(map, 0, words(0n));
  };
const notTorn = (final: Values) => final.torn === 0n;

const torn = (
  row: string,
  writer: string,
  reader: string,
  observation: MachineCase["observation"],
  map: string,
): MachineCase => ({
  name: `${reader} beside ${writer}`,
  row,
  listing: "torn",
  workload: {
    cpus: 2,
    invocations: 100,
    programs: [{ prog: writer, cpus: [0] }, { prog: reader, cpus: [1] }],
    prepare: prepared(map),
  },
  observation,
  holds: notTorn,
});

const held = (map: string, observation: MachineCase["observation"]): MachineCase => ({
  name: `a pointer into ${map} that is held shows another key's value`,
  row: "4.6",
  listing: "torn",
  workload: {
    cpus: 2,
    invocations: 100,
    programs: [{ prog: `update_both_${map}`, cpus: [0] }, { prog: `hold_${map}`, cpus: [1] }],
    prepare: function* (user) {
      yield* user.update(map, 0, words(0n));
      yield* user.update(map, 1, words(1n));
    },
  },
  observation,
  holds: (final) => final.foreign === 0n,
});

const reader = (map: string, reads: number, flags = 0n): UserActor => ({
  name: "reader",
  *body(user) {
    let torn = 0;
    for (let i = 0; i < reads; i++) {
      const value = yield* user.lookup<{ words: bigint[] }>(map, 0, flags);
      if (new Set(value?.words).size > 1) torn++;
    }
    return torn;
  },
});

const userReads = (
  row: string,
  writer: string,
  map: string,
  observation: MachineCase["observation"],
  flags = 0n,
): MachineCase => ({
  name: `user lookup${flags ? " with BPF_F_LOCK" : ""} beside ${writer}`,
  row,
  listing: "torn",
  workload: { cpus: 1, invocations: 100, programs: [writer], user: [reader(map, 2000, flags)], prepare: prepared(map) },
  observation,
  holds: (_, { reader }) => reader === 0,
  skip: NO_USER,
});

const interrupted = (row: string, prog: string, observation: MachineCase["observation"]): MachineCase => ({
  name: `${prog} on its own CPU, struck by interrupts`,
  row,
  listing: "interrupts",
  workload: { cpus: 1, invocations: 200, programs: [prog], interrupts: [{ prog: "strike", cpu: 0, count: 100 }] },
  observation,
  skip: { threads: "interrupts do not strike threads" },
});

/** Takes the map away and looks whether anything is written to it afterwards. */
const swapper: UserActor = {
  name: "swapper",
  *body(user) {
    const fresh = yield* user.createInner("outer");
    yield* user.swapInner("outer", 0, fresh);
    const first = yield* user.lookup("inner", 0);
    yield* user.sleep();
    return (yield* user.lookup("inner", 0)) === first;
  },
};

const BPF_F_LOCK = 4n;

export const CASES: readonly MachineCase[] = [
  counter("0.3", "racy", "Sometimes"),
  counter("1.13", "atomic", "Never"),
  counter("1.13", "fetch", "Never"),
  counter("B1", "compare_and_swap", "Never"),
  counter("B1", "racy_array", "Sometimes"),
  counter("B1", "racy_hash", "Sometimes", withKey("in_hash")),
  counter("B1", "atomic_hash", "Never", withKey("in_hash")),
  counter("2.2", "lock_array", "Never"),
  counter("2.2", "lock_hash", "Never", withKey("locked_hash", { count: 0n })),
  counter("3.3", "percpu_array", "Never"),
  counter("4.5", "copy_modify_update", "Sometimes", withKey("in_hash")),
  counter("5.3", "atomic_in_inner", "Never"),
  torn("4.6", "write_ar", "read_ar", "Sometimes", "ar"),
  torn("4.6", "update_ar", "read_ar", "Sometimes", "ar"),
  {
    ...torn("4.6", "update_hp", "read_hp", "Sometimes", "hp"),
    skip: { threads: "too rare: an update takes microseconds there and the read nanoseconds" },
  },
  torn("2.2", "write_locked", "read_locked", "Never", "la"),
  torn("2.2", "write_locked", "read_unlocked", "Sometimes", "la"),
  held("ar", "Never"),
  held("hp", "Sometimes"),
  held("hn", "Sometimes"),
  userReads("4.10", "write_ar", "ar", "Sometimes"),
  userReads("2.2", "write_locked", "la", "Sometimes"),
  userReads("2.10", "write_locked", "la", "Never", BPF_F_LOCK),
  interrupted("3.2", "add_slowly", "Sometimes"),
  interrupted("3.2", "add_atomically", "Never"),
  {
    name: "nothing is written to a map that was swapped out",
    row: "5.4",
    listing: "counters",
    workload: { cpus: 1, invocations: 50, programs: ["atomic_in_inner"], user: [swapper] },
    observation: "Never",
    holds: (_, { swapper }) => swapper === true,
    skip: NO_USER,
  },
];
