/** How often code is compiled: once for what is the same code, and never for code that is another. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileURLToPath } from "node:url";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { lockHelpers } from "../../lib/bpf_helpers/kernel.ts";
import { ticketLock } from "../../lib/locks/ticket_lock.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { loadObject } from "../../lib/object/load.ts";
import { estimate } from "../../lib/search/estimate.ts";
import { explore } from "../../lib/search/explore.ts";

const listing = (path: string) => bpf.file(fileURLToPath(new URL(`../../${path}`, import.meta.url)));
const race = await listing("notebooks/progs/race.bpf.c");
const pieces = await listing("tests/search/progs/pieces.bpf.c");

/** An object that has not run yet. */
const fresh = ({ bytes, name }: BpfObject): BpfObject => loadObject(bytes, name);

const MOST = 2;
const PROG = race.programs[0].name;
/** More than 20,000 steps: enough for the random scheduler to go into the translated code. */
const LONG = { programs: [PROG], cpus: 4, invocations: 20_000 };
const SHORT = { programs: [PROG], cpus: 2, invocations: 2 };

const CALLS: Readonly<Record<string, (object: BpfObject) => Promise<unknown>>> = {
  "simulate, random": (object) => simulate(object, LONG),
  "simulate, a short run": (object) => simulate(object, SHORT),
  "simulate, clock": (object) => simulate(object, { ...SHORT, cpus: 3, scheduler: "clock" }),
  "simulate, round robin": (object) => simulate(object, { ...SHORT, scheduler: "round_robin" }),
  "simulate, under a profile": (object) => simulate(object, { ...SHORT, profile: "xeon-kvm" }),
  "explore": (object) => explore(object, SHORT),
  "explore, without reductions": (object) => explore(object, { ...SHORT, symmetry: false, reduction: false }),
  "estimate": (object) => estimate(object, { ...SHORT, runs: 20 }),
};

describe("WebAssembly modules", () => {
  const { Module } = WebAssembly;
  let made = 0;
  beforeAll(async () => {
    // the tree of a profile's clocks (winner_tree.ts) is code of no object: compiled once for each size
    await simulate(fresh(race), { ...SHORT, profile: "xeon-kvm" });
    WebAssembly.Module = new Proxy(Module, {
      construct(target, args, self) {
        made++;
        return Reflect.construct(target, args, self);
      },
    });
  });
  afterAll(() => {
    WebAssembly.Module = Module;
  });
  const modulesOf = async (call: () => Promise<unknown>) => {
    made = 0;
    await call();
    return made;
  };

  for (const [name, call] of Object.entries(CALLS)) {
    it(`${name}: at most ${MOST} the first time, none the second`, async () => {
      const object = fresh(race), first = await modulesOf(() => call(object));
      expect(first).toBeGreaterThan(0);
      expect(first).toBeLessThanOrEqual(MOST);
      expect(await modulesOf(() => call(object))).toBe(0);
    });
  }

  it("another number of CPUs is other code, and what was used long ago is compiled again", async () => {
    const object = fresh(race), on = (cpus: number) => modulesOf(() => simulate(object, { ...SHORT, cpus }));
    expect(await on(1)).toBe(1);
    for (const cpus of [2, 3, 4, 5, 6, 7, 8, 9]) expect(await on(cpus)).toBe(1);
    expect(await on(9)).toBe(0);
    expect(await on(1)).toBe(1);
  });
});

describe("code that is kept", () => {
  // one program throughout: what differs is where memory stands, for which the code holds addresses
  const TWICE = { prog: "two", cpus: [0] };
  const WORKLOADS = [
    { cpus: 2, programs: ["two"] },
    { cpus: 2, programs: ["two", TWICE] },
    { cpus: 3, programs: [{ prog: "two", cpus: [0, 2] }] },
    { cpus: 3, programs: ["two"] },
    { cpus: 1, programs: ["two"], interrupts: [{ prog: "two", cpu: 0, count: 3 }] },
    {
      cpus: 2,
      programs: ["two"],
      user: [{
        name: "reader",
        *body(user: UserApi) {
          return yield* user.lookup("hash", 1);
        },
      }],
    },
    { cpus: 2, programs: ["under_lock"] },
    { cpus: 2, programs: ["under_lock"], models: lockHelpers(ticketLock) },
    { cpus: 2, programs: ["two"], profile: "xeon-kvm" },
  ];

  it("runs as code that is compiled anew does, whatever ran before", async () => {
    for (const workload of [...WORKLOADS, ...WORKLOADS]) {
      const kept = await simulate(pieces, { invocations: 20, seed: 3, ...workload });
      const anew = await simulate(fresh(pieces), { invocations: 20, seed: 3, ...workload });
      expect(kept.toJSON()).toEqual(anew.toJSON());
      expect(kept.trace({ steps: 200 })).toEqual(anew.trace({ steps: 200 }));
    }
  });
});
