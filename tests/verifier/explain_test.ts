/** Explanations: a rule, a fix, and the claim of the document, for what listings about concurrency run into. */
import { describe, expect, it } from "vitest";
import { explain } from "../../lib/verifier/explain.ts";
import { verdictText } from "../../lib/verifier/verdict_text.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { objectOf, recorded } from "./recorded_programs.ts";

const refusalOf = (object: string, program?: string) => verify(objectOf(object), { program })[0];

describe("an explanation", () => {
  it("names the claim, the C line and the path of a lock that is kept", () => {
    const verdict = refusalOf("locks.o", "one_path_keeps");
    expect(verdict.explanation?.claim?.number).toBe("2.7");
    expect(verdict.line?.text).toContain("one_path_keeps");
    expect(verdict.path.length).toBeGreaterThan(0);
  });
  for (
    const [program, claim] of [
      ["two_at_once", "2.8"],
      ["wrong_offset", "2.3"],
      ["lru_map", "2.11"],
      ["prandom_inside", "2.5"],
      ["lock_overlapped", "2.3"],
    ]
  ) {
    it(`of ${program} belongs to claim ${claim}`, () => {
      expect(refusalOf("locks.o", program).explanation?.claim?.number).toBe(claim);
    });
  }
  describe("goes by message and program type", () => {
    for (
      const [object, program, instead] of [
        ["lock_places.o", "in_kprobe", /per-CPU map.*: fentry/],
        ["lock_places.o", "in_tracepoint", /per-CPU map.*: tp_btf/],
        ["lock_places.o", "in_raw_tp", /per-CPU map.*: tp_btf/],
        ["lock_places.o", "in_raw_tp_writable", /per-CPU map.*: tp_btf/],
        ["lock_places.o", "in_socket", /per-CPU map.*: tc instead of socket/],
        ["lock_places.o", "in_uprobe", /^Use atomics, or a per-CPU map\.$/],
        ["lock_places.o", "in_perf_event", /^Use atomics, or a per-CPU map\.$/],
        ["resources.o", "timer_in_raw_tp", /another type: tp_btf/],
        ["helpers_attacked.o", "timer_rawtp", /another type: tp_btf/],
        ["helpers_attacked.o", "timer_kprobe", /another type: fentry/],
        ["maps_and_sockets.o", "timer_kprobe", /another type: fentry/],
        ["resources.o", "timer_wrong_map", /Pass the address .* the map that the value came from/],
        ["resources.o", "timer_no_field", /Pass the address .* the map that the value came from/],
        ["programs.o", "trie_in_sleepable", /hash, array, ring buffer or local storage map/],
        ["programs.o", "copy_from_user_xdp", /has a sleepable form/],
        ["sections.o", "copy_uprobe", /uprobe\.s/],
        ["sections.o", "rcu_sleep_inside", /outside of such regions/],
        ["programs.o", "redirect_in_raw_tp", /^Use another program type or helper\.$/],
      ] as const
    ) {
      it(`${object} ${program}`, () => expect(refusalOf(object, program).explanation?.fix).toMatch(instead));
    }
    const lock = "tracing progs cannot use bpf_spin_lock yet";
    for (
      const [section, other] of [
        ["raw_tp/sys_enter", "tp_btf/sys_enter"],
        ["?raw_tracepoint/sched_switch", "tp_btf/sched_switch"],
        ["tp/sched/sched_switch", "tp_btf/sched_switch"],
        ["tracepoint/syscalls/sys_enter_nanosleep", "tp_btf/sys_enter"],
        ["tp/syscalls/sys_exit_openat", "tp_btf/sys_exit"],
        ["kprobe/do_nanosleep", "fentry/do_nanosleep"],
        ["kretprobe/do_nanosleep", "fexit/do_nanosleep"],
        ["kprobe/do_nanosleep+4", "fentry "],
      ]
    ) {
      it(`${section}: ${other}`, () => {
        expect(explain(lock, [], section)?.fix).toContain(`another program type: ${other}`);
        for (const field of ["bpf_timer", "bpf_wq", "bpf_{list_head,rb_root}"]) {
          expect(explain(`tracing progs cannot use ${field} yet`, [], section)?.fix).toContain(
            `another type: ${other}`,
          );
        }
      });
    }
    it("a licence that is missing is no matter of the type", () => {
      const { fix } = explain("cannot call GPL-restricted function from non-GPL compatible program", [], "tc")!;
      expect(fix).toMatch(/^Declare `char LICENSE/);
    });
  });
  it("is part of the text for people", () => {
    const text = verdictText(refusalOf("atomics.o", "bytes_add"));
    expect(text).toContain("invalid atomic operand size");
    expect(text).toContain("The document (1.14)");
    expect(text).toContain("What to do:");
  });
  it("comes with the kernel's log, on demand", () => {
    const { log } = refusalOf("corpus-042-unlock-without-lock.o");
    expect(log).toContain("bpf_spin_unlock without taking a lock");
    expect(log).toMatch(/R0=map_value\(id=\d+,map=m,ks=4,vs=8\)/);
    expect(log).toMatch(/processed 12 insns/);
  });
});

describe("every message of a recorded refusal", () => {
  it("has an explanation", () => {
    const without = recorded.programs.filter(({ verdict, message }) => verdict === "reject" && message !== "")
      .filter(({ object, program, message }) => {
        const { programs } = objectOf(object);
        const { section } = programs.find(({ name }) => name === program) ?? programs[0];
        return explain(message, [], section, true) === undefined;
      });
    expect(without.map(({ message }) => message)).toEqual([]);
  });
});

describe("verify", () => {
  it("tells the programs there are when asked for one that is not", () => {
    expect(() => verify(objectOf("locks.o"), { program: "nothing" })).toThrow(/no program nothing: it has/);
  });
});
