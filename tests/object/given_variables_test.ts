/** Global variables that user space sets before it loads an object: what libbpf-bootstrap's and bcc's tools are made for. */
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { linuxVerify } from "../../lib/backends/linux/verify.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { loadObject } from "../../lib/object/load.ts";
import type { VariableValues } from "../../lib/object/given_variables.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const available = linuxAvailable();
const onKernel = (name: string, test: () => Promise<void>) =>
  available.available ? it(name, test) : it.skip(`${name} (skipped: ${available.reason})`, test);
const once = { cpus: 1, invocations: 1 } as const;
const agreement = new KernelAgreement("variables that are set before the object is loaded");
afterAll(() => agreement.judge());

const tool = await bpf`
enum mode { QUIET, LOUD = 7 };
const volatile _Bool filter = 0;
const volatile enum mode mode = QUIET;
const volatile char comm[8] = "none";
const volatile struct { int from; union { unsigned short low; int all; }; unsigned char ports[4]; } range = {};
const volatile unsigned slot = 0;
int my_pid = 0;
long long limit = 5;
int passed, seen_mode, letter, from, low, port, pid, cell;
int table[4];
SEC("raw_tp") int look(void *ctx)
{
  if (filter) __sync_fetch_and_add(&passed, 1);
  seen_mode = mode;
  letter = comm[1];
  from = range.from;
  low = range.low;
  port = range.ports[2];
  pid = my_pid + limit;
  if (slot < 4) table[slot] = 1;
  return 0;
}
`;
const GIVEN: VariableValues = {
  filter: true,
  mode: "LOUD",
  comm: "bash",
  "range.from": -3,
  "range.low": "0xffff",
  "range.ports[2]": 80,
  my_pid: 1000,
  limit: -1n,
  slot: 3,
};
const FOUND = { passed: 1, seen_mode: 7, letter: 97, from: -3, low: 0xffff, port: 80, pid: 999, "table[3]": 1 };
const numbers = (values: object) =>
  Object.fromEntries(
    Object.keys(FOUND).map((name) => [name, Number((values as Record<string, bigint>)[name])]),
  );
const load = (variables: VariableValues) => loadObject(tool.bytes, "tool", undefined, { variables });

describe("variables that the reader sets", () => {
  it("are the program's from the start, in .rodata, .data and .bss", async () => {
    expect(numbers((await simulate(load(GIVEN), once)).final)).toEqual(FOUND);
    expect(Number((await simulate(tool, once)).final.passed)).toBe(0);
  });

  it("leave the others as they are", () => {
    const bytes = (object: typeof tool, section: string) =>
      object.maps.find(({ name }) => name === section)!.data!.bytes;
    const { offset } = tool.maps.find(({ name }) => name === ".rodata")!.data!.variables.find(({ name }) =>
      name === "filter"
    )!;
    const [before, after] = [bytes(tool, ".rodata"), bytes(load({ filter: 1 }), ".rodata")];
    expect([...after].flatMap((byte, at) => byte === before[at] ? [] : [at])).toEqual([offset]);
    expect(bytes(load({ my_pid: 1 }), ".data")).toEqual(bytes(tool, ".data"));
  });

  it("are known to the verifier, which follows the one way that is left", () => {
    const unsafe = bpf`
const volatile _Bool checked = 0;
int table[4];
SEC("tc") int put(struct __sk_buff *skb) { unsigned at = skb->len; if (checked && at >= 4) return 0; table[at] = 1; return 0; }
`;
    return unsafe.then(({ bytes }) => {
      const verdictWith = (checked: boolean) =>
        verify(loadObject(bytes, "unsafe", undefined, { variables: { checked } }), { program: "put" })[0].verdict;
      expect([verdictWith(false), verdictWith(true)]).toEqual(["reject", "accept"]);
    });
  });

  it("that the object does not have, or that do not fit, are refused", () => {
    const refusal = (variables: VariableValues) => () => load(variables);
    expect(refusal({ filtr: 1 })).toThrow(
      /^tool: variables: the object has no variable filtr: .*did you mean filter\?$/,
    );
    expect(refusal({ "range.too": 1 })).toThrow(/range\.too: there is no field too; it has from, low, all, ports/);
    expect(refusal({ "range.ports[4]": 1 })).toThrow(/there is no element \[4\]/);
    expect(refusal({ range: 1 })).toThrow(/range is given "1": one of its fields is needed/);
    expect(refusal({ table: 1 })).toThrow(/table is given "1": one of its elements is needed/);
    expect(refusal({ comm: "longer than that" })).toThrow(/does not fit in 8 bytes with its end/);
    expect(refusal({ filter: 256 })).toThrow(/256 does not fit in 1 byte$/);
    expect(refusal({ my_pid: "many" })).toThrow(/my_pid is given "many": a number is needed/);
    expect(refusal({ my_pid: 0.5 })).toThrow(/a number is needed/);
  });

  onKernel("are the same for the running kernel", async () => {
    await agreement.values("variables", async () => {
      const run = await runOnLinux(load(GIVEN), { ...once, repeats: 1, durationMs: 1, exact: true });
      expect(numbers(run.final)).toEqual(FOUND);
    });
    await agreement.values("verdict", () => {
      expect(linuxVerify(load(GIVEN)).verdict).toBe("accept");
      return Promise.resolve();
    });
  });
});
