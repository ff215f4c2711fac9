/** The player's graph is the search's: every way through it ends where `explore` says, and comes to all it found. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHTML } from "linkedom";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import type { PlayerData } from "../../lib/player/data.ts";
import { MOST_STATES } from "../../lib/player/graph.ts";
import { player } from "../../lib/player/player.ts";
import { startPlayer } from "../../lib/player/widget.ts";
import { endingLabel } from "../../lib/report/endings.ts";
import { replay } from "../../lib/schedulers/replay.ts";
import type { ExploreOptions } from "../../lib/search/exploration.ts";
import { loadObject } from "../../lib/object/load.ts";

const racy = await bpf`
volatile int counter;

SEC("tp_btf/sys_enter")
int sys_enter_count(void *ctx)
{
	counter += 1;
	return 0;
}
`;

const counted = await bpf`
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, int);
	__type(value, unsigned long);
	__uint(max_entries, 1);
} hits SEC(".maps");

SEC("raw_tp")
int count(void *ctx)
{
	int key = 0;
	unsigned long *value = bpf_map_lookup_elem(&hits, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
	return 0;
}
`;

/** Adds 100 in two system calls, between which the program counts. */
const user: ExploreOptions["user"] = [{
  name: "adds 100",
  *body(api) {
    const seen = (yield* api.lookup("hits", 0)) as bigint;
    yield* api.update("hits", 0, seen + 100n);
  },
}];

/** Each CPU sets its own flag and looks at the other's: behind store buffers both may find 0. */
const flags = await bpf`
int x, y, saw_x = 1, saw_y = 1;

SEC("raw_tp") int sets_x(void *ctx) { *(volatile int *)&x = 1; saw_y = *(volatile int *)&y; return 0; }
SEC("raw_tp") int sets_y(void *ctx) { *(volatile int *)&y = 1; saw_x = *(volatile int *)&x; return 0; }
`;

const WORKLOADS: Readonly<Record<string, readonly [BpfObject, ExploreOptions]>> = {
  "a racy counter": [racy, { cpus: 2, invocations: 2 }],
  "three CPUs": [racy, { cpus: 3, invocations: 1 }],
  "a run that is interrupted": [racy, {
    cpus: 1,
    invocations: 1,
    verify: false,
    interrupts: [{ prog: "sys_enter_count", cpu: 0, count: 2 }],
  }],
  "user space beside a program": [counted, { cpus: 1, invocations: 2, user }],
  "store buffers": [flags, {
    cpus: 2,
    invocations: 1,
    programs: [{ prog: "sets_x", cpus: [0] }, { prog: "sets_y", cpus: [1] }],
  }],
  "a property of the reader's own": [racy, { cpus: 2, invocations: 1, holds: ({ counter }) => counter === 2n }],
};

/** Where a way through the graph goes: at each state the pick says which of its steps is taken. */
function walk({ steps, states }: PlayerData, picks: readonly number[]) {
  const path: number[] = [];
  let at = 0;
  for (let i = 0; states[at].end < 0; i++) {
    const open = steps.flatMap((step, n) => step[0] === at ? [n] : []);
    if (open.length === 0) throw new Error(`state ${at} is no end, and nothing leads out of it`);
    const step = open[(picks[i % picks.length] ?? 0) % open.length];
    path.push(step);
    at = steps[step][3];
  }
  return { end: states[at].end, path };
}

const scheduleOf = (data: PlayerData, path: readonly number[]): string =>
  path.map((step) => {
    const [, task, alternative] = data.steps[step], { key } = data.tasks[task];
    return alternative > 0 ? `${key}=${alternative}` : key;
  }).join(" ");

describe("the player's graph", () => {
  for (const [name, [object, options]] of Object.entries(WORKLOADS)) {
    it(`of ${name} has the endings that explore finds, no more and no fewer`, async () => {
      const { data, exploration, isWhole } = await player(object, options);
      expect(isWhole).toBe(true);
      const reached = new Set(data.states.flatMap(({ end }) => end < 0 ? [] : [data.ends[end].label]));
      const { outcomes } = exploration;
      expect([...reached].sort()).toEqual(outcomes.map((outcome) => endingLabel(outcomes, outcome)).sort());
      expect(data.ends.filter(({ wrong }) => wrong).length).toBe(exploration.anomalies.length);
      expect(data.ends.some(({ elsewhere }) => elsewhere)).toBe(false);
    });

    it(`of ${name} does what the machine does: schedules played by hand replay to the same end`, async () => {
      const { data, exploration: { outcomes } } = await player(object, options);
      const { holds: _, ...workload } = options;
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(5), { minLength: 1, maxLength: 30 }), async (picks) => {
          const { end, path } = walk(data, picks);
          const run = await simulate(object, { ...workload, scheduler: replay(scheduleOf(data, path)) });
          const outcome = outcomes.find(({ values, returned }) =>
            endingLabel(outcomes, { values, returned, skipped: 0, anomaly: false }) ===
              data.ends[end].label.replace(/ skipped runs: \d+$/, "")
          );
          expect(outcome).toBeDefined();
          expect(run.final).toEqual(outcome!.values);
          expect(run.steps).toBe(path.length);
        }),
        { numRuns: 25 },
      );
    });
  }

  it("says what each CPU would do, what it holds, and who waits for what", async () => {
    const locked = await bpf`
struct elem { struct bpf_spin_lock lock; int count; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct elem); }
elems SEC(".maps");
SEC("tc") int count(void *ctx) {
  int key = 0;
  struct elem *e = bpf_map_lookup_elem(&elems, &key);
  if (!e) return 0;
  bpf_spin_lock(&e->lock);
  e->count += 1;
  bpf_spin_unlock(&e->lock);
  return 0;
}
`;
    const { data } = await player(locked, { cpus: 2, invocations: 1 });
    const said = new Set(data.states.flatMap(({ waits }) => waits.map((wait) => data.strings[wait])));
    expect([...said].some((text) => /^waits for .*lock/.test(text ?? ""))).toBe(true);
    expect(said.has("done")).toBe(true);
    expect(data.ends.map(({ wrong }) => wrong)).toEqual([false]);
    const { data: plain } = await player(racy, { cpus: 2, invocations: 1 });
    const first = plain.steps.filter(([from]) => from === 0).map((step) => plain.strings[step[4]]);
    expect(first).toEqual(["reads counter = 0", "reads counter = 0"]);
    const held = plain.states.flatMap(({ registers }) => registers.map((index) => plain.strings[index]));
    expect(held.some((text) => /\br2 = 1\b/.test(text ?? ""))).toBe(true);
  });

  it("of more states than can be played keeps the one schedule that goes wrong, and says so", async () => {
    const { data, isWhole, exploration } = await player(racy, { cpus: 4, invocations: 3 });
    expect(isWhole).toBe(false);
    expect(data.states.length).toBe(exploration.witness!.steps + 1);
    expect(data.states.length).toBeLessThan(MOST_STATES);
    expect(data.notes.join()).toContain("one schedule can be stepped through");
    expect(data.ends[walk(data, [0]).end].wrong).toBe(true);
  });

  it("of a search that was stopped calls no ending right that it did not see", async () => {
    const { data, isWhole } = await player(racy, { cpus: 3, invocations: 2, bounds: { states: 40 } });
    expect(isWhole).toBe(false);
    expect(data.notes.join()).toContain("Not every schedule was covered");
  });

  it("refuses options by the name of the call", async () => {
    await expect(player(racy, { cpu: 2 } as unknown as ExploreOptions)).rejects.toThrow(/player/);
  });
});

/** The player on a page of its own. */
function opened(data: PlayerData) {
  const { document, Event } = parseHTML("<!doctype html><html><body><div id=p></div></body></html>");
  const root = document.getElementById("p") as unknown as HTMLElement;
  startPlayer(root, data);
  const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
  const click = (element: Element) => element.dispatchEvent(new Event("click"));
  return {
    all,
    step: (task: number) => click(all(".ip-card")[task].querySelector(".ip-step")!),
    press: (label: string) => click(all("button").find(({ textContent }) => textContent === label)!),
    key: (key: string) => root.dispatchEvent(Object.assign(new Event("keydown", { bubbles: true }), { key })),
    status: () => all(".ip-status")[0].textContent,
    schedule: () => (all(".ip-schedule")[0] as HTMLInputElement).value,
    gone: () => all(".ip-ends .ip-gone code").map(({ textContent }) => textContent),
  };
}

describe("the widget", () => {
  it("is clicked to the lost update, and back", async () => {
    const page = opened((await player(racy, { cpus: 2, invocations: 1 })).data);
    expect(page.gone()).toEqual([]);
    page.step(0);
    page.step(1);
    expect(page.gone()).toEqual(["counter=2"]);
    page.step(1);
    page.step(0);
    expect(page.status()).toBe("The end: counter=1, out of reach for runs one after another.");
    expect(page.schedule()).toBe("0 1*2 0");
    page.step(0); // is done: nothing happens
    expect(page.schedule()).toBe("0 1*2 0");
    page.press("Undo");
    expect(page.schedule()).toBe("0 1*2");
    page.press("Start again");
    expect(page.gone()).toEqual([]);
    expect(page.schedule()).toBe("");
  });

  it("goes by keys, and shows the shortest way from wherever it stands", async () => {
    const { data, exploration } = await player(racy, { cpus: 2, invocations: 2 }), page = opened(data);
    page.press("Shortest way to the bug");
    expect(page.status()).toContain(`${exploration.witness!.steps} steps to it from here`);
    for (let i = 0; i < exploration.witness!.steps; i++) page.key("ArrowRight");
    expect(page.status()).toMatch(/^The end: counter=[23], out of reach/);
    page.key("r");
    for (const key of "00001111") page.key(key);
    expect(page.status()).toBe("The end: counter=4, as one after another.");
    page.press("Shortest way to the bug");
    expect(page.status()).toContain("From here no wrong ending can be reached");
    page.key("u");
    expect(page.schedule()).toBe("");
  });

  it("goes to the nearest of several wrong endings, and calls going round in circles one", async () => {
    const { data } = await player(racy, { cpus: 2, invocations: 1 });
    const state = (end: number) => ({ values: [-1], waits: [-1, -1], registers: [-1, -1], end });
    const step = (from: number, task: number, to: number) => [from, task, 0, to, -1, -1, -1] as const;
    const ends = ["far", "near"].map((label) => ({ label, remark: "", wrong: true, elsewhere: false }));
    // Task 0 comes to a wrong ending in three steps, task 1 and then 0 to one in two; task 1 twice goes round for ever.
    const steps = [
      step(0, 0, 1),
      step(1, 0, 2),
      step(2, 0, 6),
      step(0, 1, 4),
      step(4, 0, 3),
      step(4, 1, 5),
      step(5, 1, 5),
    ];
    const states = [-1, -1, -1, 1, -1, -1, 0].map(state), page = opened({ ...data, states, steps, ends });
    page.press("Shortest way to the bug");
    expect(page.status()).toContain("2 steps to it from here");
    for (const key of "11") page.key(key);
    expect(page.status()).toContain("take steps for ever");
    expect(page.gone()).toEqual(["far", "near"]);
  });

  it("says so where there is no bug", async () => {
    const atomic = await bpf`int c; SEC("raw_tp") int add(void *ctx) { __sync_fetch_and_add(&c, 1); return 0; }`;
    const page = opened((await player(atomic, { cpus: 2, invocations: 1 })).data);
    page.press("Shortest way to the bug");
    expect(page.status()).toContain("there is no bug");
  });
});

describe("the player's forms", () => {
  it("stand for themselves: a script that names nothing outside, a table and a picture without one", async () => {
    const bundle = await (await player(racy, { cpus: 2, invocations: 1 })).toBundle(), html = bundle["text/html"];
    expect(Object.keys(bundle)).toEqual(["text/html", "image/png", "text/plain"]);
    expect(html).not.toMatch(/\b(src|href)="(?!data:)|@import|url\(|https?:\/\/(?!www\.w3\.org)/);
    const [before, script] = html.split("<script>");
    expect(before).toContain("<td>reads counter = 0</td>");
    expect(before).toContain('<img src="data:image/svg+xml;base64,');
    expect(bundle["text/plain"]).toContain("Shortest witness: 4 steps, 1 preemption");
    // The text of the script, run as a page would, finds its place and fills it.
    const { document } = parseHTML(`<!doctype html><html><body>${before}</body></html>`);
    new Function("document", script.split("</script>")[0])(document);
    expect(document.querySelectorAll(".ip-step").length).toBe(2);
    expect(document.querySelector(".interleave-player table:not(.ip-memory)")).toBe(null);
    expect((await (await player(racy, { cpus: 2, invocations: 1 })).toBundle())["text/html"]).toBe(html);
  });

  it("hold an object's names as data", async () => {
    const from = new TextEncoder().encode("sys_enter_count"), to = new TextEncoder().encode("</script><b>xx");
    const bytes = racy.bytes.slice();
    for (let at = 0; at + from.length <= bytes.length; at++) {
      if (from.every((byte, i) => bytes[at + i] === byte)) bytes.set([...to, 0x79], at);
    }
    const evil = await player(loadObject(bytes, "evil.o")); // without options: 2 CPUs, 1 run on each
    const html = (await evil.toBundle())["text/html"];
    expect(evil.exploration.states).toBe(8);
    expect(html.split("</script>").length).toBe(2);
    expect(html).not.toContain("<b>");
    expect(html).toContain("&lt;/script&gt;&lt;b&gt;xx");
  });
});
