/** What Interleave does not know is called so: no verdict in the kernel's words, and none on the program's neighbours. */
import { describe, expect, it } from "vitest";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { run } from "../../lib/cli/verify.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { verdictText } from "../../lib/verifier/verdict_text.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { withKernelBtf } from "../../lib/verifier/kernel/kernel_btf.ts";
import { LazyBtf } from "../../lib/object/lazy_btf.ts";
import { refusalOf } from "../../lib/workload/admission.ts";
import type { BpfObject, Program, Relocation } from "../../lib/object/bpf_object.ts";
import type { Insn } from "../../lib/isa/insn.ts";

const insn = (opcode: number, rest: Partial<Insn> = {}): Insn => ({ opcode, dst: 0, src: 0, off: 0, imm: 0, ...rest });
/** r1 = *(u64 *)(r1 + 8 * argument); the field at 16 of what it points to; r0 = 0. */
const readsArgument = (argument: number): Insn[] => [insn(0x79, { dst: 1, src: 1, off: 8 * argument }), ...RETURNS];
const follows = (argument: number, off: number): Insn[] => [
  insn(0x79, { dst: 1, src: 1, off: 8 * argument }),
  insn(0x79, { dst: 1, src: 1, off }),
  ...RETURNS,
];
const RETURNS = [insn(0xb7), insn(0x95)];
const callsKfunc = [insn(0x85, { src: 2 }), insn(0x95)];

function program(name: string, section: string, insns: Insn[], relocations: Relocation[] = []): Program {
  const subprogs = [{ name, start: 0, end: insns.length, global: true }];
  return { name, section, insns, subprogs, relocations, lines: [] };
}

const objectOf = (...programs: Program[]): BpfObject => ({
  name: "by hand",
  bytes: new Uint8Array(),
  programs,
  maps: [],
  license: "GPL",
});

const withoutBtf = (one: Program) => withKernelBtf(null, () => verify(objectOf(one))[0]);

describe("what is not known", () => {
  for (
    const [what, one, message] of [
      ["a hook", program("p", "fentry/some_function_of_a_driver", readsArgument(0)), /arguments of .*some_function_of/],
      ["a section", program("p", "struct_ops/init", RETURNS), /struct_ops/],
      ["a replacement", program("p", "freplace/some", RETURNS), /freplace/],
      [
        "a kernel function",
        program("p", "tc", callsKfunc, [{ insn: 0, kind: "extern", name: "bpf_skb_ct_lookup" }]),
        /kernel function bpf_skb_ct_lookup/,
      ],
      ["whether a function may sleep", program("p", "fentry.s/vfs_read", RETURNS), /may sleep in .*vfs_read/],
    ] as const
  ) {
    it(`is no refusal: ${what}`, () => {
      const verdict = withoutBtf(one);
      expect(verdict).toMatchObject({ verdict: "unsupported", errno: 0, errname: "" });
      expect(verdict.message).toMatch(message);
      expect(verdict.message).toMatch(/is not supported by Interleave$/);
      expect(verdict.explanation?.fix).toMatch(/Ask the running kernel/);
      expect(verdictText(verdict)).toMatch(/^p \(.*\): not supported, no telling/);
    });
  }

  it("does not touch the neighbours", () => {
    const object = objectOf(program("unknown", "struct_ops/init", RETURNS), program("known", "xdp", RETURNS));
    expect(verify(object).map(({ verdict }) => verdict)).toEqual(["unsupported", "accept"]);
  });

  it("has a colour of its own", () => {
    const text = verdictText(withoutBtf(program("p", "struct_ops/init", RETURNS)), true);
    expect(text).toContain("\x1b[33mnot supported");
    expect(verdictText(verify(objectOf(program("p", "xdp", RETURNS)))[0], true)).toContain("\x1b[32maccepted");
  });

  it("is run with a remark, and not where only what is known to be accepted is asked for", async () => {
    const one = program("p", "struct_ops/init", RETURNS), object = objectOf(one);
    expect(refusalOf(object, [one])?.message).toMatch(/^there is no telling whether the kernel accepts p: /);
    const options = { cpus: 1, invocations: 1 };
    expect((await simulate(object, options)).remarks.join()).toMatch(
      /no telling whether the kernel accepts p: .*struct_ops/,
    );
    expect((await simulate(object, { ...options, verify: false })).remarks).toEqual([]);
    await expect(simulate(object, { ...options, verify: true })).rejects.toThrow(/^there is no telling/);
  });

  it("is exit status 3", async () => {
    const lines: string[] = [], write = process.stdout.write, folder = mkdtempSync(join(tmpdir(), "unsupported-"));
    const file = join(folder, "own.o"), own = readFileSync(new URL("./data/objects/own_objects.o", import.meta.url));
    // A kernel function of no kernel: the name, everywhere in the object.
    writeFileSync(file, own.toString("latin1").replaceAll("bpf_throw", "bpf_three"), "latin1");
    process.stdout.write = ((text: string) => lines.push(text) > 0) as typeof write;
    try {
      expect(await run(file, { program: "throws", json: true })).toBe(3);
      expect(await run(file, { program: "two_references" })).toBe(0);
      expect(await run(file, { program: "drop_twice" })).toBe(1);
    } finally {
      process.stdout.write = write;
      rmSync(folder, { recursive: true });
    }
    expect(JSON.parse(lines[0])).toMatchObject({ verdict: "unsupported", errno: 0 });
  });
});

describe("a hook", () => {
  it("is known from the table where there is no BTF", () => {
    expect(withoutBtf(program("p", "fentry/do_unlinkat", follows(1, 0))).verdict).toBe("accept");
    expect(withoutBtf(program("p", "lsm/file_open", readsArgument(0))).verdict).toBe("accept");
  });
  it("has so many arguments and no more", () => {
    const verdict = withoutBtf(program("p", "fentry/do_unlinkat", readsArgument(2)));
    expect(verdict).toMatchObject({ verdict: "reject", message: "invalid bpf_context access off=16 size=8" });
    expect(verdict.log).toContain("func 'do_unlinkat' doesn't have 3-th argument");
    expect(withoutBtf(program("p", "fexit/do_unlinkat", readsArgument(2))).verdict).toBe("accept");
    const beyond = withoutBtf(program("p", "fexit/do_unlinkat", readsArgument(3)));
    expect(beyond).toMatchObject({ verdict: "reject", message: "invalid bpf_context access off=24 size=8" });
    expect(beyond.log).toContain("func 'do_unlinkat' doesn't have 4-th argument");
  });
  it("of LSM gives 0 or an error, and a program must, too", () => {
    const gives = (imm: number) => withoutBtf(program("p", "lsm/file_open", [insn(0xb7, { imm }), insn(0x95)]));
    expect(gives(-1).verdict).toBe("accept");
    expect(gives(1).message).toBe("At program exit the register R0 has smin=1 smax=1 should have been in [-4095, 0]");
  });
  it("that LSM has switched off is refused", () => {
    expect(withoutBtf(program("p", "lsm/getprocattr", RETURNS)).message).toMatch(/disabled hook bpf_lsm_getprocattr/);
  });
  it("that the kernel lacks is refused in libbpf's words", () => {
    const verdict = withKernelBtf(ONE_FUNCTION, () => verify(objectOf(program("p", "fentry/absent", RETURNS)))[0]);
    expect(verdict.message).toBe("prog 'p': failed to find kernel BTF type ID of 'absent': -3");
  });
  it("that the kernel has is typed by its BTF", () => {
    const of = (insns: Insn[]) =>
      withKernelBtf(ONE_FUNCTION, () => verify(objectOf(program("p", "fentry/one", insns)))[0]);
    expect(of(follows(0, 0)).verdict).toBe("accept");
    expect(of(follows(0, 8)).message).toBe("access beyond struct thing at off 8 size 8");
    expect(of(readsArgument(1)).message).toMatch(/invalid bpf_context access off=8/);
  });
});

/** struct thing { u64 a; }; int one(struct thing *t); */
const ONE_FUNCTION = (() => {
  const names = ["", "int", "thing", "a", "one", "t"], at = new Map<string, number>();
  let strings = "";
  for (const name of names) {
    at.set(name, strings.length);
    strings += `${name}\0`;
  }
  const types = [
    [at.get("int")!, 1 << 24, 8, 64],
    [at.get("thing")!, 4 << 24 | 1, 8, at.get("a")!, 1, 0],
    [0, 2 << 24, 2],
    [0, 13 << 24 | 1, 1, at.get("t")!, 3],
    [at.get("one")!, 12 << 24, 4],
  ].flat();
  const header = new Uint8Array(24), view = new DataView(header.buffer), typeBytes = types.length * 4;
  view.setUint16(0, 0xeb9f, true);
  view.setUint8(2, 1);
  [24, 0, typeBytes, typeBytes, strings.length].forEach((value, index) => view.setUint32(4 + 4 * index, value, true));
  const body = new Uint8Array(new Uint32Array(types).buffer), text = new TextEncoder().encode(strings);
  return new LazyBtf(new Uint8Array([...header, ...body, ...text]));
})();
