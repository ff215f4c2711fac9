/** Rows 2.x of the ledger: several fields that change together, as long as both sides lock. */
import { describe, expect, it } from "vitest";
import { lockHelpers } from "../../lib/bpf_helpers/kernel.ts";
import { testAndSetLock } from "../../lib/locks/test_and_set.ts";
import { ticketLock } from "../../lib/locks/ticket_lock.ts";
import { BPF_ANY, BPF_F_LOCK } from "../../lib/uapi/flags.ts";
import { BPF_MAP_TYPE } from "../../lib/uapi/map_types.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { explore } from "../../lib/search/explore.ts";
import { makeKernel } from "./driver.ts";
import { listing, never, on, sometimes } from "./scenarios.ts";

const object = await listing("locks");
const notTorn = (values: Record<string, unknown>) => values.torn === 0n;
const readerSawPair = (_values: unknown, returned: Readonly<Record<string, unknown>>) => returned.reader === true;
const prepare = (map: string) =>
  function* (user: UserApi) {
    yield* user.update(map, 0, { a: 1, b: 1 });
  };
const userReader = (map: string, flags: bigint, batch = false) => ({
  name: "reader",
  *body(user: UserApi) {
    const value = batch ? (yield* user.lookupBatch(map, flags))[0].value : yield* user.lookup(map, 0, flags);
    return value.a === value.b;
  },
});
const userWriter = (map: string, flags: bigint) => ({
  name: "writer",
  *body(user: UserApi) {
    yield* user.update(map, 0, { a: 5, b: 5 }, flags);
  },
});

describe("2.1 spin locks", () => {
  for (const map of ["la", "lh"]) {
    it(`2.1 ${map}: counts under the lock are never lost`, async () => {
      await never(object, {
        prepare: prepare(map),
        cpus: 3,
        programs: [`count_${map}`],
        holds: (values) => values[`${map}[0].count`] === 3n,
      });
    });
  }

  it("2.1 a lock in global data", async () => {
    await never(object, { invocations: 2, programs: ["count_global"], holds: (values) => values.global_count === 4n });
  });

  it("2.1 interrupts are off from the exchange to the unlock, and only there", async () => {
    const all = await explore(object, {
      cpus: 1,
      programs: [on(0, "mark_and_count")],
      interrupts: [{ prog: "when", cpu: 0 }],
    });
    expect(all.stuck).toEqual([]);
    expect(all.complete).toBe(true);
    expect(all.outcomes.map(({ values }) => values.between).sort()).toEqual([1n, 2n, 4n]);
  });

  it("2.3 a lock inside a nested struct, not at the top", async () => {
    await never(object, {
      programs: ["count_nested"],
      holds: (values) => values["nested[0].nested.count"] === 2n,
    });
  });

  it("2.6 listing 2: two CPUs make the element and count under its lock", async () => {
    const whole = await listing("../../../notebooks/progs/spin_lock");
    await never(whole, { invocations: 2, holds: (values) => values["concurrent_map[0].count"] === 4n });
  });
});

describe("2.2 several fields change together", () => {
  for (const map of ["la", "lh"]) {
    const fields = { prepare: prepare(map) };
    it(`${map}: both sides lock: never torn`, async () => {
      await never(object, {
        ...fields,
        programs: [on(0, `write_locked_${map}`, 2), on(1, `read_locked_${map}`)],
        holds: notTorn,
      });
      await never(object, {
        ...fields,
        programs: [on(0, `update_locked_${map}`), on(1, `read_locked_${map}`, 2)],
        holds: notTorn,
      });
    });

    it(`${map}: a BPF reader that forgets the lock sees torn values`, async () => {
      await sometimes(object, {
        ...fields,
        programs: [on(0, `write_locked_${map}`), on(1, `read_plain_${map}`)],
        holds: notTorn,
      });
    });

    it(`${map}: a user lookup without BPF_F_LOCK sees torn values, with it never`, async () => {
      const scenario = { ...fields, cpus: 1, programs: [on(0, `write_locked_${map}`, 2)], holds: readerSawPair };
      await sometimes(object, { ...scenario, user: [userReader(map, BPF_ANY)] });
      await never(object, { ...scenario, user: [userReader(map, BPF_F_LOCK)] });
      await never(object, { ...scenario, user: [userReader(map, BPF_F_LOCK, true)] });
    });

    it(`${map}: an update from user space with BPF_F_LOCK never tears a locked reader`, async () => {
      await never(object, {
        ...fields,
        cpus: 1,
        programs: [on(0, `read_locked_${map}`, 2)],
        user: [userWriter(map, BPF_F_LOCK)],
        holds: notTorn,
      });
    });

    it(`${map}: bpf_map_update_elem without BPF_F_LOCK tears a reader that locks`, async () => {
      // In a hash the update replaces the element: it takes a second one to overwrite what the reader holds.
      await sometimes(object, {
        ...fields,
        programs: [on(0, `update_plain_${map}`, map === "la" ? 1 : 2), on(1, `read_locked_${map}`)],
        holds: notTorn,
      });
    });
  }

  it("la: batch lookups and plain updates: an array is a loop of plain lookups", async () => {
    await sometimes(object, {
      prepare: prepare("la"),
      cpus: 1,
      programs: [on(0, "write_locked_la")],
      user: [userReader("la", BPF_ANY, true)],
      holds: readerSawPair,
    });
  });
});

describe("2.10 BPF_F_LOCK from user space", () => {
  const code = (body: (user: UserApi) => Generator) =>
    explore(object, {
      cpus: 1,
      programs: [on(0, "count_global")],
      user: [{
        name: "caller",
        *body(user) {
          try {
            // deno-lint-ignore no-explicit-any -- what the body yields are operations
            return yield* body(user) as any;
          } catch (error) {
            return (error as { code?: string }).code ?? String(error);
          }
        },
      }],
    }).then((all) => all.outcomes[0].returned?.caller);

  it("EINVAL on a map without a lock, for lookup, update and batch", async () => {
    expect(await code((user) => user.lookup("plain", 0, BPF_F_LOCK))).toBe("EINVAL");
    expect(await code((user) => user.update("plain", 0, 1, BPF_F_LOCK))).toBe("EINVAL");
    expect(await code((user) => user.lookupBatch("plain", BPF_F_LOCK))).toBe("EINVAL");
  });

  for (const map of ["la", "lh"]) {
    it(`${map}: the lock word reads as zero and is never written`, async () => {
      const all = await explore(object, {
        cpus: 1,
        prepare: prepare(map),
        programs: [on(0, `count_${map}`)],
        user: [{
          name: "raw",
          *body(user) {
            const bytes = (yield* user.lookupBytes(map, 0))!;
            const forged = new Uint8Array(bytes);
            forged.fill(0xff, 16, 20);
            yield* user.update(map, 0, forged);
            return bytes.slice(16, 20);
          },
        }],
      });
      expect(all.stuck).toEqual([]);
      expect(all.complete).toBe(true);
      for (const { returned } of all.outcomes) expect(returned?.raw).toEqual(new Uint8Array(4));
    });
  }
});

describe("2.11 which maps may hold a lock", () => {
  const valueType = object.maps.find((map) => map.name === "la")!.valueType;
  for (const type of ["PERCPU_ARRAY", "PERCPU_HASH", "LRU_HASH"] as const) {
    it(`${type}: EOPNOTSUPP`, () => {
      const def = { ...object.maps.find((map) => map.name === "la")!, type: BPF_MAP_TYPE[type], valueType };
      expect(() => makeKernel({ ...object, maps: [def] }, 2)).toThrow("EOPNOTSUPP");
    });
  }
});

describe("locks to try instead of the kernel's", () => {
  for (const [name, lock] of [["ticket lock", ticketLock], ["test and set", testAndSetLock]] as const) {
    it(`${name}: counts under it are never lost, fields never torn`, async () => {
      await never(object, {
        prepare: prepare("la"),
        cpus: 3,
        models: lockHelpers(lock),
        programs: ["count_la"],
        holds: (values) => values["la[0].count"] === 3n,
      });
      await never(object, {
        prepare: prepare("la"),
        models: lockHelpers(lock),
        programs: [on(0, "update_locked_la"), on(1, "read_locked_la")],
        holds: notTorn,
      });
    });
  }

  it("a lock that leaves interrupts on deadlocks with an interrupt of its own CPU; the kernel's does not", async () => {
    const scenario = {
      cpus: 1,
      prepare: prepare("la"),
      programs: [on(0, "count_la")],
      interrupts: [{ prog: "count_la", cpu: 0 }],
    };
    const open = await explore(object, { ...scenario, models: lockHelpers(testAndSetLock) });
    expect(open.deadlocks.length).toBeGreaterThan(0);
    expect(open.deadlocks[0].message).toContain("la[0].lock");
    const closed = await explore(object, scenario);
    expect(closed.deadlocks).toEqual([]);
    expect(closed.complete).toBe(true);
  });

  it("no lock at all: the search finds the lost count", async () => {
    const none = { bpf_spin_lock: () => 0n, bpf_spin_unlock: () => 0n };
    await sometimes(object, {
      prepare: prepare("la"),
      models: none,
      programs: ["count_la"],
      holds: (values) => values["la[0].count"] === 2n,
    });
  });
});
