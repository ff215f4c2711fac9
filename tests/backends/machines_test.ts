/** One case suite on three machines: what the kernel showed Never is Never, what it showed is found. */
import { describe, expect, it } from "vitest";
import type { Availability } from "../../lib/backends/backend.ts";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { differs } from "../../lib/backends/measure.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { threadsAvailable } from "../../lib/backends/threads/available.ts";
import { threads } from "../../lib/backends/threads/run.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Result, Values } from "../../lib/report/result.ts";
import { CASES, type MachineCase } from "./cases.ts";

const folder = new URL("./progs/", import.meta.url).pathname;

interface Seen {
  readonly final: Values;
  readonly serial?: Values;
  readonly returned: Readonly<Record<string, unknown>>;
}

interface Machine {
  readonly name: Result["machine"];
  readonly availability: Availability;
  /** Several runs; another attempt looks at others. */
  readonly look: (one: MachineCase, attempt: number) => Promise<readonly Seen[]>;
}

const listing = (one: MachineCase) => bpf.file(`${folder}${one.listing}.bpf.c`);

const MACHINES: readonly Machine[] = [
  {
    name: "simulator",
    availability: { available: true },
    look: async (one, attempt) => [await simulate(await listing(one), { ...one.workload, seed: attempt + 1 })],
  },
  {
    name: "threads",
    availability: threadsAvailable(),
    look: async (one, attempt) => {
      const run = await threads(await listing(one), { ...one.workload, repeats: 3, durationMs: 2 ** (attempt + 1) });
      return run.outcomes.map((outcome) => ({ ...outcome, serial: run.serial }));
    },
  },
  {
    name: "linux",
    availability: linuxAvailable(),
    look: async (one, attempt) => {
      const run = await runOnLinux(await listing(one), { ...one.workload, repeats: 3, durationMs: 2 ** (attempt + 1) });
      return run.outcomes.map((outcome) => ({ ...outcome, serial: run.serial }));
    },
  },
];

/** Runs are made longer with each attempt, up to 128 ms, until a rare thing has been seen. */
const ATTEMPTS = 7, ATTEMPTS_FOR_NEVER = 1;

const broken = (one: MachineCase, seen: Seen): boolean =>
  one.holds ? !one.holds(seen.final, seen.returned) : seen.serial !== undefined && differs(seen.final, seen.serial);

for (const machine of MACHINES) {
  describe(`on the ${machine.name}`, () => {
    for (const one of CASES) {
      const unavailable = machine.availability.available ? undefined : machine.availability.reason;
      const skip = unavailable ?? one.skip?.[machine.name];
      const test = skip === undefined ? it : it.skip;
      test(`${one.row}: ${one.name}: ${one.observation}${skip === undefined ? "" : ` (skipped: ${skip})`}`, async () => {
        const never = one.observation === "Never";
        let found: Seen | undefined;
        for (let attempt = 0; attempt < (never ? ATTEMPTS_FOR_NEVER : ATTEMPTS) && !found; attempt++) {
          found = (await machine.look(one, attempt)).find((seen) => broken(one, seen));
        }
        expect(found && { final: found.final, returned: found.returned }).toEqual(
          never ? undefined : expect.anything(),
        );
      });
    }
  });
}
