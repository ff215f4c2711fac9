import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { calibrationObject, lostOf } from "../../lib/cost/calibration.ts";
import type { Profile } from "../../lib/cost/profile.ts";
import { checkProfile } from "../../lib/cost/profile.ts";
import { profileNamed } from "../../lib/cost/profiles.ts";
import { TimedMachine } from "../../lib/cost/timed_run.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { planTasks } from "../../lib/workload/plan.ts";

/* Which lines move, when, and what waits for them. */
const xeon: Profile = { ...profileNamed("xeon-kvm"), jitter: 0, disturbanceNs: 0 };
const calibration = await calibrationObject();
const unfitted = await bpf.file(decodeURIComponent(new URL("./progs/unfitted.bpf.c", import.meta.url).pathname));

const run = (object: BpfObject, program: string, cpus: number, profile: Profile, invocations = 600) => {
  const timed = new TimedMachine(planTasks(object, { cpus, invocations, programs: [program] }), {}, profile, 1);
  const { nsPerOp, transfersPerOp } = timed.run(), { fault, kernel } = timed.machine;
  expect(fault).toBeUndefined();
  return { ns: nsPerOp, transfers: transfersPerOp, values: kernel.values() };
};
const withWork = (changed: Partial<Profile["work"]>): Profile => ({ ...xeon, work: { ...xeon.work, ...changed } });

describe("lists under a lock", () => {
  it("what an LRU list's work touches moves to the CPU that does it: lines that the other CPU wrote", () => {
    // Every key is new: evictions, and their lists, are all that two CPUs share beside the buckets.
    const evicting = run(unfitted, "lru_evict", 2, xeon, 800);
    expect(evicting.transfers).toBeGreaterThan(2);
    expect(run(unfitted, "lru_evict", 1, xeon, 800).transfers).toBe(0);
  });

  it("the locks of LRU lists are those of the guest: unlocking is a locked instruction", () => {
    const bare: Profile = { ...xeon, paravirtualLocks: false };
    const more = (atomicNs: number) => {
      const at = (profile: Profile) => run(unfitted, "lru_evict", 1, { ...profile, atomicNs }).ns;
      return at(xeon) - at(bare);
    };
    expect(more(40) - more(5)).toBeGreaterThan(25);
  });
});

describe("waiting for a lock", () => {
  it("a lock that is about to be handed over needs no node of the queue: two CPUs never pay for one", () => {
    // The queue's own lock is no lock of the guest.
    const [dear, cheap] = [5000, 0].map((lockQueue) => run(unfitted, "push_pop", 2, withWork({ lockQueue })).ns);
    expect(dear).toBe(cheap);
    // With a third one in the way, one of them has to queue.
    const three = [5000, 0].map((lockQueue) => run(unfitted, "push_pop", 3, withWork({ lockQueue }), 200).ns);
    expect(three[0]).not.toBe(three[1]);
  });

  it("however many wait, each update comes in whole", () => {
    for (const cpus of [2, 3, 5, 8]) {
      const { values } = run(calibration, "lock", cpus, xeon, 150);
      expect([cpus, values["locked_array[0].count"]]).toEqual([cpus, BigInt(150 * cpus)]);
    }
  });

  it("the way back from the function that waited is a return", () => {
    const waits = (call: number) => run(unfitted, "push_pop", 2, withWork({ call })).ns;
    const alone = (call: number) => run(unfitted, "push_pop", 1, withWork({ call })).ns;
    // Alone there are three in a run; a lock that is waited for is held for one more, and two are taken in turn.
    expect(alone(40) - alone(20)).toBeCloseTo(60, 0);
    expect(waits(40) - waits(20)).toBeGreaterThan(110);
  });
});

describe("a return behind a locked instruction", () => {
  it("waits for it: what its front end stands still for comes on top", () => {
    const thunks = withWork({ run: 20 });
    const [atomic, nop] = ["atomic", "nop"].map((program) => run(calibration, program, 1, thunks).ns);
    expect(atomic - nop).toBeGreaterThan(0.8 * xeon.atomicNs);
  });

  it("the private work between does not wait", () => {
    const thunks = withWork({ run: 20 });
    const [worked, atomic] = ["atomic_work100", "atomic"].map((program) => run(calibration, program, 2, thunks).ns);
    const privateNs = 100 * xeon.insnNs;
    expect(worked - atomic).toBeLessThan(0.8 * privateNs);
  });
});

describe("what a profile may say of lines", () => {
  const handed: Profile = { ...xeon, holdNs: 0, requestShare: 0.5 };

  it("handOnNs: CPUs that are both after a line pass it on faster, one that comes late does not", () => {
    const fast: Profile = { ...handed, handOnNs: 5, handOnShare: 0.4 };
    expect(run(calibration, "atomic", 2, fast).ns).toBeLessThan(0.7 * run(calibration, "atomic", 2, handed).ns);
    const [late, before] = [fast, handed].map((profile) =>
      run(calibration, "atomic_work1000", 2, { ...profile, insnNs: 0.3 }).ns
    );
    expect(late / before).toBeGreaterThan(0.97);
    expect(run(calibration, "atomic", 1, fast).ns).toBe(run(calibration, "atomic", 1, handed).ns);
  });

  it("storeStayNs: a line stays for the store behind its load, so that fewer increments are lost; not for an atomic", () => {
    const stays: Profile = { ...handed, storeStayNs: 20 };
    const lost = (profile: Profile) =>
      lostOf(run(calibration, "racy_work100", 2, { ...profile, reorderWindow: 80, burstStores: 0 }).values, 1200);
    expect(lost(handed)).toBeGreaterThan(0.3);
    expect(lost(stays)).toBeLessThan(0.5 * lost(handed));
    expect(run(calibration, "atomic", 2, stays).ns).toBe(run(calibration, "atomic", 2, handed).ns);
  });

  it("placesOfInsn: the more places private instructions take, the less of a miss they hide", () => {
    const [one, four] = [1, 4].map((placesOfInsn) =>
      run(calibration, "racy_work1000", 2, { ...xeon, placesOfInsn }).ns
    );
    // 352 places: 264 instructions less are under way while the line comes.
    expect(four - one).toBeGreaterThan(0.5 * 264 * xeon.insnNs);
    const alone = [1, 4].map((placesOfInsn) => run(calibration, "racy_work1000", 1, { ...xeon, placesOfInsn }).ns);
    expect(alone[1] / alone[0]).toBeCloseTo(1, 1);
  });

  it("profiles without them are as good as before, and bad ones are refused by name", () => {
    expect(checkProfile(xeon)).toBe(xeon);
    expect(() => checkProfile({ ...xeon, handOnShare: 0 })).toThrow("handOnShare");
    expect(() => checkProfile({ ...xeon, placesOfInsn: 0.5 })).toThrow("placesOfInsn");
    expect(() => checkProfile({ ...xeon, storeStayNs: -1 })).toThrow("storeStayNs");
  });
});
