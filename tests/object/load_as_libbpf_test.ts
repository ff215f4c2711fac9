/** What libbpf does with an object before the kernel sees it: options of the kernel, sizes, hidden functions, `?`. */
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { linuxVerify } from "../../lib/backends/linux/verify.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { loadObject } from "../../lib/object/load.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const available = linuxAvailable();
const onKernel = (name: string, test: () => Promise<void>) =>
  available.available ? it(name, test) : it.skip(`${name} (skipped: ${available.reason})`, test);
const once = { cpus: 1, invocations: 1 } as const;
const agreement = new KernelAgreement("objects as libbpf loads them");
afterAll(() => agreement.judge());

const configured = await bpf`
extern int LINUX_KERNEL_VERSION __kconfig;
extern _Bool LINUX_HAS_BPF_COOKIE __kconfig;
extern enum libbpf_tristate CONFIG_LAB_STATE __kconfig __weak;
extern _Bool CONFIG_LAB_SWITCH __kconfig __weak;
extern int CONFIG_LAB_NUMBER __kconfig __weak;
extern char CONFIG_LAB_TEXT[8] __kconfig __weak;
extern char CONFIG_LAB_LETTER __kconfig __weak;
extern unsigned long CONFIG_LAB_BIG __kconfig __weak;
int since, cookie, state, on, number, text, letter; unsigned long big;
SEC("raw_tp") int read(void *ctx)
{
  since = LINUX_KERNEL_VERSION >= KERNEL_VERSION(5, 10, 0);
  cookie = LINUX_HAS_BPF_COOKIE;
  state = CONFIG_LAB_STATE;
  on = CONFIG_LAB_SWITCH;
  number = CONFIG_LAB_NUMBER;
  text = CONFIG_LAB_TEXT[1];
  letter = CONFIG_LAB_LETTER;
  big = CONFIG_LAB_BIG;
  return 0;
}
`;
const GIVEN = {
  CONFIG_LAB_STATE: "m",
  CONFIG_LAB_SWITCH: true,
  CONFIG_LAB_NUMBER: -250,
  CONFIG_LAB_TEXT: "ab",
  CONFIG_LAB_LETTER: "n",
  CONFIG_LAB_BIG: 0x1_0000_0000_0000n,
} as const;
const FOUND = { since: 1, cookie: 1, state: 2, on: 1, number: -250, text: 98, letter: 110, big: 0x1_0000_0000_0000 };
const NOT_GIVEN = { since: 1, cookie: 1, state: 0, on: 0, number: 0, text: 0, letter: 0, big: 0 };
const numbers = (values: object) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));

describe("the kernel's configuration", () => {
  it("is what the reader gives, and 0 for what is weak and not given", async () => {
    const given = bpf.object(configured.bytes, "configured", { kconfig: GIVEN });
    expect(numbers((await simulate(given, once)).final)).toEqual(FOUND);
    expect(numbers((await simulate(configured, once)).final)).toEqual(NOT_GIVEN);
  });

  it("is a map of one value that programs read, in libbpf's order", () => {
    const { data, valueSize, type } = loadObject(configured.bytes, "configured").maps.at(-1)!;
    expect([type, valueSize, data!.readonly]).toEqual([2, 31, true]);
    expect(data!.variables.map(({ name, offset }) => [name, offset])).toEqual([
      ["CONFIG_LAB_BIG", 0],
      ["CONFIG_LAB_NUMBER", 8],
      ["CONFIG_LAB_STATE", 12],
      ["LINUX_KERNEL_VERSION", 16],
      ["CONFIG_LAB_LETTER", 20],
      ["CONFIG_LAB_SWITCH", 21],
      ["LINUX_HAS_BPF_COOKIE", 22],
      ["CONFIG_LAB_TEXT", 23],
    ]);
  });

  it("may be another kernel's: a program then takes its other way", async () => {
    const old = bpf.object(configured.bytes, "configured", { kconfig: { LINUX_KERNEL_VERSION: 4 << 16 } });
    expect(Number((await simulate(old, once)).final.since)).toBe(0);
  });

  it("that the object does not ask for, or that does not fit, is refused", () => {
    const load = (kconfig: Record<string, string | number | boolean>) => () =>
      loadObject(configured.bytes, "configured", undefined, { kconfig });
    expect(load({ CONFIG_LAB_NUMBR: 1 })).toThrow(
      /^configured: kconfig: the object does not ask for CONFIG_LAB_NUMBR: .*did you mean CONFIG_LAB_NUMBER\?$/,
    );
    expect(load({ CONFIG_LAB_SWITCH: "m" })).toThrow(/CONFIG_LAB_SWITCH is m, which is no value for its type/);
    expect(load({ CONFIG_LAB_NUMBER: 2 ** 31 })).toThrow(/no value for its type/);
    expect(load({ CONFIG_LAB_NUMBER: "many" })).toThrow(/no value for its type/);
    expect(load({ CONFIG_LAB_TEXT: 7 })).toThrow(/no value for its type/);
  });

  it("that is not weak has to be known", async () => {
    const strong = bpf`
extern int CONFIG_NO_SUCH_OPTION __kconfig;
SEC("raw_tp") int f(void *ctx) { return CONFIG_NO_SUCH_OPTION; }
`;
    await expect(strong).rejects.toThrow(/CONFIG_NO_SUCH_OPTION is not known here: give it, as in kconfig: \{/);
  });

  onKernel("is the same for the running kernel", async () => {
    await agreement.values("given values", async () => {
      const given = bpf.object(configured.bytes, "configured", { kconfig: GIVEN });
      expect(numbers((await runOnLinux(given, { ...once, repeats: 1, durationMs: 1, exact: true })).final)).toEqual(
        FOUND,
      );
    });
    await agreement.values("values that are not given", async () => {
      const run = await runOnLinux(configured, { ...once, repeats: 1, durationMs: 1, exact: true });
      expect(numbers(run.final)).toEqual(NOT_GIVEN);
    });
  });
});

const open = await bpf`
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, __u64); } counts SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, __u32); __type(value, __u64); } seen SEC(".maps");
SEC("raw_tp") int count(void *ctx)
{
  __u32 key = 5;
  __u64 *value = bpf_map_lookup_elem(&counts, &key);
  if (value)
    *value += 1;
  return 0;
}
`;

describe("a map that the reader sizes", () => {
  const sized = bpf.object(open.bytes, "open", { maps: { counts: { maxEntries: 6 }, seen: { maxEntries: 9 } } });

  it("has so many entries", async () => {
    expect(sized.maps.map(({ name, maxEntries }) => [name, maxEntries])).toEqual([["counts", 6], ["seen", 9]]);
    expect(Number((await simulate(sized, once)).final["counts[5]"])).toBe(1);
    expect(verify(open)[0].message).toMatch(/failed to create/);
    expect(verify(open)[0].explanation?.fix).toContain("maps: { NAME: { maxEntries: 64 } }");
  });

  it("is one that there is, and of a size that there can be", () => {
    const load = (maps: Record<string, { maxEntries?: number }>) => () => bpf.object(open.bytes, "open", { maps });
    expect(load({ count: { maxEntries: 6 } })).toThrow(/no map count: it has counts, seen; did you mean counts\?/);
    for (const maxEntries of [0, -1, 1.5, 2 ** 32]) {
      expect(load({ seen: { maxEntries } })).toThrow(/from 1 to 4294967295/);
    }
  });

  onKernel("has them in the kernel as well", async () => {
    await agreement.values("sized by the reader", async () => {
      const run = await runOnLinux(sized, { ...once, repeats: 1, durationMs: 1, exact: true });
      expect(Number(run.final["counts[5]"])).toBe(1);
    });
    agreement.verdict("of no size", verify(open)[0], () => linuxVerify(open));
  });
});

const hidden = await bpf`
__attribute__((noinline)) __weak __hidden int first_of(__u64 *words) { return words[0]; }
__attribute__((noinline)) int first_of_any(__u64 *words) { return words ? words[0] : 0; }
SEC("raw_tp") int hides(__u64 *ctx) { __u64 here[2] = { ctx[0], 2 }; return first_of(here); }
__attribute__((noinline)) int first_of_shown(__u64 *words) { return words[0]; }
SEC("?raw_tp") int exposes(__u64 *ctx) { __u64 here[2] = { ctx[0], 2 }; return first_of_shown(here); }
SEC("?raw_tp") int shows(__u64 *ctx) { __u64 here[2] = { ctx[0], 2 }; return first_of_any(here); }
`;

describe("a function", () => {
  it("that is __hidden is followed as a static one is, for what it is called with", () => {
    const [hides, , shows] = hidden.programs;
    expect(hides.subprogs.map(({ name, global }) => [name, global])).toEqual([["hides", true], ["first_of", false]]);
    expect(shows.subprogs[1]).toMatchObject({ name: "first_of_any", global: true });
    expect(verify(hidden, { program: "hides" })[0].verdict).toBe("accept");
    // A global function is verified for whatever it may be called with: NULL is among it.
    expect(verify(hidden, { program: "exposes" })[0]).toMatchObject({
      verdict: "reject",
      message: "R1 invalid mem access 'mem_or_null'",
    });
  });

  it('in SEC("?...") is left alone until it is named', async () => {
    expect(hidden.programs.map(({ section, isOptional }) => [section, isOptional])).toEqual([
      ["raw_tp", undefined],
      ["raw_tp", true],
      ["raw_tp", true],
    ]);
    expect(verify(hidden).map(({ program }) => program)).toEqual(["hides"]);
    expect((await simulate(hidden, once)).fault).toBeUndefined();
    expect(verify(hidden, { program: "shows" }).length).toBe(1);
  });

  onKernel("of either kind gets the kernel's verdict", () => {
    for (const program of ["hides", "shows", "exposes"]) {
      agreement.verdict(program, verify(hidden, { program })[0], () => linuxVerify(hidden, { program }));
    }
    return Promise.resolve();
  });
});

const guarded = await bpf`
#include <bpf/bpf_core_read.h>
struct task_struct___old { long state; } __attribute__((preserve_access_index));
struct task_struct___new { unsigned int __state; } __attribute__((preserve_access_index));
int old_name, new_name;
SEC("raw_tp") int ask(void *ctx)
{
  if (bpf_core_field_exists(struct task_struct___old, state))
    old_name += 1;
  if (bpf_core_field_exists(struct task_struct___new, __state))
    new_name += 1;
  return 0;
}
`;

describe("a question whether the kernel has a field", () => {
  it("of a flavour of a struct is answered for the struct, by the simulated kernel as by the verifier's", async () => {
    expect(numbers((await simulate(guarded, once)).final)).toEqual({ old_name: 0, new_name: 1 });
  });

  onKernel("is answered likewise by the running kernel", async () => {
    await agreement.values("a renamed field", async () => {
      const run = await runOnLinux(guarded, { ...once, repeats: 1, durationMs: 1, exact: true });
      expect(numbers(run.final)).toEqual({ old_name: 0, new_name: 1 });
    });
  });
});
