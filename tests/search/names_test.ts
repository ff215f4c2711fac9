/** What things are called changes no verdict, no text and no figure but for the names themselves. */
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { Machine } from "../../lib/machine/machine.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { timeline } from "../../lib/plot/timeline.ts";
import { explorationText } from "../../lib/report/exploration_text.ts";
import { lanesOf } from "../../lib/report/trace_text.ts";
import { type Exploration, explore, type ExploreOptions } from "../../lib/search/explore.ts";
import { judgeTrace } from "../../lib/search/verdicts.ts";
import { traceSchedule } from "../../lib/search/witness.ts";
import { listing, on, pair } from "../kernel_models/scenarios.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import { renamed, type Renaming } from "./renamed.ts";

const pieces = await bpf.file(fileURLToPath(new URL("./progs/pieces.bpf.c", import.meta.url)));
const lifetime = await listing("lifetime"), nested = await listing("nested");

/**
 * Names that say something else than what they stand for: words of the kernel's, of traces and of reports. At most
 * twelve characters, so that no column of a table cuts two of them.
 */
const MISLEADING = [
  "lru_hits",
  "freelist_len",
  "bucket_lock",
  "key",
  "user",
  "user reader",
  "lock",
  "elem",
  "next",
  "pred_next",
  "first",
  "kernel",
  "helper",
  "inner_map",
  "simulated",
  "bpf_loop",
  "CPU 0",
  "0x6000",
  "h.elem[0]",
  "map.lock",
  "outer[0]",
  "m.bucket[0]",
];

interface Scenario {
  readonly what: string;
  readonly object: BpfObject;
  /** What is called otherwise, the user-space actor included. */
  readonly names: readonly string[];
  readonly options: (to: Renaming) => ExploreOptions;
  readonly kinds: readonly string[];
}

const twoKeys = (map: string, to: Renaming): ExploreOptions["prepare"] =>
  function* (user) {
    for (const key of [0, 1]) {
      const { a, b } = pair(key, 1);
      yield* user.update(to(map), key, { [to("a")]: a, [to("b")]: b });
    }
  };

const SCENARIOS: readonly Scenario[] = [
  {
    what: "a lost update of a program",
    object: pieces,
    names: ["shared", "add"],
    options: (to) => ({ programs: [to("add")] }),
    kinds: ["lost update"],
  },
  {
    what: "a lost update in a map's value, beside a lock",
    object: pieces,
    names: ["locks", "n", "lock", "beside_lock", "under_lock"],
    options: (to) => ({ programs: [on(0, to("under_lock")), on(1, to("beside_lock"))] }),
    kinds: ["lost update"],
  },
  {
    what: "a lost update of user space",
    object: pieces,
    names: ["shared", "add", "reader"],
    options: (to) => ({
      cpus: 1,
      programs: [to("add")],
      user: [{
        name: to("reader"),
        *body(user) {
          const before = yield* user.readGlobal<bigint>(to("shared"));
          yield* user.writeGlobal(to("shared"), before + 4n);
        },
      }],
    }),
    kinds: ["lost update"],
  },
  {
    what: "a torn value, by an update in place",
    object: lifetime,
    names: ["ar", "update_ar", "read_ar", "a", "b", "torn"],
    options: (to) => ({
      prepare: twoKeys("ar", to),
      programs: [on(0, to("update_ar")), on(1, to("read_ar"))],
      holds: (values) => values[to("torn")] === 0n,
    }),
    kinds: ["torn value"],
  },
  {
    what: "an element that is used again for another key",
    object: lifetime,
    names: ["hp", "update_both_hp", "read_hp", "a", "b", "foreign"],
    options: (to) => ({
      prepare: twoKeys("hp", to),
      programs: [on(0, to("update_both_hp")), on(1, to("read_hp"))],
      holds: (values) => values[to("foreign")] === 0n,
    }),
    kinds: ["wrong key"],
  },
  {
    what: "a write to an inner map that was swapped out",
    object: nested,
    names: ["outer", "front", "back", "rotate_outer_sleepable", "turn", "reader"],
    options: (to) => ({
      cpus: 1,
      programs: [on(0, to("rotate_outer_sleepable"), 1)],
      user: [{
        name: to("reader"),
        *body(user) {
          yield* user.swapInner(to("outer"), 0, to("back"));
          const before = yield* user.lookup<bigint>(to("front"), 0);
          yield* user.sleep();
          return before === (yield* user.lookup<bigint>(to("front"), 0));
        },
      }],
      holds: (_values, returned) => returned[to("reader")] === true,
    }),
    kinds: ["late write"],
  },
];

const inText = (data: unknown): string =>
  JSON.stringify(data, (_, value) => typeof value === "bigint" ? `${value}n` : value, 1);

/** Everything that is told of a search, as one text; addresses and numbers included. */
function told(all: Exploration): string {
  const { witness, verdicts } = all, trace = witness?.trace ?? [];
  const figure = timeline(witness ?? []);
  return [inText({ verdicts, trace, lanes: lanesOf(trace) }), explorationText(all), figure.text, figure.caption].join(
    "\n",
  );
}

/** A name of the same length that means nothing and is no part of any text. */
const neutral = (name: string, n: number): string => `Q${n.toString(36)}`.padEnd(name.length, "Z");

const inOtherWords = (text: string, from: readonly string[], to: readonly string[]): string =>
  from.reduce((changed, name, i) => changed.replaceAll(name, to[i]), text);

const renaming = (names: readonly string[], to: readonly string[]): Renaming => (name) => {
  const at = names.indexOf(name);
  return at < 0 ? name : to[at];
};

async function search({ object, options }: Scenario, to: Renaming): Promise<Exploration> {
  return await explore(renamed(object, to), options(to));
}

const MOST_NAMES = Math.max(...SCENARIOS.map(({ names }) => names.length));
const anyNames = fc.shuffledSubarray(MISLEADING, { minLength: MOST_NAMES, maxLength: MOST_NAMES });

describe("names", () => {
  for (const scenario of SCENARIOS) {
    it(`say nothing: ${scenario.what}`, async () => {
      const { names, kinds } = scenario;
      await fc.assert(
        fc.asyncProperty(anyNames, async (any) => {
          const misleading = any.slice(0, names.length), plain = misleading.map(neutral);
          const [one, other] = [
            await search(scenario, renaming(names, plain)),
            await search(scenario, renaming(names, misleading)),
          ];
          for (const kind of kinds) expect(one.verdicts.map((verdict) => verdict.kind)).toContain(kind);
          expect(told(other)).toBe(inOtherWords(told(one), plain, misleading));
        }),
        { numRuns: 12 },
      );
    });
  }

  it("say nothing: a write to an element that is out of the map", () => {
    const names = ["hash", "hash_count", "hash_delete"];
    const judged = (to: Renaming): string => {
      const object = renamed(pieces, to);
      const machine = new Machine(planTasks(object, {
        programs: [on(0, to("hash_count")), on(1, to("hash_delete"))],
        prepare: (user) => user.update(to("hash"), 1, 7),
      }));
      // The lookup, the deletion, the increment.
      const { trace } = traceSchedule(machine, "0*3 1*4 0*2"), verdicts = judgeTrace(trace, object.maps);
      expect(verdicts.map(({ kind }) => kind)).toEqual(["late write"]);
      return inText({ verdicts, trace });
    };
    fc.assert(fc.property(anyNames, (any) => {
      const misleading = any.slice(0, names.length), plain = misleading.map(neutral);
      const expected = inOtherWords(judged(renaming(names, plain)), plain, misleading);
      expect(judged(renaming(names, misleading))).toBe(expected);
    }));
  });

  it("of a program that is called user: it runs on a CPU, and its lost update is a program's", async () => {
    const all = await search(SCENARIOS[0], renaming(["shared", "add"], ["lru_hits", "user"]));
    expect(all.verdicts.map(({ kind, claims }) => [kind, claims])).toEqual([["lost update", ["0.3", "1.1"]]]);
    expect(lanesOf(all.witness!.trace).map(({ name }) => name)).toEqual(["CPU 0", "CPU 1"]);
  });
});
