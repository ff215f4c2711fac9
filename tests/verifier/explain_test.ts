/** Explanations: a rule, a fix, and the claim of the document, for what listings about concurrency run into. */
import { describe, expect, it } from "vitest";
import { verdictText } from "../../lib/verifier/verdict_text.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { objectOf } from "./recorded_programs.ts";

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

describe("verify", () => {
  it("tells the programs there are when asked for one that is not", () => {
    expect(() => verify(objectOf("locks.o"), { program: "nothing" })).toThrow(/no program nothing: it has/);
  });
});
