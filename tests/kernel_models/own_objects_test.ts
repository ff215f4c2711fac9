/** Objects of a program's own: lists, trees, pointers in maps, counts of references; here and on the running kernel. */
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import type { Values } from "../../lib/report/result.ts";
import { explore } from "../../lib/search/explore.ts";
import { KernelAgreement } from "../kernel_agreement.ts";
import { listing, never, on } from "./scenarios.ts";

const object = await listing("own_objects");

const resultsOf = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name.startsWith("results")));
const startingWith = (values: Values, ...starts: readonly string[]): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => starts.some((start) => name.startsWith(start))));
const once = (prog: string) => simulate(object, { cpus: 1, programs: [on(0, prog)] });

describe("a program's own objects", () => {
  it("stand in lists in the order in which they were pushed", async () => {
    const { final } = await once("list");
    expect(startingWith(final, "items")).toEqual({ items: 2n, "items[0].key": 2n, "items[1].key": 4n });
  });

  it("stand in trees in the order of their comparison", async () => {
    const { final } = await once("sorts");
    expect(startingWith(final, "tree[")).toEqual({ "tree[0].key": 4n, "tree[1].key": 5n, "tree[2].key": 8n });
  });

  it("go with the values and elements that hold them", async () => {
    const { final } = await once("pointers");
    expect(startingWith(final, "places[1]")).toEqual({ "places[1].number": 7n, "places[1].item->key": 11n });
    // Each run allocates five: what is not given up would fill the simulator's memory.
    const many = await simulate(object, { cpus: 2, invocations: 600, programs: ["pointers"] });
    expect(many.fault).toBeUndefined();
    const again = await simulate(object, { cpus: 1, invocations: 3, programs: ["pointers"] });
    expect(resultsOf(again.final)).toEqual(resultsOf(final));
  });

  it("are used again when they were given back", async () => {
    const many = await simulate(object, { cpus: 2, invocations: 3000, programs: ["push_and_pop"] });
    expect(many.fault).toBeUndefined();
    expect(startingWith(many.final, "items")).toEqual({ items: 0n });
  });

  it("are never lost between two CPUs that push", async () => {
    await never(object, {
      programs: [on(0, "push_one"), on(1, "push_two")],
      holds: (values) => values["items[0].key"] === 2n && values["items[1].key"] === 1n,
    });
    await never(object, {
      invocations: 2,
      programs: ["push_and_pop"],
      holds: (values) => values.items === 0n,
    });
  });

  it("are popped, or were not there yet", async () => {
    const all = await explore(object, { programs: [on(0, "push_one"), on(1, "pop_one")] });
    expect(all.complete).toBe(true);
    expect(all.outcomes.map(({ values }) => `${values["results[7]"]} ${values.items}`).sort()).toEqual(["-1 1", "1 0"]);
  });

  it("stay one each behind a pointer that two CPUs exchange", async () => {
    const given = (values: Values) => values["results[6]"] === 1n && values["places[0].item->key"] === 1n;
    await never(object, { cpus: 2, programs: ["give"], holds: given });
  });

  it("get into one of two lists only, whichever lock their programs hold", async () => {
    const all = await explore(object, { programs: [on(0, "to_list"), on(1, "to_other_list")] });
    expect(all.complete).toBe(true);
    expect(all.stuck).toEqual([]);
    const found = all.outcomes.map(({ values }) => `${values["results[0]"]} ${values["results[1]"]}`);
    // 1: the tree was empty when the other program looked.
    expect([...new Set(found)].sort()).toEqual(["-22 0", "0 -22", "0 1"]);
    for (const { values } of all.outcomes) {
      const [first, second] = values["results[0]"] === 0n ? [1n, 0n] : [0n, 1n];
      expect([values.list_of_shared, values.other_list]).toEqual([first, second]);
    }
  });
});

const availability = linuxAvailable();
const agreement = new KernelAgreement("objects of programs");
afterAll(() => agreement.print());

describe("the running kernel", () => {
  const test = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;

  for (const prog of ["list", "sorts", "pointers", "refcounts", "twice", "to_list"]) {
    test(`gives ${prog} what the simulator gives it${reason}`, async () => {
      await agreement.values(prog, async () => {
        const programs = [on(0, prog)], real = await runOnLinux(object, { cpus: 1, programs, exact: true });
        expect(resultsOf(real.final)).toEqual(resultsOf((await once(prog)).final));
      });
    });
  }
});
