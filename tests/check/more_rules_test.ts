/** Races that need more than one look: found and shown, and the right program beside each left in peace. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findRaces, type FindRacesOptions, type Races } from "../../lib/check/find_races.ts";
import type { RaceFinding } from "../../lib/check/finding.ts";
import { racesText } from "../../lib/check/race_text.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { LEDGER } from "../../lib/lessons/claims/ledger.ts";
import { FINDING_TEXTS } from "../../lib/check/texts.ts";
import { BPF_F_LOCK } from "../../lib/uapi/flags.ts";

const rules = await bpf.file(fileURLToPath(new URL("./progs/more_rules.bpf.c", import.meta.url)));
const races = (programs: string, options: FindRacesOptions = {}) =>
  findRaces(rules, { programs: programs.split(" "), ...options });
const words = ({ findings, accesses }: Races) => [
  ...findings.map(({ name, field, proof }) => `${name} ${field} ${proof.state}`).sort(),
  ...accesses.unseen.map(({ prog, why }) => `${prog}: ${why}`),
];
const witness = ({ proof }: RaceFinding) => {
  if (proof.state !== "confirmed") throw new Error(`not confirmed: ${proof.why}`);
  return proof.witness;
};

describe("each kind is found, and its repaired program is not", () => {
  const kinds: readonly [racy: string, found: string[], right: string][] = [
    [
      "enter_a enter_b",
      ["order-without-barrier here_a, here_b confirmed"],
      "enter_a_right enter_b_right",
    ],
    [
      "send_message receive_message",
      ["order-without-barrier ready, message confirmed"],
      "send_message_right receive_message_right",
    ],
    ["add_pending drain", ["read-and-zero pending confirmed"], "add_pending drain_right"],
    ["file_opened file_closed", ["check-then-act open_files confirmed"], "file_opened file_closed_right"],
    ["starts_once", ["check-then-act started confirmed"], "starts_once_right"],
    [
      "session_used session_begins session_ends",
      ["use-after-delete sessions confirmed"],
      "session_used session_begins",
    ],
    ["pay_in reset_account", ["flock-missing accounts confirmed"], "pay_in reset_account_right"],
    ["left_then_right right_then_left", ["lock-order right.lock possible"], "left_then_right"],
    ["sample probe", ["recursion-skip samples confirmed"], "sample"],
    ["report", ["overrun-unobserved events possible"], "report_right"],
  ];
  for (const [racy, found, right] of kinds) {
    it(`${found.map((one) => one.split(" ")[0])}: ${racy}`, async () => {
      expect(words(await races(racy))).toEqual(found);
      expect(words(await races(right))).toEqual([]);
    });
  }

  it("half a repair of a store buffering is none", async () => {
    // One CPU's store waits, and the other one looks before it is in memory: both still find nothing.
    for (const half of ["enter_a enter_b_right", "enter_a_right enter_b"]) {
      expect(words(await races(half))).toEqual(["order-without-barrier here_a, here_b confirmed"]);
    }
  });
});

describe("what shows them", () => {
  it("a store buffering's witness has the stores in memory behind the loads", async () => {
    const [found] = (await races("enter_a enter_b")).findings, { schedule, what } = witness(found);
    expect(schedule).toMatch(/f0.* f1|f1.* f0/);
    expect(what.indexOf("flush here_a")).toBeGreaterThan(what.indexOf("load here_a = 0"));
  });

  it("a message that is passed without a barrier has no schedule, but an explanation and what mends it", async () => {
    const { schedule, workload, what } = witness((await races("send_message receive_message")).findings[0]);
    expect([schedule, workload.memory]).toEqual(["", "bpf"]);
    expect(what).toMatch(/load_acquire .* and store_release .*: Never/);
  });

  it("a number that is tested begins where the test goes both ways", async () => {
    const { workload, what } = witness((await races("file_opened file_closed")).findings[0]);
    expect(workload.globals).toEqual({ open_files: 1 });
    expect(what).toContain("18446744073709551615");
  });

  it("an element that another key has by now is written to", async () => {
    const { workload } = witness((await races("session_used session_begins session_ends")).findings[0]);
    expect(workload.programs.map(({ cpus }) => cpus)).toEqual([[0], [1], [1]]);
  });

  it("what only memory models show is nothing where nobody asks them", async () => {
    expect(words(await races("enter_a enter_b", { witnesses: false }))).toEqual([]);
  });
});

describe("a note", () => {
  it("makes no check fail, and is told from races", async () => {
    const noted = await races("report");
    expect([noted.exitCode, noted.races.length, noted.open.length]).toEqual([0, 0, 1]);
    expect(racesText(noted)).toMatch(/^note\[overrun-unobserved\][^]*no race found in 1 program; 1 note\n$/);
  });
});

describe("repairs", () => {
  it("are changes of the listing's own lines", async () => {
    const lines = rules.source!.split("\n");
    const all = (await findRaces(rules, { witnesses: false })).findings.filter(({ repair }) => repair);
    expect(all.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["read-and-zero", "flock-missing", "lock-order", "recursion-skip", "overrun-unobserved"]),
    );
    for (const { repair } of all) for (const { line, before } of repair!) expect(before).toBe(lines[line - 1]);
  });

  it("take a number and clear it in one step, and leave the other line out", async () => {
    const [{ repair }] = (await races("add_pending drain")).findings;
    expect(repair?.map(({ after }) => after)).toEqual([
      "\t__u64 taken = __sync_lock_test_and_set(&pending, 0);",
      "",
    ]);
  });

  it("change what is no addition by compare-and-exchange", async () => {
    const [{ repair }] = (await races("keep_highest")).findings;
    expect(repair?.[0].after).toContain("__sync_val_compare_and_swap(&highest, old, old * 2 + 1) == old");
  });
});

describe("user space's part", () => {
  const reader = (flags: bigint) => ({
    name: "reader",
    *body(user: import("../../lib/maps/user_space.ts").UserApi) {
      return yield* user.lookup("accounts", 0, flags);
    },
  });
  const setter = (flags: bigint) => ({
    name: "setter",
    *body(user: import("../../lib/maps/user_space.ts").UserApi) {
      yield* user.update("accounts", 0, { balance: 1, moves: 2 }, flags);
    },
  });

  it("reads and writes past a lock without BPF_F_LOCK", async () => {
    expect(words(await races("pay_in", { user: [reader(0n)] }))).toEqual(["flock-missing accounts confirmed"]);
    expect(words(await races("pay_in", { user: [reader(BPF_F_LOCK)] }))).toEqual([]);
    expect(words(await races("pay_in", { user: [setter(0n)] }))).toEqual(["flock-missing accounts confirmed"]);
    expect(words(await races("pay_in", { user: [setter(BPF_F_LOCK)] }))).toEqual([]);
  });

  it("takes a number and sets it back while programs count", async () => {
    const drains = {
      name: "drainer",
      *body(user: import("../../lib/maps/user_space.ts").UserApi) {
        const seen = yield* user.lookup("sessions", 1);
        yield* user.update("sessions", 1, 0);
        return seen;
      },
    };
    const found = await races("session_used", { user: [drains], prepare: (user) => user.update("sessions", 1, 5) });
    expect(found.findings.map(({ name, field }) => `${name} ${field}`)).toEqual(["read-and-zero sessions"]);
  });
});

it("every claim that a finding names is in the ledger", () => {
  const known = new Set(LEDGER.map(({ id }) => id));
  for (const { claims } of Object.values(FINDING_TEXTS)) for (const id of claims) expect(known).toContain(id);
});

describe("a program that the verifier does not follow", () => {
  it("is looked at all the same, by the addresses that it names itself", async () => {
    const loadedByHand = await bpf`
long plain, exact;
SEC("of_old") int count(void *ctx) { plain += 1; __sync_fetch_and_add(&exact, 1); return 0; }`;
    const found = await findRaces(loadedByHand);
    expect(found.findings.map(({ name, field }) => `${name} ${field}`)).toEqual(["lost-update plain"]);
    expect(found.findings[0].proof).toMatchObject({
      state: "possible",
      why: expect.stringMatching(/^count was not followed to its end: /),
    });
    expect(found.exitCode).toBe(3);
  });

  it("is followed where its section tells the type to other loaders, and its maps only lack sizes", async () => {
    const ofOthers = await bpf`
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __type(value, long); } events SEC(".maps");
long plain;
SEC("classifier/ingress") int count(struct __sk_buff *skb) { plain += 1; bpf_ringbuf_output(&events, &plain, 8, 0); return 0; }`;
    const found = await findRaces(ofOthers);
    expect([found.accesses.unseen, found.findings.find(({ field }) => field === "plain")?.proof.state]).toEqual([
      [],
      "confirmed",
    ]);
  });
});

describe("a lock that is held by chance", () => {
  it("says nothing of a global variable that one program writes meanwhile", async () => {
    const byChance = await bpf`
struct account { struct bpf_spin_lock lock; long balance; };
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct account);
} accounts SEC(".maps");
long last;
SEC("tc") int pay(void *ctx)
{
	int key = 0;
	struct account *a = bpf_map_lookup_elem(&accounts, &key);
	if (!a)
		return 0;
	bpf_spin_lock(&a->lock);
	a->balance += 5;
	last = 1;
	bpf_spin_unlock(&a->lock);
	return 0;
}
SEC("tc") int forget(void *ctx) { last = 0; return 0; }`;
    expect(words(await findRaces(byChance))).toEqual([]);
  });
});

describe("stores and looks that no ending tells from an order of them", () => {
  it("are no finding, whatever else goes wrong", async () => {
    const untold = await bpf`
long x, y, out_a, out_b, total;
SEC("raw_tp") int a(void *ctx)
{
	WRITE_ONCE(x, 1);
	WRITE_ONCE(out_a, READ_ONCE(y));
	WRITE_ONCE(out_a, 7);
	total += 1;
	return 0;
}
SEC("raw_tp") int b(void *ctx)
{
	WRITE_ONCE(y, 1);
	WRITE_ONCE(out_b, READ_ONCE(x));
	WRITE_ONCE(out_b, 7);
	total += 1;
	return 0;
}`;
    expect(words(await findRaces(untold))).toEqual(["lost-update total confirmed", "lost-update total confirmed"]);
  });
});
