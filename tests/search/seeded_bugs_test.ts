/** A bug put into each kernel model is found; without it, the same workload is proven right. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type HelperModel, lockHelpers } from "../../lib/bpf_helpers/kernel.ts";
import { HELPERS } from "../../lib/bpf_helpers/helper_table.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Model, Operation } from "../../lib/cpu/operation.ts";
import { helperId } from "../../lib/uapi/helpers.ts";
import { bpf_spin_lock, bpf_spin_unlock } from "../../lib/locks/spin_lock.ts";
import { explore, type ExploreOptions } from "../../lib/search/explore.ts";

const object = await bpf.file(fileURLToPath(new URL("./progs/seeds.bpf.c", import.meta.url)));
type Values = Parameters<NonNullable<ExploreOptions["holds"]>>[0];

/** What a broken model does instead of an operation: its result (it is left out), other operations, or nothing special. */
type Break = (op: Operation) => bigint | Operation[] | undefined;

/** A kernel model with some of its operations left out or replaced. */
function* broken<T>(model: Model<T>, instead: Break): Model<T> {
  let next = model.next();
  while (!next.done) {
    const other = instead(next.value);
    let result = typeof other === "bigint" ? other : 0n;
    if (other === undefined) result = yield next.value;
    else if (typeof other !== "bigint") {
      const [first, ...rest] = other;
      result = yield first;
      for (const op of rest) yield op;
    }
    next = model.next(result);
  }
  return next.value;
}

const breakLocks = (instead: Break): Record<string, HelperModel> =>
  lockHelpers({
    bpf_spin_lock: (ctx, addr) => broken(bpf_spin_lock(ctx, addr), instead),
    bpf_spin_unlock: (ctx, addr) => broken(bpf_spin_unlock(ctx, addr), instead),
  });

const breakHelper = (name: string, instead: Break): Record<string, HelperModel> => ({
  [name]: (kernel, ctx, args) => {
    const result = HELPERS[helperId(name)!]!(kernel, ctx, args);
    return typeof result === "bigint" ? result : broken(result, instead);
  },
});

const isLabelled = (op: Operation, label: string) => "label" in op && op.label === label;

interface Seed {
  readonly model: string;
  readonly bug: string;
  readonly helper: string;
  readonly instead: Break;
  readonly workload: ExploreOptions;
  readonly holds: (values: Values) => boolean;
  /** The bug shows as schedules that have no way on. */
  readonly stuck?: "deadlock";
}

const both = (prog: string): ExploreOptions => ({ cpus: 2, programs: [prog] });
const counted = (values: Values) => values["array[0].n"] === 2n;
const matching = (values: Values) => values["array[0].twice"] === 2n * (values["array[0].n"] as bigint);
const inserted = (values: Values) => values["hash[2]"] === 7n && values["hash[5]"] === 7n;
const deleted = (values: Values) => values["hash[2]"] === undefined && values["hash[5]"] === undefined;
const filled: ExploreOptions["prepare"] = function* (user) {
  for (const key of [2, 5, 6]) yield* user.update("hash", key, 7);
};

const SEEDS: readonly Seed[] = [
  {
    model: "bpf_spin_lock",
    bug: "does not wait",
    helper: "bpf_spin_lock",
    instead: (op) => op.kind === "await" ? 0n : undefined,
    workload: both("locks"),
    holds: counted,
  },
  {
    model: "bpf_spin_lock",
    bug: "looks at the lock and takes it in two steps",
    helper: "bpf_spin_lock",
    instead: (op) =>
      op.kind === "rmw"
        ? [{ kind: "load", addr: op.addr, size: op.size }, { kind: "store", addr: op.addr, size: op.size, value: 1n }]
        : undefined,
    workload: both("locks"),
    holds: counted,
  },
  {
    model: "bpf_spin_unlock",
    bug: "forgets to release",
    helper: "bpf_spin_unlock",
    instead: (op) => op.kind === "store" ? 0n : undefined,
    workload: both("locks"),
    holds: counted,
    stuck: "deadlock",
  },
  {
    model: "array update with BPF_F_LOCK",
    bug: "does not wait for the value's lock",
    helper: "bpf_map_update_elem",
    instead: (op) => op.kind === "await" ? 0n : undefined,
    workload: both("updates_locked"),
    holds: matching,
  },
  {
    model: "hash update",
    bug: "does not wait for the bucket's lock",
    helper: "bpf_map_update_elem",
    instead: (op) => op.kind === "await" && isLabelled(op, "bucket.lock") ? 0n : undefined,
    workload: { cpus: 2, programs: ["inserts"], invocations: 1 },
    holds: inserted,
  },
  {
    model: "hash delete",
    bug: "does not wait for the bucket's lock",
    helper: "bpf_map_delete_elem",
    instead: (op) => op.kind === "await" && isLabelled(op, "bucket.lock") ? 0n : undefined,
    workload: { ...both("deletes"), prepare: filled },
    holds: deleted,
  },
  {
    model: "per-CPU array lookup",
    bug: "gives every CPU the first one's copy",
    helper: "bpf_map_lookup_elem",
    instead: () => undefined,
    workload: both("counts_per_cpu"),
    holds: (values) => values["percpu[0]@cpu0"] === 1n && values["percpu[0]@cpu1"] === 1n,
  },
  {
    model: "LRU hash update",
    bug: "does not wait for the list's lock or the bucket's",
    helper: "bpf_map_update_elem",
    instead: (op) => op.kind === "await" ? 0n : undefined,
    workload: both("inserts_lru"),
    holds: (values) => values["lru[2]"] === 7n && values["lru[5]"] === 7n,
  },
];

describe("a bug in each kernel model is found", () => {
  for (const { model, bug, helper, instead, workload, holds, stuck } of SEEDS) {
    it(`${model}: ${bug}`, async () => {
      const right = await explore(object, { ...workload, holds });
      expect({ observation: right.observation, complete: right.complete }).toEqual({
        observation: "Never",
        complete: true,
      });
      const models = model.startsWith("per-CPU")
        ? {
          [helper]: ((kernel, ctx, args) =>
            HELPERS[helperId(helper)!]!(kernel, { ...ctx, cpu: 0 }, args)) as HelperModel,
        }
        : helper.includes("spin")
        ? breakLocks(instead)
        : breakHelper(helper, instead);
      const wrong = await explore(object, { ...workload, holds, models });
      expect(wrong.observation).not.toBe("Never");
      expect(wrong.observation).not.toBe("Unknown");
      expect(wrong.witness!.trace.length).toBeGreaterThan(0);
      // what is wrong with buckets and lists is the model's fault, not the reader's
      for (const { what } of wrong.verdicts) expect(what).not.toMatch(/\.(bucket|elem)\[|\.(lru|freelist)/);
      if (stuck) expect(wrong.stuck.map(({ kind }) => kind)).toContain(stuck);
      else expect(wrong.anomalies.length).toBeGreaterThan(0);
    });
  }
});

it("the swap of an inner map: does not wait for running programs", async () => {
  const nested = await bpf.file(fileURLToPath(new URL("../kernel_models/progs/nested.bpf.c", import.meta.url)));
  const swap = (wrap: (model: Model<void>) => Model<void>): ExploreOptions => ({
    cpus: 1,
    invocations: 2,
    programs: ["rotate_outer"],
    user: [{
      name: "reader",
      *body(user) {
        yield* wrap(user.swapInner("outer", 0, "back"));
        const before = yield* user.walk<bigint>("front");
        const after = yield* user.walk<bigint>("front");
        return String(before.map(({ value }) => value)) === String(after.map(({ value }) => value));
      },
    }],
    holds: (_values, returned) => returned.reader === true,
  });
  const right = await explore(nested, swap((model) => model));
  expect({ observation: right.observation, complete: right.complete }).toEqual({
    observation: "Never",
    complete: true,
  });
  const wrong = await explore(nested, swap((model) => broken(model, (op) => op.kind === "wait" ? 0n : undefined)));
  expect(wrong.observation).toBe("Sometimes");
  expect(wrong.verdicts.map(({ kind }) => kind)).toContain("late write");
});
