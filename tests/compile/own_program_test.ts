/** Programs as people write them: the kernel's types, a project's own headers and macros, libbpf's spelling. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { linuxVerify } from "../../lib/backends/linux/verify.ts";
import { bpf, type BpfOptions } from "../../lib/compile/bpf.ts";
import { CompileError } from "../../lib/compile/compile_error.ts";
import { installedCompiler } from "../../lib/compile/compiler.ts";
import { kernelHeader } from "../../lib/compile/kernel_header.ts";

const compiler = await installedCompiler();
/** Nothing here may start a download. */
const withCompiler = (name: string, test: () => Promise<void>) =>
  compiler ? it(name, test) : it.skip(`${name} (skipped: no C compiler for BPF at hand)`, test);

const compiled = (source: string, options: BpfOptions = {}) => bpf.with(options)`${source}`;
/** Size of the variable `n`, which tells which header was read. */
const sizeOfN = async (source: string, options: BpfOptions): Promise<number> =>
  (await compiled(source, options)).maps[0].data!.variables.find(({ name }) => name === "n")!.size;

let folder = "";
const place = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "interleave own program "));
  await mkdir(place("own"));
  await mkdir(place("cilium"));
  await writeFile(
    place("own/vmlinux.h"),
    "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\ntypedef unsigned char __u8; typedef unsigned short __u16;\n" +
      "typedef unsigned int __u32; typedef unsigned long long __u64; typedef int __s32; typedef __u32 __wsum;\n" +
      "typedef _Bool bool; enum { false = 0, true = 1 };\n" +
      "enum bpf_map_type { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2 };\nenum { BPF_ANY = 0 };\n" +
      "struct task_struct { char ours[48]; };\n#endif\n",
  );
  await writeFile(
    place("cilium/common.h"),
    "#pragma once\ntypedef unsigned int __u32; typedef unsigned long long __u64; typedef __u64 u64;\n" +
      '#include "bpf_helpers.h"\nenum bpf_map_type { BPF_MAP_TYPE_ARRAY = 2 };\nenum { BPF_ANY };\n' +
      "enum xdp_action { XDP_PASS = 2 };\nstruct xdp_md { __u32 data; };\n",
  );
  await writeFile(
    place("cilium/bpf_helpers.h"),
    "#pragma once\n#define SEC(x) __attribute__((section(x), used))\n" +
      "static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;\n",
  );
  await writeFile(place("first.h"), "#define WIDTH unsigned short\n");
});
afterAll(() => rm(folder, { recursive: true }));

describe("vmlinux.h", () => {
  for (const include of ["<vmlinux.h>", '"vmlinux.h"']) {
    withCompiler(`${include} is the reader's own where there is one, and else ours`, async () => {
      const source = `#include ${include}\n#include <bpf/bpf_helpers.h>\n` +
        'char LICENSE[] SEC("license") = "GPL"; struct task_struct n; SEC("raw_tp") int f(void *ctx) { n.ours[0] = 1; return 0; }';
      expect(await sizeOfN(source, { includeDirs: [place("own")] })).toBe(48);
      await expect(compiled(source)).rejects.toThrow(/no member named 'ours' in 'struct task_struct'/);
    });
  }

  withCompiler("of ours has every type of a kernel, with the constants", async () => {
    const object = await compiled(`
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <stdbool.h>
#include <stdint.h>
long seen;
SEC("raw_tp") int f(void *ctx)
{
  bool ok = true;
  int64_t wide = 1;
  seen = ok + wide + sizeof(struct block_device) + sizeof(struct cfs_rq) + sizeof(struct net) + sizeof(struct tcp_sock) +
    sizeof(struct gendisk) + sizeof(struct syscall_trace_enter) + NR_SOFTIRQS + IPPROTO_MPTCP + BPF_FUNC_map_lookup_elem +
    BPF_MAP_TYPE_ARENA + BPF_F_MMAPABLE + LIBBPF_PIN_BY_NAME + KERNEL_VERSION(6, 18, 0) + TRI_MODULE;
  return 0;
}
`);
    expect(object.programs[0].name).toBe("f");
  });

  withCompiler("of ours lacks a struct: says how to bring the kernel's own", async () => {
    const source = '#include <vmlinux.h>\nSEC("raw_tp") int f(struct no_such_struct *p) { return p->field; }';
    const error = await compiled(source).then(() => undefined, (error) => error);
    expect(error).toBeInstanceOf(CompileError);
    expect(error.message).toMatch(/incomplete definition of type 'struct no_such_struct': .*bpftool btf dump file/);
  });

  it("of ours says which kernel it is of", () => {
    expect(kernelHeader()).toMatch(/^\/\* The types of Linux 6\.18\.\S+ x86_64, out of its BTF\. \*\/\n/);
  });
});

describe("a project", () => {
  withCompiler("may call a few structs of its own vmlinux.h, beside kernel types of its own without bool", async () => {
    await mkdir(place("small/linux"), { recursive: true });
    await writeFile(
      place("small/vmlinux.h"),
      "struct net_device { int ifindex; } __attribute__((preserve_access_index));\n",
    );
    await writeFile(
      place("small/linux/bpf.h"),
      "#pragma once\n#include <linux/types.h>\nenum bpf_map_type { BPF_MAP_TYPE_ARRAY = 2 };\nstruct xdp_md { __u32 data; };\n",
    );
    const source = "#include <vmlinux.h>\n#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\nbool n = true;\n" +
      'struct net_device *device;\nchar LICENSE[] SEC("license") = "GPL"; SEC("xdp") int f(struct xdp_md *ctx) { n = false; return 2; }';
    expect(await sizeOfN(source, { includeDirs: [place("small")] })).toBe(1);
  });

  withCompiler("may have a common.h that defines what our headers do, beside the listing or behind -I", async () => {
    const listing = '#include "common.h"\nchar __license[] SEC("license") = "Dual MIT/GPL";\n' +
      'u64 n; SEC("xdp") int f(struct xdp_md *ctx) { n += 1; return XDP_PASS; }\n';
    expect(await sizeOfN(listing, { includeDirs: [place("cilium")] })).toBe(8);
    await writeFile(place("cilium/x.bpf.c"), listing);
    expect((await bpf.file(place("cilium/x.bpf.c"))).license).toBe("Dual MIT/GPL");
  });

  withCompiler("may be given macros and a file that is read first", async () => {
    const source = 'WIDTH n[LENGTH]; SEC("raw_tp") int f(void *ctx) { n[0] += 1; return 0; }';
    const includeFiles = [place("first.h")];
    expect(await sizeOfN(source, { includeFiles, defines: ["LENGTH=3"] })).toBe(6);
    expect(await sizeOfN(source, { includeFiles, defines: ["LENGTH=5"] })).toBe(10);
    await writeFile(place("first.h"), "#define WIDTH unsigned long\n");
    expect(await sizeOfN(source, { includeFiles, defines: ["LENGTH=5"] })).toBe(40);
  });
});

describe("what a compiler leaves to a library", () => {
  withCompiler("memcmp is there, and compares as C says", async () => {
    const object = await bpf`
char one[24] = "abc", other[24] = "abd";
int same, less, own;
SEC("raw_tp") int compare(void *ctx)
{
	same = __builtin_memcmp(one, other, 2) == 0 && __builtin_memcmp(one, other, 24) != 0;
	less = __builtin_memcmp(one, other, 24) < 0 && __builtin_memcmp(other, one, 24) > 0;
	return 0;
}
`;
    const { final } = await simulate(object, { cpus: 1, invocations: 1 });
    expect([final.same, final.less]).toEqual([1n, 1n]);
  });

  withCompiler("a listing's own memcmp stays its own", async () => {
    const object = await bpf`
int own, calls;
static int memcmp(const void *a, const void *b, unsigned long n) { calls++; return 7; }
SEC("raw_tp") int compare(void *ctx) { own = memcmp(&own, &calls, 4); return 0; }
`;
    const { final } = await simulate(object, { cpus: 1, invocations: 1 });
    expect([final.own, final.calls]).toEqual([7n, 1n]);
  });
});

describe("names that projects build on", () => {
  withCompiler("are libbpf's and the kernel's", async () => {
    const object = await bpf`
#include <uapi/linux/bpf.h>
#include <linux/tcp.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <stdint.h>
#ifndef _LINUX_TYPES_H
#error "a header asks for it"
#endif
#ifdef bpf_target_x86
int target = 1;
#else
int target = 2;
#endif
struct inner { short last; };
struct outer { struct inner *inner; };
enum bpf_func_id id = BPF_FUNC_ringbuf_reserve;
int flags, size, syn; int64_t least = INT64_MIN;
SEC("raw_tp") int look(void *ctx)
{
	struct tcphdr header = { .syn = 1 };
	struct outer *outer = 0;
	flags = bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_ringbuf_reserve);
	size = sizeof(___type(outer, inner, last));
	syn = (tcp_flag_word(&header) & TCP_FLAG_SYN) == TCP_FLAG_SYN;
	return 0;
}
`;
    const { final } = await simulate(object, { cpus: 1, invocations: 1, verify: false });
    const { target, id, flags, size, syn, least } = final;
    expect([target, id, flags, size, syn, least]).toEqual([1n, 131n, 1n, 2n, 1n, -(2n ** 63n)]);
  });
});

describe("libbpf's spelling", () => {
  const usdt = `
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/usdt.bpf.h>
char LICENSE[] SEC("license") = "GPL";
long sum;
SEC("usdt") int BPF_USDT(probe, int first, void *second, char third)
{
  sum += first + (long)second + third + bpf_usdt_arg_cnt(ctx) + bpf_usdt_cookie(ctx);
  return 0;
}
`;
  withCompiler("of probes with arguments loads, its functions hidden", async () => {
    const { programs, maps } = await compiled(usdt);
    expect(programs[0].subprogs.map(({ name, global }) => [name, global])).toEqual([
      ["probe", true],
      ["bpf_usdt_arg", false],
      ["bpf_usdt_arg_cnt", false],
      ["bpf_usdt_cookie", false],
    ]);
    const specs = maps.find(({ name }) => name === "__bpf_usdt_specs")!;
    expect([specs.valueSize, specs.maxEntries]).toEqual([208, 256]);
    if (linuxAvailable().available) expect(linuxVerify(await compiled(usdt))).toMatchObject({ verdict: "accept" });
  });

  withCompiler("of system calls and arguments that are structs", async () => {
    const object = await compiled(`
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
struct pair { __u64 a, b; };
__u64 sum;
SEC("ksyscall/kill") int BPF_KSYSCALL(kill, pid_t pid, int sig) { sum += pid + sig; return 0; }
SEC("kprobe/x") int BPF_KPROBE(entry, struct file *file) { sum += PT_REGS_PARM1_CORE(ctx) + PT_REGS_IP_CORE(ctx); return 0; }
SEC("fentry/x") int BPF_PROG2(both, struct pair, p, char, x, __u64, y) { sum += p.a + p.b + x + y; return 0; }
`);
    const [kill, , both] = object.programs;
    expect(kill.insns.some(({ opcode, imm }) => opcode === 0x85 && imm === 113)).toBe(true);
    // a pair is words 0 and 1 of the context, so x is in word 2 and y in word 3
    const offsets = both.insns.filter(({ opcode }) => (opcode & 7) === 1).map(({ off }) => off);
    expect(offsets).toEqual(expect.arrayContaining([0, 8, 16, 24]));
  });
});
