/** What LRU maps hold when they are full: recorded on kernel 6.18.44, two possible CPUs, one of them at work (2026-11-29). */
import { describe, expect, it } from "vitest";
import { type LruOperation, modelledLru } from "./lru_sequences.ts";

const POSSIBLE_CPUS = 2;
const by = (what: LruOperation["what"], key: number, flags = 0): LruOperation => ({
  by: "program",
  what,
  key,
  flags,
  cpu: 0,
});
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Keys that are left after so many new ones. */
const left = (maxEntries: number, adds: number): readonly number[] =>
  modelledLru(
    { maxEntries, flags: 0, operations: range(0, adds).map((key) => by("update", key)) },
    POSSIBLE_CPUS,
    adds,
  ).at(-1)!.keys;

describe("a full LRU map evicts a batch", () => {
  it("9 keys into 8 places leave 7", () => expect(left(8, 9)).toEqual(range(2, 9)));
  it("1025 keys into 1024 places leave 897", () => expect(left(1024, 1025)).toEqual(range(128, 1025)));

  it("BPF_EXIST just after a look-up is never refused, of 400 keys into 200 places", () => {
    const operations = range(0, 400).flatMap((key) => [by("update", key), by("lookup", key), by("update", key, 2)]);
    const steps = modelledLru({ maxEntries: 200, flags: 0, operations }, POSSIBLE_CPUS, operations.length);
    expect(steps.filter(({ result }) => result < 0)).toEqual([]);
  });

  it("batches are used up in the order in which they were filled, deleted elements from the last one back", () => {
    const elements = (maxEntries: number, operations: readonly LruOperation[]) => {
      const steps = modelledLru({ maxEntries, flags: 0, operations }, POSSIBLE_CPUS);
      return steps.filter((_, i) => operations[i].what === "lookup").map(({ result }) => result);
    };
    const looked = (key: number) => [by("update", key), by("lookup", key)];
    const replaced = [0, 1, 0, 1, 3, 4, 5].flatMap(looked);
    expect(elements(8, replaced)).toEqual([1, 2, 3, 4, 2, 1, 5]);
    const deleted = [...[0, 1, 2].flatMap(looked), ...[0, 1, 2].map((key) => by("delete", key))];
    expect(elements(16, [...deleted, ...[5, 6, 7, 8].flatMap(looked)])).toEqual([1, 2, 3, 3, 2, 1, 4]);
  });
});
