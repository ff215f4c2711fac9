/** Scenarios over every schedule: what the kernel never showed must be Never, what it showed must be found. */
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { type Exploration, explore, type ExploreOptions } from "../../lib/search/explore.ts";

const folder = fileURLToPath(new URL("./progs/", import.meta.url));

/** A listing of this folder. */
export const listing = (name: string): Promise<BpfObject> => bpf.file(`${folder}${name}.bpf.c`);

export type Scenario = Omit<ExploreOptions, "holds"> & { readonly holds: NonNullable<ExploreOptions["holds"]> };

/** Values of both words of key k, as lifetime.bpf.c counts them. */
export const number = (key: number, n: number): bigint => BigInt(256 * (key + 1) + n);
export const pair = (key: number, n: number) => ({ a: number(key, n), b: number(key, n) });

/** Puts the first values of keys 0 and 1 into a map of lifetime.bpf.c. */
export const prepareTwoKeys = (map: string) =>
  function* (user: UserApi) {
    yield* user.update(map, 0, pair(0, 1));
    yield* user.update(map, 1, pair(1, 1));
  };

/** A program on one CPU. */
export const on = (cpu: number, prog: string, invocations = 1) => ({ prog, cpus: [cpu], invocations });

/** No schedule breaks the property, and all were looked at. */
export async function never(object: BpfObject, scenario: Scenario): Promise<Exploration> {
  const all = await explore(object, { bounds: { seconds: 60 }, ...scenario });
  const broken = all.anomalies.map(({ values, returned, witness }) => ({ values, returned, witness }));
  expect({ broken, stuck: all.stuck }).toEqual({ broken: [], stuck: [] });
  expect(all.unknown).toBe(undefined);
  expect(all.observation).toBe("Never");
  return all;
}

/** Some schedule breaks the property, and none deadlocks or faults. */
export async function sometimes(object: BpfObject, scenario: Scenario): Promise<Exploration> {
  const all = await explore(object, { bounds: { seconds: 60 }, ...scenario });
  expect(all.stuck).toEqual([]);
  expect(all.observation).toBe("Sometimes");
  expect(all.anomalies.length).toBeGreaterThan(0);
  return all;
}
