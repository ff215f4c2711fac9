/** One case suite on three machines: what the kernel showed Never is Never, what it showed is found. */
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { Backend, RunOptions } from "../../lib/backends/backend.ts";
import { BACKENDS } from "../../lib/backends/backends.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Values } from "../../lib/report/result.ts";
import { KernelAgreement } from "../kernel_agreement.ts";
import { CASES, type MachineCase } from "./cases.ts";

const folder = fileURLToPath(new URL("./progs/", import.meta.url));

interface Seen {
  readonly final: Values;
  readonly anomaly: boolean;
  readonly returned: Readonly<Record<string, unknown>>;
}

/** What one call of a machine saw; another attempt looks at other schedules, or for longer. */
async function look(backend: Backend, one: MachineCase, attempt: number): Promise<readonly Seen[]> {
  const object = await bpf.file(`${folder}${one.listing}.bpf.c`);
  const options: RunOptions = { ...one.workload, seed: attempt + 1, repeats: 3, durationMs: 2 ** (attempt + 1) };
  const run = await backend.run(object, options);
  const outcomes = "outcomes" in run ? run.outcomes : [run as typeof run & Seen];
  return outcomes.map(({ final, returned, anomaly }) => ({ final, returned, anomaly }));
}

/** Runs are made longer with each attempt, up to 128 ms, until a rare thing has been seen. */
const ATTEMPTS = 7, ATTEMPTS_FOR_NEVER = 1;

const broken = (one: MachineCase, seen: Seen): boolean =>
  one.holds ? !one.holds(seen.final, seen.returned) : seen.anomaly;

const agreement = new KernelAgreement("cases on the running kernel");
afterAll(() => agreement.print());

async function check(backend: Backend, one: MachineCase): Promise<void> {
  const never = one.observation === "Never";
  let found: Seen | undefined;
  for (let attempt = 0; attempt < (never ? ATTEMPTS_FOR_NEVER : ATTEMPTS) && !found; attempt++) {
    found = (await look(backend, one, attempt)).find((seen) => broken(one, seen));
  }
  expect(found && { final: found.final, returned: found.returned }).toEqual(never ? undefined : expect.anything());
}

for (const backend of BACKENDS) {
  const availability = backend.available();
  const unavailable = availability.available ? undefined : availability.reason;
  describe(`on the ${backend.name}`, () => {
    for (const one of CASES) {
      const skip = unavailable ?? one.skip?.[backend.name];
      const test = skip === undefined ? it : it.skip;
      test(`${one.row}: ${one.name}: ${one.observation}${skip === undefined ? "" : ` (skipped: ${skip})`}`, () => {
        const work = () => check(backend, one);
        return backend.name === "linux" ? agreement.values(`${one.row}: ${one.name}`, work) : work();
      });
    }
  });
}
