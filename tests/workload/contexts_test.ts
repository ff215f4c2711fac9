/** Who comes in between whom on one CPU, whose runs are skipped, and what is refused: as Linux 6.18 does it. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { resultText } from "../../lib/report/text.ts";
import { explore, type ExploreOptions } from "../../lib/search/explore.ts";
import type { Scheduler } from "../../lib/schedulers/scheduler.ts";
import { runRandom } from "../../lib/schedulers/run_random.ts";
import { Machine } from "../../lib/machine/machine.ts";
import { CPU } from "../../lib/cpu/layout.ts";
import { replay } from "../../lib/schedulers/replay.ts";
import { SECTIONS } from "../../lib/uapi/sections.ts";
import { CONTEXTS, contextsOf } from "../../lib/workload/contexts.ts";
import { planTasks, WorkloadError } from "../../lib/workload/plan.ts";
import type { Interrupt, Workload } from "../../lib/workload/workload.ts";
import type { Model } from "../../lib/cpu/operation.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { nextState, seededState } from "../../lib/schedulers/random_numbers.ts";
import { explorationText } from "../../lib/report/exploration_text.ts";

const object = await bpf.file(fileURLToPath(new URL("./progs/contexts.bpf.c", import.meta.url)));
const once = (prog: string) => ({ prog, cpus: [0], invocations: 1 });

/** What becomes of one run that would come in between the two steps of another one of the same CPU. */
async function meet(options: Omit<ExploreOptions, "cpus">): Promise<string> {
  try {
    const found = await explore(object, { cpus: 1, ...options });
    expect(found.complete).toBe(true);
    expect(found.stuck).toEqual([]);
    const strikes = found.outcomes.some(({ values, skipped }) => values.hits === 1n && skipped === 0);
    const skips = found.outcomes.some(({ skipped }) => skipped === 1);
    // No other outcome than one count for each run that happened, or one less.
    for (const { values, skipped, anomaly } of found.outcomes) {
      expect([2n, 1n]).toContain(values.hits);
      if (skipped) expect(anomaly).toBe(false);
      if (skipped) expect(values.hits).toBe(1n);
    }
    return strikes ? skips ? "both" : "strikes" : skips ? "skipped" : "never";
  } catch (error) {
    if (!(error instanceof WorkloadError)) throw error;
    return "refused";
  }
}

describe("the table of contexts", () => {
  const bare = (name: string) => name.replace(/\+$/, "");

  it("has every section that libbpf knows in exactly one row", () => {
    const rows = CONTEXTS.flatMap(({ sections }) => sections);
    expect([...rows].sort()).toEqual([...new Set(SECTIONS.map(({ name }) => bare(name)))].sort());
    for (const { name } of SECTIONS) {
      expect(contextsOf(bare(name)).sections).toContain(bare(name));
      if (name.endsWith("+")) expect(contextsOf(`${bare(name)}/some:hook/there`).sections).toContain(bare(name));
      expect(contextsOf(`?${bare(name)}`)).toBe(contextsOf(bare(name)));
    }
  });

  it("starts programs where their hooks can be, says where it has that from, and lets sleepable ones run in tasks only", () => {
    for (const { runsIn, base, interrupt, source, sections } of CONTEXTS) {
      expect(runsIn).toContain(base);
      expect(runsIn).toContain(interrupt);
      expect(source).toMatch(/[a-z_0-9/]+\.[ch]/);
      if (sections.some((name) => /\.s$/.test(name))) expect(runsIn).toEqual(["task"]);
    }
  });

  it("takes a section that libbpf does not know for one to which anything can happen", () => {
    expect(contextsOf("my_section")).toMatchObject({ what: "unknown", preemptible: true, base: "task" });
    expect(contextsOf("my_section").guard).toBe(undefined);
  });
});

// Outer program, inner program (in an interrupt of its usual kind), what happens. By hand, from the kernel's sources.
const STRIKES: readonly (readonly [string, string, string])[] = [
  // prog->active: the same program is skipped, another one of the kind is not
  ["on_raw_tp", "on_raw_tp", "skipped"],
  ["on_raw_tp", "on_raw_tp_atomic", "strikes"],
  ["on_tp_btf", "on_tp_btf", "skipped"],
  ["on_tp_btf", "on_raw_tp_atomic", "strikes"],
  ["on_fentry", "on_fentry", "skipped"],
  ["on_fentry", "on_fentry_atomic", "strikes"],
  ["on_fentry_s", "on_fentry_atomic", "strikes"],
  // bpf_prog_active: any of kprobe, tracepoint, perf_event inside any other
  ["on_kprobe", "on_kprobe", "skipped"],
  ["on_kprobe", "on_kprobe_atomic", "skipped"],
  ["on_kprobe", "on_kretprobe_atomic", "skipped"],
  ["on_kprobe", "on_tracepoint_atomic", "skipped"],
  ["on_tracepoint", "on_kprobe_multi_atomic", "skipped"],
  ["on_tracepoint", "on_perf_event_atomic", "skipped"],
  ["on_kprobe_multi", "on_perf_event_atomic", "skipped"],
  // the two guards know nothing of each other
  ["on_kprobe", "on_raw_tp_atomic", "strikes"],
  ["on_kprobe", "on_fentry_atomic", "strikes"],
  ["on_raw_tp", "on_kprobe_atomic", "strikes"],
  ["on_raw_tp", "on_perf_event_atomic", "strikes"],
  ["on_fentry", "on_tracepoint_atomic", "strikes"],
  // no guard at all
  ["on_xdp", "on_kprobe_atomic", "strikes"],
  ["on_tc", "on_fentry_atomic", "strikes"],
  ["on_lsm", "on_xdp_atomic", "strikes"],
  ["on_lsm", "on_lsm", "strikes"],
  ["on_cgroup_skb", "on_cgroup_skb", "strikes"],
  ["on_socket", "on_socket_atomic", "strikes"],
  ["on_syscall", "on_tc_atomic", "strikes"],
  ["on_uprobe", "on_perf_event_atomic", "strikes"],
  ["on_cgroup_sock", "on_sk_lookup_atomic", "strikes"],
  ["on_raw_tp", "on_xdp_atomic", "strikes"],
  // what only tasks run does not come by an interrupt
  ["on_raw_tp", "on_uprobe_atomic", "refused"],
  ["on_fentry", "on_fentry_s_atomic", "refused"],
  ["on_fentry", "on_syscall_atomic", "refused"],
  ["on_lsm", "on_cgroup_sock_atomic", "refused"],
];

describe("an interrupt in the middle of a run", () => {
  for (const [outer, inner, expected] of STRIKES) {
    it(`${inner} in ${outer}: ${expected}`, async () => {
      expect(await meet({ programs: [once(outer)], interrupts: [{ prog: inner, cpu: 0 }] })).toBe(expected);
    });
  }

  // Outer, inner, kind, what happens: kinds that the workload names.
  const KINDS: readonly (readonly [string, string, Interrupt["kind"], string])[] = [
    ["on_raw_tp", "on_fentry_atomic", "nmi", "strikes"],
    ["on_raw_tp", "on_fentry_atomic", "softirq", "strikes"],
    ["on_xdp", "on_fentry_atomic", "softirq", "refused"],
    ["on_xdp", "on_fentry_atomic", "hardirq", "strikes"],
    ["on_xdp", "on_tc_atomic", "softirq", "refused"],
    ["on_raw_tp", "on_xdp_atomic", "hardirq", "refused"],
    ["on_raw_tp", "on_lsm_atomic", "nmi", "refused"],
    ["on_raw_tp", "on_perf_event_atomic", "softirq", "refused"],
    ["on_raw_tp", "on_perf_event_atomic", "hardirq", "strikes"],
    ["on_perf_event", "on_kprobe_atomic", "hardirq", "refused"],
    ["fentry_irqs_off", "on_raw_tp_atomic", "hardirq", "never"],
    ["fentry_irqs_off", "on_xdp_atomic", "softirq", "never"],
    ["fentry_irqs_off", "on_raw_tp_atomic", "nmi", "strikes"],
    ["fentry_alone", "on_raw_tp_atomic", "hardirq", "strikes"],
  ];
  for (const [outer, inner, kind, expected] of KINDS) {
    it(`${inner} as ${kind} in ${outer}: ${expected}`, async () => {
      expect(await meet({ programs: [once(outer)], interrupts: [{ prog: inner, cpu: 0, kind }] })).toBe(expected);
    });
  }

  it("says by name what cannot be, why, and what to do", async () => {
    const refused = (interrupts: Workload["interrupts"], preempt?: "full") =>
      explore(object, { cpus: 1, programs: [once("on_tp_btf")], interrupts, preempt });
    await expect(refused([{ prog: "on_fentry", cpu: 0, kind: "preemption" }], "full")).rejects.toThrow(
      "on_tp_btf (tp_btf/sys_enter) runs with preemption disabled, so no other task takes the CPU from it; use an fentry",
    );
    await expect(refused([{ prog: "on_fentry", cpu: 0, kind: "preemption" }])).rejects.toThrow('say preempt: "full"');
    await expect(refused([{ prog: "on_syscall", cpu: 0, kind: "hardirq" }])).rejects.toThrow(
      "interrupt on_syscall (syscall) as a hardirq: cgroup, syscall and iterator programs run in process context only",
    );
  });

  it("runs what no interrupt does on 6.18 where the workload names no kind, and says so", async () => {
    const found = await explore(object, {
      cpus: 1,
      programs: [once("on_tc")],
      interrupts: [{ prog: "on_tc_atomic", cpu: 0 }],
    });
    expect(found.observation).toBe("Sometimes");
    expect(found.remark).toContain("on_tc_atomic (tc) strikes CPU 0 because the workload says so; on Linux 6.18");
  });

  it("nests as deep as there are contexts", async () => {
    const levels: Interrupt[] = [
      { prog: "on_tc_atomic", cpu: 0 },
      { prog: "on_fentry_atomic", cpu: 0 },
      { prog: "on_raw_tp_atomic", cpu: 0, kind: "nmi" },
    ];
    const run = await simulate(object, {
      cpus: 1,
      programs: [once("on_syscall")],
      interrupts: levels,
      // syscall starts, and in the middle of each the next one
      scheduler: replay("0 1 2 3*2 2 1 0*2"),
    });
    expect(run.final.hits).toBe(4n);
    const starts = run.trace().filter(({ kind }) => kind === "start").map(({ context }) => context);
    expect(starts).toEqual(["task", "softirq", "hardirq", "nmi"]);
  });
});

// Two tasks of one CPU, without and with preemption.
const SHARED: readonly (readonly [string, string, string, string])[] = [
  ["on_raw_tp", "on_raw_tp_atomic", "never", "never"],
  ["on_tp_btf", "on_fentry_atomic", "never", "never"],
  ["on_kprobe", "on_syscall_atomic", "never", "never"],
  ["on_tracepoint", "on_tracepoint", "never", "never"],
  ["on_fentry", "on_fentry", "never", "skipped"],
  ["on_fentry_s", "on_fentry_s", "never", "skipped"],
  ["on_fentry", "on_tp_btf_atomic", "never", "strikes"],
  ["on_fentry", "on_syscall_atomic", "never", "strikes"],
  ["on_lsm", "on_lsm", "never", "strikes"],
  ["on_syscall", "on_kprobe_atomic", "never", "strikes"],
  ["on_uprobe", "on_uprobe", "never", "strikes"],
  ["on_cgroup_sock", "on_cgroup_sock", "never", "strikes"],
  ["on_cgroup_skb", "on_lsm_atomic", "never", "strikes"],
  // softirqs are threads on PREEMPT_RT; elsewhere they interrupt tasks, and not one another
  ["on_xdp", "on_tc_atomic", "never", "strikes"],
  ["on_tc", "on_tc", "never", "strikes"],
  ["on_xdp", "on_syscall_atomic", "never", "strikes"],
  ["on_raw_tp", "on_xdp_atomic", "strikes", "strikes"],
  ["on_syscall", "on_tc_atomic", "strikes", "strikes"],
  ["fentry_alone", "on_fentry_atomic", "never", "never"],
  ["fentry_late", "on_fentry_atomic", "never", "strikes"],
  // of perf_event programs each run is an NMI
  ["on_xdp", "on_perf_event_atomic", "strikes", "strikes"],
  ["on_kprobe", "on_perf_event_atomic", "skipped", "skipped"],
];

describe("two tasks of one CPU", () => {
  for (const [outer, inner, none, full] of SHARED) {
    it(`${inner} beside ${outer}: ${none}, with preemption ${full}`, async () => {
      const programs = [once(outer), once(inner)];
      expect(await meet({ programs, preempt: "none" })).toBe(none);
      expect(await meet({ programs, preempt: "full" })).toBe(full);
    });
  }

  it("a softirq that was switched out does not come in between a run with preemption off", async () => {
    // Could it, then tc's last store would be overwritten by raw_tp's in states where tc began first.
    const options = { cpus: 1, preempt: "full", programs: [once("on_tc"), once("on_raw_tp")] } as const;
    const run = (schedule: string) => simulate(object, { ...options, scheduler: replay(schedule) });
    await expect(run("0*2 1 0")).rejects.toThrow("step 3 is for 0, which is done or has to wait");
    expect((await run("1*2 0*3 1")).final.hits).toBe(1n);
  });

  it("is told where preempt: full changes nothing", async () => {
    const found = await explore(object, { cpus: 1, preempt: "full", programs: [once("on_raw_tp"), once("on_raw_tp")] });
    expect(found.remark).toContain("Preemption is disabled while on_raw_tp (raw_tp/sched_switch) runs");
  });
});

describe("user space", () => {
  const actor = {
    name: "agent",
    cpu: 0,
    *body(user: UserApi) {
      yield* user.update("one", 0, 1);
      yield* user.lookup("one", 0);
      yield* user.delete("one", 0);
    },
  };
  const beside = async (prog: string, body: (user: UserApi) => Model<unknown> = actor.body) => {
    const found = await explore(object, {
      cpus: 1,
      programs: [{ prog: "on_raw_tp", cpus: [0], invocations: 0 }],
      user: [{ ...actor, body }],
      interrupts: [{ prog, cpu: 0 }],
    });
    expect([found.complete, found.anomalies, found.stuck]).toEqual([true, [], []]);
    return found.outcomes.map(({ values, skipped }) => `${values.hits} ${skipped}`).sort();
  };

  it("its calls on maps keep kprobe, tracepoint and perf_event programs away, and no others", async () => {
    for (const prog of ["on_kprobe_atomic", "on_tracepoint_atomic", "on_perf_event_atomic"]) {
      expect(await beside(prog)).toEqual(["0 1", "1 0"]);
    }
    for (const prog of ["on_raw_tp_atomic", "on_fentry_atomic", "on_xdp_atomic"]) {
      expect(await beside(prog)).toEqual(["1 0"]);
    }
  });

  it("and let them run again when they return", async () => {
    const last: Scheduler = { name: "last first", reset() {}, next: ({ enabled }) => enabled.at(-1)! };
    const run = await simulate(object, {
      cpus: 1,
      programs: [{ prog: "on_raw_tp", cpus: [0], invocations: 0 }],
      user: [actor],
      interrupts: [{ prog: "on_kprobe_atomic", cpu: 0 }],
      scheduler: last,
    });
    expect([run.final.hits, run.skipped]).toEqual([1n, 0]);
  });

  it("but not bpf_map_get_next_key", async () => {
    const body = function* (user: UserApi) {
      yield* user.nextKey("one");
    };
    expect(await beside("on_kprobe_atomic", body)).toEqual(["1 0"]);
  });
});

/** Whether a task holds a bucket's lock: it is past the exchange and before the release. */
function holdsLock(machine: Machine, task: number): boolean {
  const { cpu } = machine.tasks[task];
  return machine.memory.getU32(machine.memory.layout.cpus + cpu * CPU.bytes + CPU.irqOff) > 0;
}

describe("locks in an NMI", () => {
  const edeadlk = (found: Awaited<ReturnType<typeof explore>>, name = "gave_one") =>
    [...new Set(found.outcomes.map(({ values }) => BigInt.asIntN(64, values[name] as bigint)))].sort();
  const prepare: Workload["prepare"] = function* (user) {
    yield* user.update("one", 0, 0);
    yield* user.update("other", 0, 0);
  };

  it("a bucket that the interrupted run has locked: -EDEADLK, no deadlock", async () => {
    for (const outer of ["fentry_one", "raw_tp_one"]) {
      const interrupts = [{ prog: "nmi_one", cpu: 0 }];
      const found = await explore(object, { cpus: 1, prepare, programs: [once(outer)], interrupts });
      expect(found.stuck).toEqual([]);
      expect(edeadlk(found)).toEqual([-35n, 0n]);
    }
  });

  it("a kprobe's update is not disturbed: the perf_event program is skipped", async () => {
    const interrupts = [{ prog: "nmi_one", cpu: 0 }];
    const found = await explore(object, { cpus: 1, prepare, programs: [once("kprobe_one")], interrupts });
    expect(edeadlk(found)).toEqual([0n]);
    expect(found.skipped).toBe(1);
  });

  it("interrupts with irqs off wait until the lock is free", async () => {
    const interrupts = [{ prog: "raw_tp_one", cpu: 0 }];
    const found = await explore(object, { cpus: 1, prepare, programs: [once("fentry_one")], interrupts });
    expect(edeadlk(found)).toEqual([0n]);
  });

  it("a bucket that the interrupted run waits for: -EDEADLK as well, at once", async () => {
    const workload: Workload = {
      cpus: 2,
      invocations: 1,
      prepare,
      programs: [once("fentry_one"), { prog: "raw_tp_one", cpus: [1] }],
      interrupts: [{ prog: "nmi_one", cpu: 0 }],
    };
    const machine = new Machine(planTasks(object, workload)), [waiter, holder, nmi] = [0, 1, 2];
    while (!holdsLock(machine, holder)) {
      machine.step(holder);
    }
    while (machine.pending(waiter).kind !== "await") machine.step(waiter);
    while (!machine.isDone(machine.tasks[nmi])) {
      expect(machine.isEnabled(nmi)).toBe(true);
      machine.step(nmi);
    }
    expect(machine.kernel.values()).toMatchObject({ refused: 1n, gave_one: BigInt.asIntN(64, -35n) });
    runRandom(machine, 1, { steps: 1000 });
    expect(machine.fault).toBe(undefined);
    expect(machine.kernel.values().refused).toBe(1n);
    const found = await explore(object, {
      cpus: 2,
      prepare,
      programs: workload.programs,
      interrupts: workload.interrupts,
    });
    expect(found.stuck).toEqual([]);
    expect(edeadlk(found)).toEqual([-35n, 0n]);
  });

  it("bpf_spin_lock has no such check: an NMI waits for good for what it interrupted, a hardirq never does", async () => {
    // kernel/bpf/helpers.c:__bpf_spin_lock_irqsave: no owner is looked at, and interrupts that are off are no NMIs.
    const struck = (kind: Interrupt["kind"]) =>
      explore(object, {
        cpus: 1,
        programs: [once("tp_btf_locked")],
        interrupts: [{ prog: "tp_btf_locked_too", cpu: 0, kind }],
      });
    const [nmi, hardirq] = [await struck("nmi"), await struck("hardirq")];
    expect(nmi.deadlocks.length).toBe(1);
    expect(nmi.deadlocks[0].message).toContain("locks[0].lock");
    expect({ stuck: hardirq.stuck, observation: hardirq.observation }).toEqual({ stuck: [], observation: "Never" });
  });

  it("crosswise on two CPUs: one of them gives way", async () => {
    const found = await explore(object, {
      cpus: 2,
      prepare,
      programs: [once("fentry_one"), { prog: "fentry_other", cpus: [1], invocations: 1 }],
      interrupts: [{ prog: "nmi_other", cpu: 0 }, { prog: "nmi_one", cpu: 1 }],
    });
    expect(found.stuck).toEqual([]);
    expect(found.complete).toBe(true);
    expect(edeadlk(found)).toEqual([-35n, 0n]);
    expect(edeadlk(found, "gave_other")).toEqual([-35n, 0n]);
  });
});

describe("skipped runs", () => {
  const workload: Workload = {
    cpus: 1,
    programs: [{ prog: "on_raw_tp_atomic", invocations: 200 }],
    interrupts: [{ prog: "on_raw_tp_atomic", cpu: 0, count: 100 }],
  };

  it("are a figure of their own: an atomic counter loses nothing", async () => {
    const run = await simulate(object, workload);
    expect(run.skipped).toBeGreaterThan(0);
    expect(run.final.hits).toBe(300n - BigInt(run.skipped));
    expect(run.serial).toEqual(run.final);
    expect({ lost: run.lost, anomaly: run.anomaly }).toEqual({ lost: 0, anomaly: false });
    expect(resultText(run)).toContain(
      `Skipped: ${run.skipped} runs of on_raw_tp_atomic on CPU 0 (prog->active): the kernel does not run them`,
    );
    expect(JSON.parse(JSON.stringify(run, (_, value) => typeof value === "bigint" ? Number(value) : value)).skipped)
      .toBe(run.skipped);
  });

  it("are steps of the trace, by CPU", async () => {
    const run = await simulate(object, workload), skips = run.trace().filter(({ kind }) => kind === "skip");
    expect(skips.length).toBe(run.skipped);
    expect(skips[0]).toMatchObject({
      cpu: 0,
      prog: "on_raw_tp_atomic",
      context: "hardirq",
      text: "skipped: prog->active",
    });
  });

  it("stay the same when the schedule is replayed, and under a profile nothing of them is lost either", async () => {
    const run = await simulate(object, workload);
    const again = await simulate(object, { ...workload, scheduler: replay(run.schedule()) });
    expect([again.skipped, again.final.hits]).toEqual([run.skipped, run.final.hits]);
    const timed = await simulate(object, { ...workload, profile: "xeon-kvm" });
    expect(timed.final.hits).toBe(300n - BigInt(timed.skipped));
    expect(timed.lost).toBe(0);
  });

  it("are told apart in a search, held against the runs that happened, and named by the verdict", async () => {
    const one: ExploreOptions = { cpus: 1, programs: [once("on_raw_tp")], interrupts: [{ prog: "on_raw_tp", cpu: 0 }] };
    const found = await explore(object, one);
    expect(found.observation).toBe("Never");
    expect(found.outcomes.map(({ values, skipped, serial }) => [values.hits, skipped, serial])).toEqual([
      [2n, 0, true],
      [1n, 1, true],
    ]);
    expect(explorationText(found)).toContain(
      "Skipped runs: in 1 of 2 outcomes the kernel skips runs (on_raw_tp on CPU 0: prog->active); each is held against",
    );
    const asked = await explore(object, { ...one, holds: ({ hits }) => hits === 2n });
    expect(asked.observation).toBe("Sometimes");
    expect(asked.verdicts.map(({ kind }) => kind)).toEqual(["runs skipped"]);
    expect(asked.verdicts[0].what).toContain("the kernel skips on_raw_tp on CPU 0 (prog->active)");
  });

  it("do not hide an update that is lost beside them", async () => {
    const found = await explore(object, {
      cpus: 1,
      programs: [once("on_raw_tp")],
      interrupts: [{ prog: "on_raw_tp", cpu: 0 }, { prog: "on_fentry_atomic", cpu: 0 }],
    });
    expect(found.observation).toBe("Sometimes");
    const lost = found.anomalies.map(({ values, skipped }) => `${values.hits} ${skipped}`).sort();
    // One of two that happened; of three, the one that came in between.
    expect(lost).toEqual(["1 1", "2 0"]);
    expect(found.verdicts.map(({ kind }) => kind)).toContain("lost update");
  });
});

describe("an atomic counter under random interrupts", () => {
  const KINDS = [...new Set(object.programs.map(({ name }) => name).filter((name) => name.endsWith("_atomic")))];
  const SEEDS = 400;

  it(`counts every run that was not skipped, and loses none (${SEEDS} workloads)`, async () => {
    let ran = 0, skipped = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      let state = seededState(seed);
      const draw = (n: number) => ((state = nextState(state)) >>> 0) % n;
      const prog = () => KINDS[draw(KINDS.length)], cpus = 1 + draw(2);
      const workload: Workload = {
        cpus,
        preempt: draw(2) ? "full" : "none",
        programs: Array.from(
          { length: 1 + draw(3) },
          () => ({ prog: prog(), cpus: [draw(cpus)], invocations: 1 + draw(5) }),
        ),
        interrupts: Array.from({ length: draw(3) }, () => ({
          prog: prog(),
          cpu: draw(cpus),
          count: 1 + draw(5),
          kind: ([undefined, undefined, "hardirq", "softirq", "nmi", "preemption"] as const)[draw(6)],
        })),
        user: draw(3) ? [] : [{
          name: "agent",
          cpu: draw(cpus),
          *body(user) {
            for (let i = 0; i < 3; i++) yield* user.update("one", 0, i);
          },
        }],
      };
      try {
        planTasks(object, workload);
      } catch (error) {
        if (!(error instanceof WorkloadError)) throw error;
        continue;
      }
      const run = await simulate(object, { ...workload, seed });
      const runs = planTasks(object, workload).tasks.filter(({ prog }) => prog)
        .reduce((sum, { invocations }) => sum + invocations, 0);
      const where = `seed ${seed}: ${JSON.stringify(workload)}`;
      expect({ where, counted: Number(run.final.hits) + run.skipped, lost: run.lost, fault: run.fault?.message })
        .toEqual(
          { where, counted: runs, lost: 0, fault: undefined },
        );
      ran++;
      skipped += run.skipped;
    }
    expect(ran).toBeGreaterThan(SEEDS / 4);
    expect(skipped).toBeGreaterThan(50);
  });
});
