/** Rows 5.x of the ledger: snapshots by walking, by batches, by swapping inner maps. */
import { describe, expect, it } from "vitest";
import { BPF_ANY, BPF_F_LOCK } from "../../lib/uapi/flags.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { explore } from "../../lib/search/explore.ts";
import { listing, never, on, sometimes } from "./scenarios.ts";

const object = await listing("nested"), lifetime = await listing("lifetime");
const locks = await listing("locks");

/** How far two counters that are raised in rotation lie apart: at most 1 in a true snapshot. */
const skew = (counts: readonly bigint[]): number => Math.abs(Number(counts[0] - counts[1]));
const skewOf = (entries: readonly { readonly value: bigint }[]): number => skew(entries.map(({ value }) => value));
const smallSkew = (_values: unknown, returned: Readonly<Record<string, unknown>>) => Number(returned.reader) <= 1;

const walker = (map: string, batch: boolean) => ({
  name: "reader",
  *body(user: UserApi) {
    return skewOf(batch ? yield* user.lookupBatch<bigint>(map) : yield* user.walk<bigint>(map));
  },
});

function* fillTurns(user: UserApi) {
  for (const key of [0, 1]) yield* user.update("turns_hp", key, 0);
}

/** Swaps the front map for the back map and reads the front one in peace. */
const swapper = (outer: string) => ({
  name: "reader",
  *body(user: UserApi) {
    yield* user.swapInner(outer, 0, "back");
    return skewOf(yield* user.walk<bigint>("front"));
  },
});

/** Swaps and reads the old map twice: whether anything was written into it in between. */
const lateWrites = (outer: string) => ({
  name: "reader",
  *body(user: UserApi) {
    yield* user.swapInner(outer, 0, "back");
    const before = yield* user.walk<bigint>("front");
    yield* user.sleep();
    const after = yield* user.walk<bigint>("front");
    return String(before.map(({ value }) => value)) === String(after.map(({ value }) => value));
  },
});
const quiet = (_values: unknown, returned: Readonly<Record<string, unknown>>) => returned.reader === true;

describe("5.1 user space cannot read everything at once", () => {
  for (const map of ["hp", "hn"]) {
    it(`${map}: a batch copies under the bucket lock: never torn by plain updates of any number`, async () => {
      await never(lifetime, {
        cpus: 1,
        prepare: function* (user) {
          for (const key of [0, 1]) yield* user.update(map, key, { a: 256 * (key + 1) + 1, b: 256 * (key + 1) + 1 });
        },
        programs: [on(0, `update_${map}`, 2), on(0, `update_both_${map}`)],
        user: [{
          name: "reader",
          *body(user) {
            const entries = yield* user.lookupBatch(map);
            return entries.length === 2 &&
              entries.every(({ key, value }) => value.a === value.b && value.a / 256n - 1n === key);
          },
        }],
        holds: quiet,
      });
    });
  }

  it("lh: a program that writes in place tears a batch, unless both sides lock", async () => {
    const scenario = (flags: bigint) => ({
      cpus: 1,
      prepare: function* (user: UserApi) {
        yield* user.update("lh", 0, { a: 1, b: 1 });
      },
      programs: [on(0, "write_locked_lh", 2)],
      user: [{
        name: "reader",
        *body(user: UserApi) {
          return (yield* user.lookupBatch("lh", flags)).every(({ value }) => value.a === value.b);
        },
      }],
      holds: quiet,
    });
    await sometimes(locks, scenario(BPF_ANY));
    await never(locks, scenario(BPF_F_LOCK));
  });

  it("ar: a batch over an array is a loop of plain lookups: torn", async () => {
    await sometimes(lifetime, {
      cpus: 1,
      programs: [on(0, "update_ar")],
      user: [{
        name: "reader",
        *body(user) {
          return (yield* user.lookupBatch("ar")).every(({ value }) => value.a === value.b);
        },
      }],
      holds: quiet,
    });
  });
});

describe("5.2 values change during the walk", () => {
  for (const [map, batch] of [["ar", false], ["ar", true], ["hp", false], ["hp", true]] as const) {
    it(`${map}: ${batch ? "a batch" : "a walk"} is no snapshot`, async () => {
      await sometimes(object, {
        cpus: 1,
        prepare: fillTurns,
        programs: [on(0, `rotate_${map}`, 4)],
        user: [walker(`turns_${map}`, batch)],
        holds: smallSkew,
      });
    });
  }

  for (const outer of ["outer", "outer_hash"]) {
    it(`${outer}: the map that was swapped out is a snapshot`, async () => {
      await never(object, {
        cpus: 1,
        programs: [on(0, `rotate_${outer}`, 4)],
        user: [swapper(outer)],
        holds: smallSkew,
      });
    });
  }
});

describe("5.3 BPF looks the inner map up in the outer", () => {
  it("an empty slot gives NULL; user space gets the inner map's id, here its name", async () => {
    const all = await explore(object, {
      cpus: 1,
      programs: [on(0, "rotate_outer")],
      user: [{
        name: "emptier",
        *body(user) {
          const before = yield* user.lookup("outer", 0);
          const was = yield* user.delete("outer", 0);
          return [before, was, yield* user.delete("outer", 0), yield* user.lookup("outer", 0)];
        },
      }],
    });
    expect(all.complete).toBe(true);
    for (const { returned } of all.outcomes) {
      expect(Object.values(returned?.emptier as object)).toEqual(["front", true, false, undefined]);
    }
    expect(new Set(all.outcomes.map(({ values }) => values.empty))).toEqual(new Set([0n, 1n]));
  });
});

describe("5.4 user space swaps to get a snapshot", () => {
  for (const outer of ["outer", "outer_hash"]) {
    it(`${outer}: non-sleepable runs: no write into the old map after the swap returned`, async () => {
      await never(object, {
        cpus: 2,
        // With store buffers these are millions of states: once through all of them is enough.
        invocations: outer === "outer" ? 2 : 1,
        programs: [`rotate_${outer}`],
        user: [lateWrites(outer)],
        holds: quiet,
        bounds: { seconds: 250 },
      });
    });

    it(`${outer}: sleepable runs are not waited for: late writes`, async () => {
      await sometimes(object, {
        cpus: 1,
        programs: [on(0, `rotate_${outer}_sleepable`, 2)],
        user: [lateWrites(outer)],
        holds: quiet,
      });
    });
  }

  it("a run that looks the outer map up twice can see both maps", async () => {
    await sometimes(object, {
      cpus: 1,
      programs: [on(0, "look_twice")],
      user: [swapper("outer")],
      holds: (values) => values.two_maps === 0n,
    });
  });

  it("an inner map of the wrong shape: EINVAL", async () => {
    const all = await explore(object, {
      cpus: 1,
      programs: [on(0, "look_twice")],
      user: [{
        name: "swapper",
        *body(user) {
          try {
            yield* user.swapInner("outer", 0, "other_shape");
          } catch (error) {
            return (error as { code: string }).code;
          }
        },
      }],
    });
    expect(all.outcomes[0].returned?.swapper).toBe("EINVAL");
  });
});

describe("5.5 like multiple buffering", () => {
  it("fresh inner maps start empty; a map that comes back still holds its old counts", async () => {
    const all = await explore(object, {
      cpus: 1,
      invocations: 0,
      programs: [on(0, "rotate_outer", 0)],
      user: [{
        name: "swapper",
        *body(user) {
          yield* user.update("front", 0, 5);
          const fresh = yield* user.createInner("outer");
          yield* user.swapInner("outer", 0, fresh);
          const empty = yield* user.walk(fresh);
          yield* user.swapInner("outer", 0, "front");
          return [fresh, String(empty.map(({ value }) => value)), yield* user.lookup("front", 0)];
        },
      }],
    });
    expect(all.outcomes.length).toBe(1);
    expect(all.outcomes[0].returned?.swapper).toEqual(["outer#1", "0,0", 5n]);
    expect(all.outcomes[0].values["outer#1[0]"]).toBe(0n);
  });
});
