/** Every command compiles and loads a program as its own makefile and user-space side would. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installedCompiler } from "../../lib/compile/compiler.ts";
import { runCommand } from "../../lib/host/run_command.ts";

const lacks = !process.versions.deno
  ? "starts a Deno of its own"
  : await installedCompiler()
  ? undefined
  : "no C compiler for BPF at hand";
const cli = fileURLToPath(new URL("../../lib/cli.ts", import.meta.url));
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "interleave cli "));
  await mkdir(join(folder, "headers"));
  await writeFile(join(folder, "headers", "width.h"), "#define WIDTH __u64\n");
  await writeFile(join(folder, "first.h"), "#include <width.h>\n");
  await writeFile(
    join(folder, "own.bpf.c"),
    'struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, WIDTH); } counts SEC(".maps");\n' +
      "extern int CONFIG_LAB_STEP __kconfig __weak;\nconst volatile int factor = 1;\n" +
      'SEC("raw_tp") int count(void *ctx) { __u32 key = SLOT; WIDTH *value = bpf_map_lookup_elem(&counts, &key);\n' +
      "if (value) *value += CONFIG_LAB_STEP * factor; return 0; }\n",
  );
});
afterAll(() => rm(folder, { recursive: true }));

const OPTIONS = [
  "-Iheaders",
  "-D",
  "SLOT=7",
  "-include",
  "first.h",
  "--max-entries",
  "counts=8",
  "--kconfig",
  "CONFIG_LAB_STEP=3",
  "--set",
  "factor=2",
];

async function run(...args: string[]) {
  const result = await runCommand(process.execPath, ["run", "-A", "--no-check", cli, ...args], { cwd: folder });
  return { ...result!, json: () => JSON.parse(result!.stdout) };
}

describe("-I, -D, -include, --max-entries, --kconfig and --set", () => {
  const name = "are taken by the commands that read a listing";
  const test = async () => {
    const once = ["--cpus", "1", "--invocations", "2", "--json"];
    expect((await run("simulate", "own.bpf.c", ...OPTIONS, ...once)).json().final["counts[7]"]).toBe(12);
    expect((await run("explore", "own.bpf.c", ...OPTIONS, ...once)).json().observation).toBe("Never");
    expect((await run("verify", "own.bpf.c", ...OPTIONS, "--json")).json()).toMatchObject({ verdict: "accept" });
    expect((await run("dump", "own.bpf.c", ...OPTIONS, "--json")).json().maps[0].maxEntries).toBe(8);
    const compile = await run("compile", "own.bpf.c", ...OPTIONS.slice(0, 5), "--json");
    expect(compile.json().programs[0].name).toBe("count");
  };
  if (lacks) it.skip(`${name} (skipped: ${lacks})`, test);
  else it(name, test);

  const mistakes = "say what is wrong with them";
  const wrong = async () => {
    expect(await run("simulate", "own.bpf.c", "--max-entries", "counts")).toMatchObject({ status: 2 });
    const unknown = await run("dump", "own.bpf.c", ...OPTIONS, "--kconfig", "CONFIG_LAB_STEPS=3");
    expect([unknown.status, unknown.stderr]).toEqual([2, expect.stringContaining("did you mean CONFIG_LAB_STEP?")]);
    const variable = await run("simulate", "own.bpf.c", ...OPTIONS, "--set", "facto=3");
    expect([variable.status, variable.stderr]).toEqual([2, expect.stringContaining("did you mean factor?")]);
    const missing = await run("compile", "own.bpf.c", "-DSLOT=7", "-include", "nosuch.h");
    expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining("nosuch.h' file not found")]);
  };
  if (lacks) it.skip(`${mistakes} (skipped: ${lacks})`, wrong);
  else it(mistakes, wrong);
});
