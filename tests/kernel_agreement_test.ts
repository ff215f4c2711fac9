/** From which kernels on a difference fails, and which answers are none. */
import fc from "fast-check";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { BackendError } from "../lib/host/backend_error.ts";
import { RefusedByKernel } from "../lib/backends/linux/session.ts";
import { KernelAgreement, type KernelAnswer, kernelRelease, type Verdict } from "./kernel_agreement.ts";

const accept: KernelAnswer = { verdict: "accept", errno: 0, message: "", log: "" };
const reject = (errno: number, message: string, log = `${message}\nprocessed 1 insns\n`): KernelAnswer => ({
  verdict: "reject",
  errno,
  message,
  log,
});
const EPERM = 1, EACCES = 13, EINVAL = 22, ENOTSUPP = 524;

/** The tables that were printed last come first. */
const printed: string[] = [];
const quiet = (subject: string, kernel: string) =>
  new KernelAgreement(subject, kernel, (table) => printed.unshift(table));

/** A hundred comparisons, of which so many have the same verdict. */
function agreeing(share: number, kernel: string): KernelAgreement {
  const agreement = quiet("verdicts", kernel);
  for (let i = 0; i < 100; i++) {
    agreement.verdict(`p${i}`, accept, () => i < share ? accept : reject(EINVAL, "R0 invalid"));
  }
  return agreement;
}

const one = (kernel: string, ours: Verdict, theirs: KernelAnswer): KernelAgreement => {
  const agreement = agreeing(100, kernel);
  agreement.verdict("x.o prog", ours, () => theirs);
  return agreement;
};

describe("agreement with a kernel", () => {
  for (const kernel of ["6.18.44-fc-v595", "6.18.0", "6.18-rc3"]) {
    it(`is demanded of ${kernel}`, () => {
      expect(() => agreeing(96, kernel).judge()).toThrow(/fewer than 97 % agree[^]*p99[^]*R0 invalid/);
      expect(() => agreeing(97, kernel).judge()).not.toThrow();
    });
  }
  for (const kernel of ["6.17.9", "7.0.1", "5.15.0-91-generic", "6.1.8", "6.180.1"]) {
    it(`is printed of ${kernel}`, () => {
      for (const share of [96, 0]) {
        agreeing(share, kernel).judge();
        expect(printed[0]).toContain(`100 compared, ${share} agree (${share} %)`);
      }
    });
  }
  it("is one of verdicts: messages may all differ", () => {
    const agreement = quiet("verdicts", "6.18.44");
    const ours = reject(EINVAL, "arg#0 doesn't point to map value or allocated object");
    for (let i = 0; i < 50; i++) {
      agreement.verdict("prog", ours, () => reject(EACCES, "Possibly NULL pointer passed to trusted arg0"));
    }
    expect(() => agreement.judge()).not.toThrow();
    expect(agreement.toString()).toMatch(/50 agree \(100 %\), 0 to the word[^]*other message[^]*EACCES: Possibly NULL/);
  });
  it("of nothing is none", () => {
    expect(() => quiet("verdicts", "6.18.44").judge()).toThrow(/nothing was compared/);
    expect(() => quiet("verdicts", "7.1.0").judge()).not.toThrow();
  });
  it("is demanded of texts, too", () => {
    const agreement = quiet("notation", "6.18.1");
    agreement.text("3", "r0 = 1", "r0 = 2");
    expect(() => agreement.judge()).toThrow(/fewer than 97 % agree/);
  });
});

describe("an answer that is none", () => {
  const NOT_ASKED = /\b1 not asked[^]*could not be asked {2}x\.o prog/;
  const lacksOnAll: readonly (readonly [what: string, ours: Verdict, theirs: KernelAnswer])[] = [
    ["EPERM without a log, of a program that we accept", accept, reject(EPERM, "EPERM", "")],
    ["EPERM without a log, of a program that we refuse", reject(EINVAL, "no"), reject(EPERM, "EPERM", "")],
    ["EPERM with statistics only", accept, reject(EPERM, "EPERM", "processed 0 insns (limit 1000000)\n")],
    ["no JIT for it", accept, reject(ENOTSUPP, "JIT does not support calling kernel function")],
    ["ENOTSUPP without a log", accept, reject(ENOTSUPP, "ENOTSUPP", "")],
    ["no such function", accept, reject(3, "extern (func ksym) 'f': not found in kernel or module BTFs", "")],
  ];
  for (const [what, ours, theirs] of lacksOnAll) {
    for (const kernel of ["6.18.44", "7.1.0"]) {
      it(`${what}, on ${kernel}`, () => expect(one(kernel, ours, theirs).toString()).toMatch(NOT_ASKED));
    }
  }

  const lacksOfRelease = [
    "invalid func unknown#181",
    "unknown opcode d7",
    "BPF_LDX uses reserved fields",
    "calling kernel function bpf_rcu_read_lock is not allowed",
  ];
  for (const message of lacksOfRelease) {
    it(`${message}, on an older kernel only`, () => {
      expect(one("5.15.0", accept, reject(EINVAL, message)).toString()).toMatch(NOT_ASKED);
      expect(one("6.18.44", accept, reject(EINVAL, message)).toString()).toMatch(/other verdict\s+x\.o prog/);
    });
  }

  const answers: readonly (readonly [what: string, ours: Verdict, theirs: KernelAnswer, kind: RegExp])[] = [
    ["EPERM with a log", accept, reject(EPERM, "R1 leaks addr"), /other verdict/],
    ["ENOTSUPP of the verifier", accept, reject(ENOTSUPP, "callback function not allowed for map"), /other verdict/],
    ["ENOTSUPP where we refuse", reject(EINVAL, "no"), reject(ENOTSUPP, "ENOTSUPP", ""), /other message/],
    ["EINVAL without a log", accept, reject(EINVAL, "EINVAL", ""), /other verdict/],
    ["a refusal on an older kernel", accept, reject(EACCES, "R0 invalid mem access 'scalar'"), /other verdict/],
  ];
  for (const [what, ours, theirs, kind] of answers) {
    it(`but ${what} is one`, () => {
      for (const kernel of ["6.18.44", "5.15.0"]) expect(one(kernel, ours, theirs).toString()).toMatch(kind);
    });
  }

  it("counts for neither side, but must not be the rule", () => {
    const agreement = agreeing(97, "6.18.44");
    const ask = (times: number) => {
      for (let i = 0; i < times; i++) agreement.verdict("prog", accept, () => reject(EPERM, "EPERM", ""));
    };
    ask(100);
    expect(() => agreement.judge()).not.toThrow();
    ask(1);
    expect(() => agreement.judge()).toThrow(/fewer than 50 % could be asked/);
  });

  it("is also that of an object which libbpf cannot open, but not on 6.18", () => {
    const ask = (kernel: string) =>
      quiet("verdicts", kernel).verdict("x.o", accept, () => {
        throw new BackendError("x.o: libbpf cannot open this object");
      });
    expect(ask("5.15.0")).toBe(undefined);
    expect(() => ask("6.18.44")).toThrow(/cannot open/);
  });
});

describe("values of a kernel", () => {
  const outcome = async (kernel: string, how: "values" | "whereItLoads", error: Error) => {
    const agreement = quiet("values", kernel);
    try {
      await agreement[how]("case", () => Promise.reject(error));
    } catch (thrown) {
      return (thrown as Error).message;
    }
    expect(() => agreement.judge()).not.toThrow();
    return agreement.toString().split("\n").slice(1).join(" ");
  };
  const wrong = new Error("expected 1 to be 2"), unloadable = new RefusedByKernel("the kernel refuses x: bad (EINVAL)");
  const forbidden = new RefusedByKernel("the kernel refuses x: EPERM (EPERM)");

  it("must be ours on 6.18, and are printed elsewhere", async () => {
    expect(await outcome("6.18.44", "values", wrong)).toBe("expected 1 to be 2");
    expect(await outcome("7.1.0", "values", wrong)).toMatch(/other value .*expected 1 to be 2/);
  });
  it("are printed beside ours, also from within a property", async () => {
    const agreement = quiet("values", "7.1.0");
    await agreement.values("case", () => expect([1n, "EINVAL"]).toEqual([2n, undefined]));
    await agreement.values("property", () => fc.assert(fc.property(fc.constant(5), (got) => expect(got).toBe(6))));
    expect(agreement.toString()).toMatch(/Interleave {2}\[ 2n, undefined \]\n +kernel +\[ 1n, 'EINVAL' \]/);
    expect(agreement.toString()).toMatch(/property\n +Interleave {2}6\n +kernel +5/);
  });
  it("are not there where a listing does not load", async () => {
    for (const how of ["values", "whereItLoads"] as const) {
      expect(await outcome("6.18.44", how, unloadable)).toBe(unloadable.message);
      expect(await outcome("5.15.0", how, unloadable)).toMatch(/could not be asked .*bad \(EINVAL\)/);
    }
  });
  it("are not asked for on 6.18 without permission", async () => {
    const agreement = quiet("values", "6.18.44");
    await agreement.values("case", () => Promise.reject(forbidden));
    expect(agreement.toString()).toMatch(/0 compared.*1 not asked[^]*EPERM/);
  });
  it("do not excuse what is wrong on every kernel", async () => {
    expect(await outcome("7.1.0", "whereItLoads", wrong)).toBe("expected 1 to be 2");
  });
});

describe("the release that is judged by", () => {
  it("can be given", () => {
    const before = process.env.INTERLEAVE_KERNEL_RELEASE;
    try {
      process.env.INTERLEAVE_KERNEL_RELEASE = "7.1.0";
      expect(kernelRelease()).toBe("7.1.0");
      expect(new KernelAgreement("verdicts").kernel).toBe("7.1.0");
      delete process.env.INTERLEAVE_KERNEL_RELEASE;
      expect(kernelRelease()).not.toBe("7.1.0");
    } finally {
      if (before !== undefined) process.env.INTERLEAVE_KERNEL_RELEASE = before;
    }
  });
});
