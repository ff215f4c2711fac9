/** LRU maps evict what the running kernel evicts: the same keys, the same elements used again, after every operation. */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { possibleCpus } from "../../lib/backends/linux/map_calls.ts";
import { allowedCpus } from "../../lib/backends/thread_control.ts";
import { KernelAgreement } from "../kernel_agreement.ts";
import { modelledLru, sequences } from "../maps/lru_sequences.ts";
import { kernelLru } from "./kernel_lru.ts";

const SEED = 20261129;
const SIZES = [
  { what: "1 to 12 entries", entries: fc.integer({ min: 1, max: 12 }), runs: 100, every: 1 },
  { what: "13 to 80 entries", entries: fc.integer({ min: 13, max: 80 }), runs: 20, every: 5 },
  { what: "81 to 300 entries", entries: fc.integer({ min: 81, max: 300 }), runs: 4, every: 50 },
  { what: "1024 entries", entries: fc.constant(1024), runs: 1, every: 500 },
];

describe("LRU maps, simulator and running kernel", () => {
  const availability = linuxAvailable();
  const agreement = new KernelAgreement("LRU maps");
  afterAll(() => agreement.print());
  const test = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;
  for (const { what, entries, runs, every } of SIZES) {
    for (const pinned of ["one CPU", "all CPUs in turn"]) {
      test(`${what}, ${pinned}: ${runs} sequences, seed ${SEED}${reason}`, async () => {
        const allowed = allowedCpus(),
          cpus = pinned === "one CPU" ? allowed.slice(-1) : allowed,
          possible = possibleCpus();
        await agreement.values(`${what}, ${pinned}`, () =>
          fc.assert(
            fc.property(sequences(cpus, entries), (sequence) => {
              expect(kernelLru(sequence, every)).toEqual(modelledLru(sequence, possible, every));
            }),
            { seed: SEED, numRuns: runs, endOnFailure: true },
          ));
      });
    }
  }
});
