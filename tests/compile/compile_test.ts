import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { compile } from "../../lib/compile/compile.ts";
import { installedCompiler } from "../../lib/compile/compiler.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const compiler = await installedCompiler();
/** Nothing here may start a download. */
const withCompiler = (name: string, test: () => Promise<void>) =>
  compiler ? it(name, test) : it.skip(`${name} (skipped: no C compiler for BPF at hand)`, test);

/** The message with which a listing is refused. */
const refusal = (source: string): Promise<string> => compile(source).then(() => "compiled", (error) => error.message);

describe("a listing", () => {
  withCompiler("needs no include and no license, and keeps backslashes", async () => {
    const object = await bpf.with({})`
int counter;
SEC("raw_tp") int hello(void *ctx) { bpf_printk("a\tb\n"); counter += ${1}; return 0; }
`;
    expect(object.programs.map((program) => program.name)).toEqual(["hello"]);
    expect(object.source).toContain('"a\\tb\\n"');
    expect(object.programs[0].lines.every((line) => line.line === 3 && line.file === "the listing")).toBe(true);
  });

  const accepted: Record<string, string> = {
    "all usual headers": `
#include "vmlinux.h"
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>
#include <linux/errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
SEC("tp_btf/x") int BPF_PROG(traced, struct task_struct *task, long id) { return task->pid + id; }`,
    "types of its own": `
typedef unsigned long u64; typedef unsigned u32; typedef _Bool bool;
struct bpf_spin_lock { u32 val; };
enum xdp_action { XDP_ABORTED, XDP_DROP, XDP_PASS };
#define SEC(x) __attribute__((section(x), used))
u64 n; SEC("xdp") int f(void *ctx) { n += 1; return XDP_PASS; }`,
    "helpers of its own": `
static void *(*bpf_map_lookup_elem)(void *map, void *key) = (void *)1;
static int (*bpf_spin_lock)(struct bpf_spin_lock *lock) = (void *)93;
SEC("xdp") int f(void *ctx) { return 0; }`,
    "kernel functions of its own": `
struct bpf_res_spin_lock { __u32 val; };
extern int bpf_res_spin_lock(struct bpf_res_spin_lock *lock) __attribute__((section(".ksyms")));
SEC("xdp") int f(void *ctx) { return 0; }`,
    "Windows line ends": 'int n;\r\nSEC("xdp") int f(void *ctx) { n += 1; return 0; }\r\n',
  };
  for (const [name, source] of Object.entries(accepted)) {
    withCompiler(`may have ${name}`, async () => expect(await refusal(source)).toBe("compiled"));
  }

  withCompiler("with a mistake is shown the line that the reader sees", async () => {
    const message = await refusal(
      '\nint counter;\n\nSEC("raw_tp")\nint f(void *ctx) {\n  counter += 1\n  return 0;\n}\n',
    );
    expect(message).toMatch(/^the listing does not compile: 1 error \(.*\)\n\nline 6, column 15: error: expected ';'/);
    expect(message).toContain("    6 |   counter += 1\n      |               ^");
  });

  withCompiler("with an undeclared function, a missing header, a huge stack: the compiler's own words", async () => {
    expect(await refusal('SEC("xdp") int f(void *c) { return g(); }')).toMatch(/line 1.*undeclared|implicit/);
    expect(await refusal("#include <nosuch.h>")).toMatch(/line 1, column 10: error: 'nosuch.h' file not found/);
    expect(await refusal('SEC("xdp") int f(void *c) { char b[4000]; bpf_probe_read_kernel(b, 4000, c); return b[9]; }'))
      .toMatch(/line 1.*stack/i);
  });

  withCompiler("for too old an instruction set is told which one it needs", async () => {
    const used = {
      fetch: "last = __sync_fetch_and_add(&n, 1)",
      xchg: "last = __sync_lock_test_and_set(&n, 1)",
      cmpxchg: "last = __sync_val_compare_and_swap(&n, 1, 2)",
    };
    for (const [what, statement] of Object.entries(used)) {
      const source = `__u32 n, last;\nSEC("raw_tp") int take(void *ctx) { ${statement}; return 0; }`;
      for (const cpu of ["v1", "v2"] as const) {
        const message = await compile(source, { cpu }).then(() => "compiled", (error) => error.message);
        expect(message, `${what} ${cpu}`).toContain("needs -mcpu=v3");
      }
      expect(await refusal(source)).toBe("compiled");
    }
    const release = '__u32 n; SEC("raw_tp") int f(void *c) { __atomic_store_n(&n, 1, __ATOMIC_RELEASE); return 0; }';
    expect(await refusal(release)).toContain("store-release needs -mcpu=v4");
  });

  withCompiler("with a mistake names no temporary folder", async () => {
    for (const source of ["int f(", "#include <nosuch.h>", "typedef int u64; struct x { struct y z; };"]) {
      expect(await refusal(source)).not.toMatch(/\/(tmp|var|home|root)\//);
    }
  });
});

describe("a file", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "a folder with spaces "));
    await mkdir(join(folder, "sub"));
    await writeFile(join(folder, "shared.h"), '#include "sub/more.h"\n');
    await writeFile(join(folder, "sub", "more.h"), "typedef unsigned long u64;\nu64 total;\n");
    await writeFile(
      join(folder, "x.bpf.c"),
      '#include "shared.h"\nSEC("xdp") int f(void *c) { total += 1; return 0; }\n',
    );
  });
  afterAll(() => rm(folder, { recursive: true }));

  withCompiler("finds headers beside it, and is compiled again when they change", async () => {
    const path = join(folder, "x.bpf.c");
    const sizeOfTotal = async () => (await bpf.file(path)).maps[0].data!.variables[0].size;
    expect(await sizeOfTotal()).toBe(8);
    await writeFile(join(folder, "sub", "more.h"), "unsigned char total;\n");
    expect(await sizeOfTotal()).toBe(1);
  });

  it("that is not there, or not C: says so", async () => {
    await expect(bpf.file(join(folder, "nosuch.bpf.c"))).rejects.toThrow(
      /cannot read .*nosuch.bpf.c: there is no such file/,
    );
    await expect(bpf.file(folder)).rejects.toThrow(/it is a folder/);
    await expect(bpf.file(join(folder, "shared.h"))).rejects.toThrow(/neither a C listing \(\.c\) nor an object file/);
  });

  it("of the corpus compiles, every one", async () => {
    const corpus = join(root, "tests", "data", "corpus");
    const listings = (await readdir(corpus)).filter((name) => name.endsWith(".c"));
    expect(listings.length).toBe(44);
    for (const name of listings) expect((await bpf.file(join(corpus, name))).programs.length).toBeGreaterThan(0);
  });
});

describe("without any compiler", () => {
  const test = async () => {
    // A process of its own, since a process asks for the compiler once.
    const { runCommand } = await import("../../lib/host/run_command.ts");
    const script = `import { findCompiler } from ${
      JSON.stringify(new URL("../../lib/compile/compiler.ts", import.meta.url).href)
    };
      await findCompiler().then(() => console.log("found"), (error) => console.log(error.name + ": " + error.message));`;
    const folder = await mkdtemp(join(tmpdir(), "interleave-empty-"));
    const env = {
      PATH: folder,
      INTERLEAVE_CACHE: folder,
      DENO_DIR: folder,
      HTTPS_PROXY: "http://127.0.0.1:9",
      npm_config_registry: "http://127.0.0.1:9",
    };
    const file = join(folder, "find.ts");
    await writeFile(file, script);
    const args = ["run", "-A", "--no-check", file];
    const result = await runCommand(process.execPath, args, { env, timeoutMs: 60_000 });
    await rm(folder, { recursive: true });
    expect(result!.stdout).toMatch(/CompilerMissingError: no C compiler for BPF was found.*Install clang with/);
  };
  if (process.versions.deno) it("says what to install", test);
  else it.skip("says what to install (skipped: asks a Deno of its own)", test);
});
