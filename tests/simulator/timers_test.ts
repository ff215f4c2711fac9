/** Timers and work queues: every moment at which their callbacks may run, and their calls beside the kernel's. */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Model } from "../../lib/cpu/operation.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { explore } from "../../lib/search/explore.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const named = (all: Awaited<ReturnType<typeof explore>>, ...names: string[]) => {
  expect(all.complete).toBe(true);
  expect(all.stuck).toEqual([]);
  return [...new Set(all.outcomes.map(({ values }) => names.map((name) => `${name}=${values[name] ?? "-"}`).join(" ")))]
    .sort();
};
const args = (...numbers: (number | bigint)[]): Uint8Array =>
  new Uint8Array(new BigUint64Array(numbers.map(BigInt)).buffer);

/** What a program does with a timer whose callback touches the same number. */
const races = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct job { struct bpf_timer timer; long n; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key, int); __type(value, struct job); } jobs SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, int); __type(value, struct job); } hashed SEC(".maps");
long fired, halves, seen, own, order, more;
static int add_ten(void *map, int *key, struct job *job) { job->n += 10; return 0; }
static int both_halves(void *map, int *key, struct job *job) {
	__sync_fetch_and_add(&halves, 1); __sync_fetch_and_add(&halves, 1); return 0; }
static int cancels_itself(void *map, int *key, struct job *job) { own = bpf_timer_cancel(&job->timer); return 0; }
static int again(void *map, int *key, struct job *job) { fired++; bpf_timer_start(&job->timer, 1000, 0); return 0; }
static int which(void *map, int *key, struct job *job) { order = order * 10 + 1 + *key; return 0; }
static int deletes_itself(void *map, int *key, struct job *job) { bpf_map_delete_elem(map, key); fired++; return 0; }
static int counts(void *map, int *key, struct job *job) { fired++; return 0; }
static struct job *job_of(int key) { return bpf_map_lookup_elem(&jobs, &key); }
#define ARM(job, callback, ns) do { \
	bpf_timer_init(&(job)->timer, &jobs, 1); bpf_timer_set_callback(&(job)->timer, callback); \
	bpf_timer_start(&(job)->timer, ns, 0); } while (0)
SEC("syscall") int start_and_add(void *ctx) {
	struct job *job = job_of(0);
	if (!job) return 0;
	ARM(job, add_ten, 0);
	job->n += 1;
	return 0; }
SEC("syscall") int arm_halves(void *ctx) {
	struct job *job = job_of(0);
	if (job) ARM(job, both_halves, 0);
	return 0; }
SEC("syscall") int cancel(void *ctx) {
	struct job *job = job_of(0);
	if (!job) return 0;
	own = bpf_timer_cancel(&job->timer);
	seen = halves;
	return 0; }
SEC("syscall") int arm_own(void *ctx) {
	struct job *job = job_of(0);
	if (job) ARM(job, cancels_itself, 0);
	return 0; }
SEC("syscall") int arm_again(void *ctx) {
	struct job *job = job_of(0);
	if (job) ARM(job, again, 0);
	return 0; }
SEC("syscall") int short_then_long(void *ctx) {
	struct job *first = job_of(0), *second = job_of(1);
	if (!first || !second) return 0;
	ARM(first, which, 1000);
	ARM(second, which, 2000);
	return 0; }
SEC("syscall") int long_then_short(void *ctx) {
	struct job *first = job_of(0), *second = job_of(1);
	if (!first || !second) return 0;
	ARM(first, which, 2000000);
	ARM(second, which, 1000);
	return 0; }
SEC("syscall") int arm_hashed(__u64 *ctx) {
	int key = 3;
	struct job empty = {}, *job;
	bpf_map_update_elem(&hashed, &key, &empty, 0);
	job = bpf_map_lookup_elem(&hashed, &key);
	if (!job) return 0;
	bpf_timer_init(&job->timer, &hashed, 1);
	bpf_timer_set_callback(&job->timer, deletes_itself);
	bpf_timer_start(&job->timer, 0, 0);
	return 0; }
SEC("syscall") int arm_and_delete(__u64 *ctx) {
	int key = 3;
	struct job empty = {}, *job;
	bpf_map_update_elem(&hashed, &key, &empty, 0);
	job = bpf_map_lookup_elem(&hashed, &key);
	if (!job) return 0;
	bpf_timer_init(&job->timer, &hashed, 1);
	bpf_timer_set_callback(&job->timer, counts);
	bpf_timer_start(&job->timer, 0, 0);
	bpf_map_delete_elem(&hashed, &key);
	seen = fired;
	return 0; }
static int cancels_other(void *map, int *key, struct job *job) {
	struct job *other = job_of(1 - *key);
	if (other && bpf_timer_cancel(&other->timer) == -35) __sync_fetch_and_add(&more, 1);
	__sync_fetch_and_add(&fired, 1);
	return 0; }
SEC("syscall") int arm_first(void *ctx) {
	struct job *job = job_of(0);
	if (job) ARM(job, cancels_other, 0);
	return 0; }
SEC("syscall") int arm_second(void *ctx) {
	struct job *job = job_of(1);
	if (job) ARM(job, cancels_other, 0);
	return 0; }
`;
const once = (prog: string, cpu = 0, more = {}) => ({ prog, cpus: [cpu], invocations: 1, ...more });

describe("every moment at which a timer is due", () => {
  it("its callback comes in the middle of the program that started it: an update is lost on one CPU", async () => {
    const all = await explore(races, { cpus: 1, programs: [once("start_and_add")] });
    expect(named(all, "jobs[0].n")).toEqual(["jobs[0].n=1", "jobs[0].n=11"]);
    expect(all.conditions.join("\n")).toContain("timers: each is due at any moment after its start");
  });

  it("bpf_timer_cancel comes back when the callback has ended on the other CPU", async () => {
    const programs = [once("arm_halves"), once("cancel", 1, { after: "arm_halves" })];
    const all = await explore(races, { cpus: 2, programs });
    // 0 also where the timer was due and found its callback gone.
    expect(named(all, "own", "seen", "halves")).toEqual([
      "own=0 seen=0 halves=0",
      "own=0 seen=2 halves=2",
      "own=1 seen=0 halves=0",
    ]);
  });

  it("a callback that cancels its own timer is told EDEADLK", async () => {
    expect(named(await explore(races, { cpus: 1, programs: [once("arm_own")] }), "own")).toEqual(["own=-35"]);
  });

  it("of two callbacks that cancel each other's timer on two CPUs, one at least is told EDEADLK: nobody waits for good", async () => {
    const all = await explore(races, { cpus: 2, programs: [once("arm_first"), once("arm_second", 1)] });
    const ends = named(all, "fired", "more");
    expect(ends).toContain("fired=2 more=1");
    expect(ends).toContain("fired=1 more=0");
  });

  it("a callback that starts its timer again does so as often as `rearms` says", async () => {
    for (const rearms of [0, 1, 3]) {
      const all = await explore(races, { cpus: 1, programs: [once("arm_again")], limits: { rearms } });
      expect(named(all, "fired")).toEqual([`fired=${rearms + 1}`]);
      expect(all.conditions.join("\n")).toContain("later ones left waiting");
    }
  });

  it("of two timers of a CPU the one that was started first and for less comes first; else either", async () => {
    expect(named(await explore(races, { cpus: 1, programs: [once("short_then_long")] }), "order")).toEqual([
      "order=12",
    ]);
    expect(named(await explore(races, { cpus: 1, programs: [once("long_then_short")] }), "order"))
      .toEqual(["order=12", "order=21"]);
  });

  it("a callback may delete its own element; one that was deleted runs no more", async () => {
    const own = await explore(races, { cpus: 1, programs: [once("arm_hashed")] });
    expect(named(own, "fired", "hashed[3].n")).toEqual(["fired=1 hashed[3].n=-"]);
    const deleted = await explore(races, { cpus: 1, programs: [once("arm_and_delete")] });
    expect(named(deleted, "seen", "fired")).toEqual(["seen=0 fired=0", "seen=1 fired=1"]);
  });
});

describe("simulated time", () => {
  it("the timer that is due first comes first, whichever was started first", async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const run = await simulate(races, { cpus: 1, programs: [once("long_then_short")], seed });
      expect(run.final.order).toBe(21n);
    }
  });

  it("what waits when nothing else runs is due then; a periodic one comes to an end", async () => {
    for (const scheduler of ["random", "round_robin", "clock"] as const) {
      const run = await simulate(races, {
        cpus: 2,
        programs: [once("arm_again", 1)],
        limits: { rearms: 20 },
        scheduler,
      });
      expect(run.fault).toBeUndefined();
      expect(run.final.fired).toBe(21n);
    }
  });
});

/** Each call alone, told by numbers: 0 init, 1 set_callback, 2 start, 3 cancel. */
const calls = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct job { long n; struct bpf_timer timer; long end; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct job); } jobs SEC(".maps");
long result, fired;
static int on_fire(void *map, int *key, struct job *job) { job->n += 100; __sync_fetch_and_add(&fired, 1); return 0; }
SEC("syscall") int call(__u64 *ctx) {
	int key = 0;
	struct job *job = bpf_map_lookup_elem(&jobs, &key);
	if (!job) return 0;
	switch (ctx[0]) {
	case 0: result = bpf_timer_init(&job->timer, &jobs, 1); break;
	case 1: result = bpf_timer_set_callback(&job->timer, on_fire); break;
	case 2: result = bpf_timer_start(&job->timer, ctx[1], 0); break;
	case 3: result = bpf_timer_cancel(&job->timer); break;
	case 4: result = bpf_timer_init(&job->timer, &jobs, 5); break;
	case 5: result = bpf_timer_start(&job->timer, ctx[1], 1 << 4); break;
	}
	return 0; }
`;
const HOUR_NS = 3_600_000_000_000;
const UPDATE = 6;
const body = (numbers: readonly number[]) =>
  function* (user: UserApi): Model<unknown> {
    const results: string[] = [];
    for (const number of numbers) {
      if (number === UPDATE) {
        yield* user.update("jobs", 0, { n: 5, end: 7 });
        const { n, end } = yield* user.lookup("jobs", 0);
        results.push(`update: ${n} ${end}`);
        continue;
      }
      yield* user.run("call", { ctx: args(number, HOUR_NS) });
      results.push(`${number}: ${yield* user.readGlobal("result")}`);
    }
    return results;
  };

/** A work queue whose callback counts, and starts itself again once. */
const works = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct bpf_wq;
extern int bpf_wq_init(struct bpf_wq *wq, void *p__map, unsigned int flags) __weak __ksym;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __weak __ksym;
extern int bpf_wq_set_callback_impl(struct bpf_wq *wq, int (*callback_fn)(void *map, int *key, void *value), unsigned int flags, void *aux__ign) __weak __ksym;
struct job { struct bpf_wq work; long n; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct job); } jobs SEC(".maps");
long ran, results;
static int on_work(void *map, int *key, void *value) {
	struct job *job = value;
	job->n += 10;
	__sync_fetch_and_add(&ran, 1);
	return 0; }
SEC("syscall") int queue(void *ctx) {
	int key = 0;
	struct job *job = bpf_map_lookup_elem(&jobs, &key);
	if (!job) return 0;
	results = bpf_wq_start(&job->work, 0) * 10000;
	results += bpf_wq_init(&job->work, &jobs, 0) * 100;
	results += bpf_wq_init(&job->work, &jobs, 0);
	bpf_wq_set_callback_impl(&job->work, on_work, 0, 0);
	bpf_wq_start(&job->work, 0);
	job->n += 1;
	return 0; }
`;

describe("work queues", () => {
  it("run their callbacks in another task of the CPU: between runs, or in the middle where tasks preempt one another", async () => {
    const after = await explore(works, { cpus: 1, programs: [once("queue")] });
    expect(named(after, "jobs[0].n", "ran")).toEqual(["jobs[0].n=11 ran=1"]);
    const within = await explore(works, { cpus: 1, programs: [once("queue")], preempt: "full" });
    expect(named(within, "jobs[0].n", "ran")).toEqual([
      "jobs[0].n=1 ran=1",
      "jobs[0].n=10 ran=1",
      "jobs[0].n=11 ran=1",
    ]);
  });
});

/** Elements with timers that come and go: memory of callbacks is used again, and cleared. */
const renewed = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct job { struct bpf_timer timer; long n; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 2); __type(key, int); __type(value, struct job); } hashed SEC(".maps");
long fired, strange;
static int own(void *map, int *key, struct job *job) {
	if (*key != 7) __sync_fetch_and_add(&strange, 1);
	__sync_fetch_and_add(&fired, 1);
	bpf_map_delete_elem(map, key);
	return 0; }
SEC("syscall") int renew(void *ctx) {
	int key = 7;
	struct job fresh = {}, *job;
	bpf_map_update_elem(&hashed, &key, &fresh, BPF_NOEXIST);
	job = bpf_map_lookup_elem(&hashed, &key);
	if (!job) return 0;
	bpf_timer_init(&job->timer, &hashed, 1);
	bpf_timer_set_callback(&job->timer, own);
	bpf_timer_start(&job->timer, 0, 0);
	return 0; }
SEC("syscall") int drop(void *ctx) {
	int key = 7;
	bpf_map_delete_elem(&hashed, &key);
	return 0; }`;

describe("elements with timers that are made and deleted", () => {
  it("are handed to their own callbacks, in every schedule of a search that goes back and forth", async () => {
    const all = await explore(renewed, {
      cpus: 2,
      programs: [{ prog: "renew", cpus: [0], invocations: 2 }, { prog: "drop", cpus: [1], invocations: 1 }],
      holds: ({ strange }) => strange === 0n,
      workers: 1,
    });
    expect(named(all, "fired", "strange")).toEqual(["fired=0 strange=0", "fired=1 strange=0", "fired=2 strange=0"]);
    expect(all.observation).toBe("Never");
  });
});

describe("timers, simulator and running kernel", () => {
  const availability = linuxAvailable(), agreement = new KernelAgreement("calls of timers");
  afterAll(() => agreement.print());
  const test = availability.available ? it : it.skip;
  const why = availability.available ? "" : ` (skipped: ${availability.reason})`;
  const programs = [{ prog: "call", cpus: [0], invocations: 0 }];

  test(`any sequence of calls, none of which is due${why}`, async () => {
    const anyCalls = fc.array(fc.nat(UPDATE), { minLength: 60, maxLength: 120, size: "max" });
    await fc.assert(
      fc.asyncProperty(anyCalls, async (numbers) => {
        // A last cancel, so that nothing is left that is due after an hour.
        const workload = { cpus: 1, programs, user: [{ name: "it", body: body([...numbers, 3]) }] };
        const real = await runOnLinux(calls, { ...workload, exact: true });
        // The hour is long to programs, and short to a simulation that has nothing else to wait for.
        const simulated = await simulate(calls, workload);
        await agreement.values("a sequence", () => expect(simulated.returned.it).toEqual(real.returned.it));
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  const waits = function* (user: UserApi): Model<unknown> {
    for (const number of [0, 1, 2]) yield* user.run("call", { ctx: args(number, 0) });
    for (let tries = 0; tries < 1_000_000; tries++) {
      if ((yield* user.readGlobal("fired")) !== 0n) break;
      yield* user.sleep();
    }
    return [yield* user.readGlobal("fired"), (yield* user.lookup("jobs", 0)).n];
  };
  test(`a timer that is due at once runs its callback once${why}`, async () => {
    const workload = { cpus: 1, programs, user: [{ name: "it", body: waits }] };
    expect((await simulate(calls, workload)).returned.it).toEqual([1n, 100n]);
    await agreement.values("one that is due", async () => {
      expect((await runOnLinux(calls, { ...workload, exact: true })).returned.it).toEqual([1n, 100n]);
    });
  });

  const queues = function* (user: UserApi): Model<unknown> {
    yield* user.run("queue");
    for (let tries = 0; tries < 1_000_000; tries++) {
      if ((yield* user.readGlobal("ran")) !== 0n) break;
      yield* user.sleep();
    }
    return [yield* user.readGlobal("ran"), yield* user.readGlobal("results")];
  };
  test(`work that is started runs its callback once${why}`, async () => {
    const workload = {
      cpus: 1,
      programs: [{ prog: "queue", cpus: [0], invocations: 0 }],
      user: [{ name: "it", body: queues }],
    };
    const expected = [1n, -22n * 10000n - 16n];
    expect((await simulate(works, workload)).returned.it).toEqual(expected);
    await agreement.values("work", async () => {
      expect((await runOnLinux(works, { ...workload, exact: true })).returned.it).toEqual(expected);
    });
  });
});
