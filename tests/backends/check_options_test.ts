import { describe, expect, it } from "vitest";
import { compare } from "../../lib/backends/compare.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { mapMemoryBytes } from "../../lib/maps/memory_use.ts";
import { checkTypes } from "../../lib/object/btf_check.ts";
import { plot } from "../../lib/plot/mod.ts";
import { explore } from "../../lib/search/explore.ts";
import { estimate } from "../../lib/search/estimate.ts";
import { explorationText } from "../../lib/report/exploration_text.ts";

const RACY = `int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
const percpu = await bpf.file("notebooks/progs/percpu.bpf.c");

// deno-lint-ignore no-explicit-any -- what a reader may write in a cell, which no compiler looks at
type Options = any;

/** What is written instead of good options, and what the message has to say. */
const WRONG: Readonly<Record<string, readonly [options: Options, says: RegExp]>> = {
  "a name that is nearly right": [{ cpu: 4 }, /no option cpu; did you mean cpus\?/],
  "a name that is none": [{ wibble: 4 }, /no option wibble; it has cpus, invocations/],
  "what only the cost model may ask of a machine": [{ external: true }, /no option external/],
  "the same, about snapshots": [{ forgets: true }, /no option forgets/],
  "the same, about who looks on": [{ observer: {} }, /no option observer/],
  "the same, about the start": [{ onPrepared: () => {} }, /no option onPrepared/],
  "an option of explore": [{ holds: () => true }, /holds: it belongs to explore/],
  "no CPU": [{ cpus: 0 }, /cpus is 0: it must be a whole number from 1 to 512, for example cpus: 4/],
  "a thousand CPUs": [{ cpus: 1000 }, /cpus is 1000/],
  "a number that is none": [{ cpus: NaN }, /cpus is NaN/],
  "a bigint": [{ cpus: 4n }, /cpus is 4n, a bigint/],
  "fewer than no runs": [{ invocations: -1 }, /invocations is -1: it must be a whole number from 0/],
  "half a run": [{ invocations: 1.5 }, /invocations is 1.5/],
  "far too many runs": [{ invocations: 1e12 }, /invocations is 1000000000000/],
  "a seed in words": [{ seed: "one" }, /seed is the text "one": it must be a whole number/],
  "a negative seed": [{ seed: -1 }, /seed is -1: it must be a whole number from 0/],
  "an unknown scheduler": [{ scheduler: "radnom" }, /scheduler is the text "radnom".*did you mean random\?/],
  "a scheduler without methods": [
    { scheduler: {} },
    /scheduler is \{\}: it must be .*name, reset and next, for example \{ name/,
  ],
  "a kind of preemption that is not modelled": [
    { preempt: "lazy" },
    /preempt is the text "lazy": it must be "none" or "full"/,
  ],
  "programs that are no list": [{ programs: "count" }, /programs is the text "count": it must be a list/],
  "a program without a name": [{ programs: [{ cpus: [0] }] }, /programs\[0\] has no prog; write \{ prog/],
  "a program that is not there": [{ programs: ["cuont"] }, /no program cuont; it has count; did you mean count\?/],
  "a CPU that is not there": [
    { cpus: 1, programs: [{ prog: "count", cpus: [1] }] },
    /a CPU of program count is 1: there is CPU 0 only/,
  ],
  "an interrupt on no CPU": [{ interrupts: [{ prog: "count" }] }, /interrupts\[0\] has no cpu/],
  "an actor without a body": [{ user: [{ name: "reader" }] }, /user\[0\] has no body; write \{ name/],
  "an actor that is no generator": [
    { user: [{ name: "reader", body: () => 5 }] },
    /user actor reader: it has to be a generator function/,
  ],
  "an actor that is async": [{ user: [{ name: "reader", async *body() {} }] }, /must not be async/],
  "an actor that forgets a star": [
    {
      user: [{
        name: "reader",
        *body(user: Options) {
          yield user.readGlobal("counter");
        },
      }],
    },
    /user actor reader: a call of user was yielded without its star/,
  ],
  "an actor that yields a number": [{
    user: [{
      name: "reader",
      *body() {
        yield 5;
      },
    }],
  }, /it yielded 5; write yield\*/],
  "an actor that asks for no map": [
    {
      user: [{
        name: "reader",
        *body(user: Options) {
          yield* user.lookup("hits", 0);
        },
      }],
    },
    /no map is called hits/,
  ],
  "two actors of one name": [
    { user: [{ name: "a", *body() {} }, { name: "a", *body() {} }] },
    /user is a list: it must be .*each with a name of its own/,
  ],
  "a model that is no function": [{ models: { bpf_spin_lock: 5 } }, /models is .*a function for each helper's name/],
  "too many runs under a profile": [{ profile: "xeon-kvm", invocations: 1e8 }, /too many runs under a profile/],
  "nothing prepared": [{ prepare: () => 5 }, /prepare: it has to be a generator function/],
  "a limit of another name": [{ limits: { step: 5 } }, /limits has no option step; did you mean steps\?/],
};

const WRONG_SEARCH: typeof WRONG = {
  "a seed": [{ seed: 1 }, /seed: it tries every schedule/],
  "a profile": [{ profile: "xeon-kvm" }, /profile: it tries every schedule, at no machine's pace/],
  "more runs than a schedule may have steps": [
    { invocations: 1e9 },
    /1,000,000,000 invocations are too many to search/,
  ],
  "the same of one program": [
    { programs: [{ prog: "count", invocations: 200_000 }] },
    /200,000 invocations are too many/,
  ],
  "a bound of another name": [{ bounds: { state: 5 } }, /bounds has no option state; did you mean states\?/],
  "holds that is no function": [{ holds: true }, /holds is true: it must be a function/],
  "holds that throws": [{
    holds: () => {
      throw new Error("boo");
    },
  }, /holds: it threw Error: boo\n.*counter=/],
  "holds that says a number": [
    { holds: (values: Options) => values.counter },
    /true or false, as in .*it gave \dn\n.*counter=/,
  ],
  "holds that is async": [{ holds: () => Promise.resolve(true) }, /it gave a promise/],
  "holds about a variable that is not there": [
    { holds: (values: Options) => values.couter === 2n },
    /there is no couter; there are counter; did you mean counter\?/,
  ],
  "holds about an actor that is not there": [
    { holds: (_: Options, returned: Options) => returned.reader === 1 },
    /no user actor is called reader/,
  ],
};

describe("options that can't be, before anything runs", () => {
  for (const [name, [options, says]] of Object.entries(WRONG)) {
    it(name, async () => {
      await expect(simulate(racy, options)).rejects.toThrow(says);
    });
  }
  for (const [name, [options, says]] of Object.entries(WRONG_SEARCH)) {
    it(`explore: ${name}`, async () => {
      await expect(explore(racy, options)).rejects.toThrow(says);
    });
  }
  it("compare says it once, and not for each machine", async () => {
    await expect(compare(racy, { cpus: 2.5 })).rejects.toThrow(/cpus is 2.5/);
  });
  it("a billion runs are too many for real machines, which would take minutes", async () => {
    await expect(compare(racy, { invocations: 1e9 })).rejects.toThrow(/compare takes at most 1,000,000/);
  });
  it("estimate has options of its own", async () => {
    await expect(estimate(racy, { run: 5 } as Options)).rejects.toThrow(
      /estimate has no option run; did you mean runs\?/,
    );
  });
  it("a listing that nobody awaited, and none at all", async () => {
    await expect(simulate(bpf(RACY as Options) as Options)).rejects.toThrow(/write await before bpf/);
    await expect(simulate(undefined as Options)).rejects.toThrow(/simulate is given undefined/);
    await expect(simulate(racy, 4 as Options)).rejects.toThrow(/its options are 4/);
  });
});

describe("holds", () => {
  it("about one value of a map that has one for each CPU: names them", async () => {
    const options = { programs: [percpu.programs[0].name], holds: (values: Options) => values["counters[0]"] === 2n };
    await expect(explore(percpu, options)).rejects.toThrow(
      /counters\[0\] is not one value; there are counters\[0\]@cpu0/,
    );
  });
  it("with a number where a bigint is meant: says so, since it is false for ever", async () => {
    const found = await explore(racy, { holds: (values: Options) => values.counter === 2 });
    expect(explorationText(found)).toContain("Values are bigints: compare with 0n, not with 0.");
    const right = await explore(racy, { holds: (values) => Number(values.counter) === 2 });
    expect(right.remark).toBeUndefined();
  });
});

describe("flags of user space", () => {
  const map = bpf`
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, long); __uint(max_entries, 1); } hits SEC(".maps");
SEC("raw_tp") int count(void *ctx) { return 0; }`;
  const update = async (flags: Options) =>
    await simulate(await map, {
      invocations: 1,
      user: [{
        name: "writer",
        *body(user) {
          yield* user.update("hits", 0, 5, flags);
        },
      }],
    });

  it("a number is as good as a bigint", async () => expect((await update(2)).final["hits[0]"]).toBe(5n));
  it("a name in quotes is not", async () =>
    await expect(update("BPF_F_LOCK")).rejects.toThrow(/write BPF_F_LOCK, or 4n/));
});

describe("data of figures", () => {
  const axis = { title: "time" };
  const CASES: Readonly<Record<string, readonly [draw: () => unknown, says: RegExp]>> = {
    "no bars": [
      () => plot.bars({ title: "x", bars: [], axis }),
      /bars is an empty list: there is nothing to draw; write bars: \[\{ name/,
    ],
    "no axis": [
      () => plot.bars({ title: "x", bars: [{ name: "a", value: 1 }] } as Options),
      /axis is undefined; write axis: \{ title/,
    ],
    "a bar that is no number": [
      () => plot.bars({ title: "x", bars: [{ name: "a", value: NaN }], axis }),
      /bars\[0\].value is NaN, not a number/,
    ],
    "a bigint": [
      () => plot.bars({ title: "x", bars: [{ name: "a", value: 3n as Options }], axis }),
      /value is 3n, a bigint \(Number\(3n\)/,
    ],
    "points without CPUs": [
      () => plot.costAgainstCpus([{ technique: "racy", ns: 4 } as Options]),
      /\[0\].cpus is undefined, not a number/,
    ],
    "no witness": [() => plot.timeline(undefined as Options), /A search that finds nothing wrong has no witness/],
    "a run that nobody awaited": [() => plot.timeline(simulate(racy) as Options), /a promise \(await is missing\)/],
    "a cell without text": [
      () => plot.table({ title: "x", columns: ["a"], rows: [{ name: "r", cells: [{ txt: "a" } as Options] }] }),
      /a cell is .*write a text/,
    ],
    "the memory of no map": [
      () => mapMemoryBytes({ type: 2 } as Options, 2),
      /keySize is undefined: it must be a whole number/,
    ],
  };
  for (const [name, [draw, says]] of Object.entries(CASES)) it(name, () => expect(draw).toThrow(says));
});

describe("max_entries beyond all bounds", () => {
  const small = bpf`
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, long); __uint(max_entries, 4); } hits SEC(".maps");
SEC("raw_tp") int count(void *ctx) { int key = 0; return bpf_map_lookup_elem(&hits, &key) != 0; }`;
  for (const maxEntries of [20_000_000, 100_000_000, 4_294_967_295]) {
    it(maxEntries.toLocaleString("en"), async () => {
      const object = await small, maps = object.maps.map((map) => ({ ...map, maxEntries }));
      const { remarks } = await simulate({ ...object, maps }, { invocations: 1 });
      expect(remarks.join()).toMatch(
        /^Simulated memory does not hold .* hits has room for 65536 entries of \d+, and is full/,
      );
    });
  }
  it("of an array, which programs may find any entry of, no smaller one would do", async () => {
    const object = await small, maps = object.maps.map((map) => ({ ...map, type: 2, maxEntries: 200_000_000 }));
    await expect(simulate({ ...object, maps })).rejects.toThrow(
      /more than 1 GiB of simulated memory: make max_entries/,
    );
  });
  it("the number is no value of the object: BTF that holds it is read", () => {
    const int = { id: 1, kind: "int", name: "int", size: 4 } as const;
    expect(() =>
      checkTypes([{ id: 0, kind: "void", name: "" }, int, { id: 2, kind: "array", name: "", type: 1, nelems: 1e9 }])
    )
      .not.toThrow();
  });
});
