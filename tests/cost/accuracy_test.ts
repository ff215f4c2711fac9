import { describe, expect, it } from "vitest";
import { modelAccuracy } from "../../lib/cost/accuracy.ts";
import { profileNamed } from "../../lib/cost/profiles.ts";
import { figureRows, predictRow } from "./figures.ts";
import { predictPublished, publishedRows } from "./published.ts";
import { predictSituation, situations, SITUATIONS_PROFILE, situationsObject } from "./situations.ts";

/* The model is deterministic: these are its errors on every machine. The bench prints the whole table. */
const rows = await figureRows(), xeon = profileNamed("xeon-kvm");

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

describe("the model against the kernel's recorded figures", () => {
  it("operations (B1): median error at most 15 %, none over 40 %", () => {
    const errors = rows.filter((row) => row.table === "B1").map((row): [string, number] => [
      `${row.what} on ${row.cpus}`,
      Math.abs(predictRow(row, xeon).ns / row.measuredNs - 1),
    ]);
    expect(errors.length).toBe(52);
    expect(errors.filter(([, error]) => error > 0.4)).toEqual([]);
    expect(median(errors.map(([, error]) => error))).toBeLessThan(0.15);
  });

  it("lost updates (B2): within 6 percentage points at every point", () => {
    const points = rows.filter((row) => row.table === "B2" && (row.measuredLost ?? 0) > 0).map((row) => ({
      what: row.what,
      measured: row.measuredLost!,
      predicted: predictRow(row, xeon).lost,
    }));
    expect(points.length).toBe(12);
    expect(points.filter(({ measured, predicted }) => Math.abs(predicted - measured) > 6)).toEqual([]);
  });

  it("value sizes (B3) of 64 and 256 bytes: median error at most 20 %", () => {
    const wanted = /^same_(copy|lock)(1?)_\w+_(64|256)$/;
    const errors = rows.filter((row) => row.table === "B3" && wanted.test(row.program)).map((row) =>
      Math.abs(predictRow(row, xeon).ns / row.measuredNs - 1)
    );
    expect(errors.length).toBeGreaterThan(20);
    expect(median(errors)).toBeLessThan(0.2);
  });

  it("the kept table covers what is measured, and says which rows were fitted", () => {
    const kept = modelAccuracy();
    for (const table of ["B1", "B2", "B3", "published"]) {
      const own = kept.rows.filter((row) => row.table === table);
      expect(own.some((row) => row.fitted) && own.some((row) => !row.fitted)).toBe(true);
    }
    expect(kept.targets.length).toBeGreaterThan(10);
  });
});

describe("the model against situations that no profile was fitted to", () => {
  it("counters in one line and apart, random hits, a lock held long: none over 40 %", async () => {
    const object = await situationsObject(), profile = profileNamed(SITUATIONS_PROFILE);
    const errors = situations().map((row): [string, number, number] => [
      row.what,
      row.cpus,
      Math.abs(predictSituation(object, row, profile) / row.ns - 1),
    ]);
    expect(errors.length).toBe(28);
    expect(errors.filter(([, , error]) => error > 0.4)).toEqual([]);
  });
});

describe("the model against published curves", () => {
  const socket: Record<string, number> = { "xeon-8176": 28, "epyc-milan": 64, skylake: 4, graviton2: 64 };

  it("inside one socket none over 25 %, with more sockets none over 50 %", async () => {
    const rows = (await publishedRows()).filter(({ cpus }) => cpus <= 32);
    const errors = rows.map((row) => {
      const error = Math.abs(predictPublished(row) / row.measuredNs - 1);
      return {
        row: `${row.profile} ${row.what} ${row.cpus}`,
        error,
        most: row.cpus <= socket[row.profile] ? 0.25 : 0.5,
      };
    });
    expect(errors.length).toBeGreaterThan(60);
    expect(errors.filter(({ error, most }) => error > most)).toEqual([]);
  });
});
