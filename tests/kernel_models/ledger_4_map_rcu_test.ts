/** Rows 4.x of the ledger (kernel 6.18.44, recorded 2026-11-22): how long a looked-up value stays what it was. */
import { describe, expect, it } from "vitest";
import { BPF_F_LOCK } from "../../lib/uapi/flags.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { explore } from "../../lib/search/explore.ts";
import { listing, never, number, on, pair, prepareTwoKeys, sometimes } from "./scenarios.ts";

const object = await listing("lifetime");
const notTorn = (values: Record<string, unknown>) => values.torn === 0n;
const isPair = (value: { a: bigint; b: bigint } | undefined) => value !== undefined && value.a === value.b;

/** A reader in user space that returns whether it saw a torn value of key 0. */
const userReader = (map: string, flags = 0n) => ({
  name: "reader",
  *body(user: UserApi) {
    return isPair(yield* user.lookup(map, 0, flags));
  },
});
const userWriter = (map: string, updates = 1) => ({
  name: "writer",
  *body(user: UserApi) {
    for (let i = 0; i < updates; i++) yield* user.update(map, 0, pair(0, 2 + i));
  },
});
const readerSawPair = (_values: unknown, returned: Readonly<Record<string, unknown>>) => returned.reader === true;

describe("4.3 the helper guarantees a clean transition", () => {
  it("ARRAY: an update copies in place, word by word: torn reads", async () => {
    await sometimes(object, {
      prepare: prepareTwoKeys("ar"),
      programs: [on(0, "update_ar"), on(1, "read_ar")],
      holds: notTorn,
    });
  });

  for (const map of ["hp", "hn", "lr"]) {
    it(`${map}: one update while a reader looks leaves its value whole`, async () => {
      await never(object, {
        prepare: prepareTwoKeys(map),
        programs: [on(0, `update_${map}`), on(1, `read_${map}`)],
        holds: (values) => values.torn === 0n && values.foreign === 0n,
      });
    });

    it(`${map}: but where another key shares its bucket, a look-up can miss the key meanwhile`, async () => {
      const all = await sometimes(object, {
        prepare: prepareTwoKeys(map),
        programs: [on(0, `update_${map}`), on(1, `read_${map}`)],
        holds: (values) => values.missing === 0n,
      });
      // With the seed 0 the two keys have buckets of their own.
      expect(all.witness!.schedule).toMatch(/^h\d/);
    });

    it(`${map}: the next update on that CPU overwrites what the reader holds: no grace period`, async () => {
      await sometimes(object, {
        prepare: prepareTwoKeys(map),
        programs: [on(0, `update_${map}`, 2), on(1, `read_${map}`)],
        holds: notTorn,
      });
    });
  }

  it("hp: two updates by two CPUs spare the reader: each reuses what it replaced itself", async () => {
    await never(object, {
      cpus: 3,
      prepare: prepareTwoKeys("hp"),
      programs: [on(0, "update_hp"), on(1, "update_hp"), on(2, "read_hp")],
      holds: (values) => values.torn === 0n,
    });
  });
});

describe("4.5 updates may be lost", () => {
  for (const map of ["ar", "hp", "hn", "lr"]) {
    it(`${map}: two CPUs copy, modify and update`, async () => {
      await sometimes(object, {
        prepare: prepareTwoKeys(map),
        programs: [`copy_modify_update_${map}`],
        holds: (values) => values[`${map}[0].a`] === number(0, 3),
      });
    });
  }
});

describe("4.6 values are never mixed", () => {
  for (const map of ["hp", "hn", "lr"]) {
    it(`${map}: with two keys written, a held pointer shows the other key's value`, async () => {
      await sometimes(object, {
        prepare: prepareTwoKeys(map),
        programs: [on(0, `update_both_${map}`), on(1, `read_${map}`)],
        holds: (values) => values.foreign === 0n,
      });
    });
  }

  for (const map of ["ar", "hp", "hn"]) {
    it(`${map}: the documented pattern leaves unequal words in the map for good`, async () => {
      await sometimes(object, {
        prepare: prepareTwoKeys(map),
        programs: [on(0, `copy_modify_update_${map}`, 2), on(1, `copy_modify_update_${map}`)],
        holds: (values) => values[`${map}[0].a`] === values[`${map}[0].b`],
      });
    });
  }

  it("hp: not with one run on each CPU, where nothing is used again", async () => {
    await never(object, {
      prepare: prepareTwoKeys("hp"),
      programs: ["copy_modify_update_hp"],
      holds: (values) => values["hp[0].a"] === values["hp[0].b"],
    });
  });
});

describe("4.6b a lookup of a key that always exists", () => {
  for (const map of ["hp", "hn", "lr"]) {
    it(`${map}: can give NULL while another CPU updates two keys`, async () => {
      await sometimes(object, {
        prepare: prepareTwoKeys(map),
        programs: [on(0, `update_both_${map}`), on(1, `read_${map}`)],
        holds: (values) => values.missing === 0n,
      });
    });

    it(`${map}: never with updates of one key`, async () => {
      await never(object, {
        prepare: function* (user) {
          yield* user.update(map, 0, pair(0, 1));
        },
        programs: [on(0, `update_${map}`, 3), on(1, `read_${map}`)],
        holds: (values) => values.missing === 0n && values.foreign === 0n,
      });
    });
  }
});

describe("4.7 the update takes the bucket lock with interrupts off", () => {
  it("two CPUs that update one key take turns: no update is half done, nobody waits for ever", async () => {
    const all = await never(object, {
      prepare: prepareTwoKeys("hp"),
      programs: [on(0, "update_hp", 2), on(1, "update_both_hp")],
      holds: (values) => values["hp[0].a"] === number(0, 2) && values["hp[1].b"] === number(1, 2),
    });
    expect(all.outcomes.length).toBe(1);
  });

  it("an interrupt that updates the same key never finds the lock held by its own CPU", async () => {
    await never(object, {
      cpus: 1,
      prepare: prepareTwoKeys("hp"),
      programs: [on(0, "update_hp", 2)],
      interrupts: [{ prog: "update_both_hp", cpu: 0 }],
      holds: (values) => values["hp[0].a"] === number(0, 2) && values["hp[1].b"] === number(1, 2),
    });
  });
});

describe("4.9 user-space updates always follow this principle", () => {
  it("ARRAY: in place: a BPF reader sees torn values", async () => {
    await sometimes(object, {
      prepare: prepareTwoKeys("ar"),
      programs: [on(0, "read_ar")],
      user: [userWriter("ar")],
      holds: notTorn,
    });
  });

  it("HASH: replaced: one update leaves a BPF reader's value whole, two do not", async () => {
    const scenario = {
      cpus: 1,
      prepare: prepareTwoKeys("hp"),
      programs: [on(0, "read_hp")],
      holds: notTorn,
    };
    await never(object, { ...scenario, user: [userWriter("hp", 1)] });
    await sometimes(object, { ...scenario, user: [userWriter("hp", 2)] });
  });

  it("mapped memory: plain stores", async () => {
    const all = await explore(object, {
      cpus: 1,
      prepare: prepareTwoKeys("ar"),
      programs: [on(0, "read_ar")],
      user: [{
        name: "mapper",
        *body(user) {
          yield* user.writeGlobal("missing", 5);
          return yield* user.readGlobal("missing");
        },
      }],
    });
    expect(all.outcomes.map(({ values, returned }) => [values.missing, returned?.mapper])).toEqual([[5n, 5n]]);
  });
});

describe("4.10 the difference matters only for BPF programs", () => {
  for (const [map, writes] of [["ar", 1], ["hp", 2], ["hn", 2], ["lr", 2]] as const) {
    it(`${map}: user lookups tear too`, async () => {
      await sometimes(object, {
        cpus: 1,
        prepare: prepareTwoKeys(map),
        programs: [on(0, `update_${map}`, writes)],
        user: [userReader(map)],
        holds: readerSawPair,
      });
    });
  }

  it("BPF_F_LOCK on a map without a lock: EINVAL", async () => {
    const all = await explore(object, {
      cpus: 1,
      programs: [on(0, "read_ar")],
      user: [{
        name: "locker",
        *body(user) {
          try {
            return yield* user.lookup("ar", 0, BPF_F_LOCK);
          } catch (error) {
            return (error as { code: string }).code;
          }
        },
      }],
    });
    expect(new Set(all.outcomes.map(({ returned }) => returned?.locker))).toEqual(new Set(["EINVAL"]));
  });
});
