/** The real kernel: executed notebooks, outputs in their cells on two versions of Deno, interrupts that always work. */
import { afterAll, describe, expect, it } from "vitest";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CellFailure, type CellTime, executeNotebook } from "../../lib/jupyter/execute.ts";
import { denoKernel, KernelClient } from "../../lib/jupyter/client.ts";
import { keepDeno, kernelspec, writeKernelspec } from "../../lib/tasks/lab/kernelspec.ts";
import { PROJECT } from "../../lib/tasks/lab/places.ts";
import { runCommand } from "../../lib/tasks/lab/subprocess.ts";
import { threadsAvailable } from "../../lib/backends/threads/available.ts";
import { type CodeCell, type Notebook, type Output, parseNotebook } from "../../lib/jupyter/notebook_file.ts";

const NEWEST = "2.9.6";
const SHOW = pathToFileURL(fileURLToPath(new URL("../../lib/jupyter/show.ts", import.meta.url))).href;
/** Loaded before the cell that is stopped: loading modules cannot be. */
const LISTING = `import { bpf, threads } from "interleave";
const kept = 42;
const racy = await bpf\`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }\`;`;
const PROGRESS = SHOW.replace("show.ts", "progress.ts");
const STOP = SHOW.replace("jupyter/show.ts", "host/stop.ts");

function notebook(...sources: string[]): Notebook {
  const cells = sources.map((source, index) => ({
    cell_type: "code",
    id: `cell-${index}`,
    metadata: {},
    source,
    outputs: [],
    execution_count: null,
  }));
  return parseNotebook(JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }), "generated.ipynb");
}

/** What a cell's outputs say, in order. */
function texts(outputs: Output[]): string[] {
  return outputs.map((output) => {
    if (output.output_type === "stream") return output.text;
    if (output.output_type === "error") return `${output.ename}: ${output.evalue}`;
    return String(output.data["text/plain"]);
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The newest Deno, if npm has it for this machine or a cache does. */
async function newestDeno(): Promise<string | undefined> {
  const env = { npm_config_fetch_retries: "0", npm_config_prefer_offline: "true" };
  const script = ["-y", `deno@${NEWEST}`, "eval", "console.log(Deno.execPath())"];
  const { code, stdout } = await runCommand("npx", script, { env });
  return code === 0 ? stdout.trim() : undefined;
}

if (!("Deno" in globalThis)) {
  it.skip("notebooks on the kernel (skipped: only Deno starts Deno's kernel)", () => {});
} else {
  const folder = mkdtempSync(join(tmpdir(), "interleave-notebooks-"));
  const path = join(folder, "generated.ipynb");
  const newest = await newestDeno();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (cells: string[], options: { deno?: string; cellLimitSeconds?: number } = {}) => {
    const { cells: done } = await executeNotebook(notebook(...cells), {
      path,
      argv: denoKernel(options.deno ?? Deno.execPath()),
      cellLimitSeconds: options.cellLimitSeconds,
    });
    return (done as CodeCell[]).map((cell) => texts(cell.outputs));
  };

  for (const [name, deno] of [["this Deno", Deno.execPath()], [`Deno ${NEWEST}`, newest]] as const) {
    describe(`notebooks on ${name}`, () => {
      const test = deno === undefined ? it.skip : it;
      const skipped = deno === undefined ? ` (skipped: npm does not have Deno ${NEWEST} here)` : "";

      test(`finds each of 50 x 20 outputs in its cell${skipped}`, async () => {
        const cells = Array.from(
          { length: 50 },
          (_, c) => `for (let i = 0; i < 20; i++) await show("${c}." + i);`,
        );
        const outputs = await run([`import { show } from ${JSON.stringify(SHOW)};`, ...cells], { deno });
        expect(outputs.slice(1)).toEqual(cells.map((_, c) => Array.from({ length: 20 }, (_, i) => `${c}.${i}`)));
      });

      test(`tells of each cell how long it took, and when it showed a figure${skipped}`, async () => {
        const wait = (ms: number) => `await new Promise((resolve) => setTimeout(resolve, ${ms}));`;
        const figure = `await Deno.jupyter.display({ "image/png": "iVBORw0KGgo=" }, { raw: true });`;
        const times: CellTime[] = [];
        await executeNotebook(notebook("await 1;", wait(50) + figure + wait(2000) + figure), {
          ...{ path, argv: denoKernel(deno ?? Deno.execPath()), onTime: (time) => times.push(time) },
        });
        expect(times.map(({ cellNumber, figureSeconds }) => [cellNumber, figureSeconds !== undefined])).toEqual([
          [1, false],
          [2, true],
        ]);
        const { seconds, figureSeconds = 0 } = times[1];
        expect(figureSeconds).toBeGreaterThan(0.045);
        // The first figure's time, not the last one's; on a busy machine it may be heard of late.
        expect(seconds - figureSeconds).toBeGreaterThan(0.2);
      });

      test(`keeps values, streams, the last state of a display, and no progress${skipped}`, async () => {
        const outputs = await run([
          `import { withProgress } from ${JSON.stringify(PROGRESS)};\nimport { show } from ${JSON.stringify(SHOW)};`,
          `console.log("a"); console.log("b");`,
          `const x: number = 41; x + 1`,
          `await Deno.jupyter.display({ "text/plain": "old" }, { raw: true, display_id: "d" });`,
          `await Deno.jupyter.display({ "text/plain": "new" }, { raw: true, display_id: "d", update: true });`,
          `await withProgress("work", 4, async (tick) => {
             for (let i = 1; i <= 4; i++) {
               await new Promise((resolve) => setTimeout(resolve, 250));
               await tick(i);
             }
           });
           await show({ n: 1n });`,
        ], { deno });
        expect(outputs).toEqual([[], ["a\nb\n"], ["42"], ["new"], [], ["{ n: 1n }"]]);
      });
    });
  }

  describe("a cell that fails", () => {
    const failing: Record<string, [source: string, reason: RegExp]> = {
      "with an error": ['const a = 1;\nthrow new TypeError("bad value");', /cell 2: TypeError: bad value/],
      "with a syntax error": ["const a = ;", /cell 2: .*Expression expected/s],
      "by ending the kernel": ["Deno.exit(3);", /cell 2: the kernel ended with code 3/],
      "by its time": ["while (true) {}", /cell 2: it ran longer than 1 s/],
    };
    for (const [name, [source, reason]] of Object.entries(failing)) {
      it(`stops the notebook ${name}, and shows its source`, async () => {
        const failure = await run(["1", source, "2"], { cellLimitSeconds: 1 }).catch((error) => error);
        expect(failure).toBeInstanceOf(CellFailure);
        expect(failure.message).toMatch(reason);
        expect(failure.message).toContain(` 1 | ${source.split("\n")[0]}`);
      });
    }
  });

  it("a kernel that does not start says why", async () => {
    const script = join(folder, "no_kernel.ts");
    writeFileSync(script, 'console.error("no such luck"); Deno.exit(7);');
    const failure = await KernelClient.start({ argv: [Deno.execPath(), "run", script], cwd: folder }).catch((e) => e);
    expect(failure.message).toMatch(/did not start: ended with code 7.*no such luck/s);
  });

  it("VS Code finds the kernel by .env in the folder that is open, and starts it beside the notebook", async () => {
    writeKernelspec((await keepDeno()).deno);
    const [, folder] = readFileSync(join(PROJECT, ".env"), "utf8").match(/^JUPYTER_PATH=(.*)$/m)!;
    const { argv, env } = JSON.parse(readFileSync(join(folder, "kernels", "deno", "kernel.json"), "utf8"));
    const kernel = await KernelClient.start({ argv, env, cwd: join(PROJECT, "notebooks") });
    try {
      const said: string[] = [];
      const source = `import { PROFILES } from "interleave";\nconsole.log(PROFILES.length > 0);`;
      await kernel.execute(source, { onMessage: ({ content }) => said.push(content.text) });
      expect(said.join("")).toBe("true\n");
    } finally {
      await kernel.shutdown();
    }
  });

  it("a kernel ends with the process that started it, even while it computes", async () => {
    const kernel = await KernelClient.start({ argv: kernelspec(Deno.execPath()).argv, cwd: PROJECT });
    const said: string[] = [];
    await kernel.execute("console.log(Deno.pid)", { onMessage: (message) => said.push(message.content.text) });
    const inner = Number(said.join(""));
    kernel.execute("for (;;);").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(isAlive(inner)).toBe(true);
    kernel.kill();
    const deadline = performance.now() + 20_000;
    while (isAlive(inner) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isAlive(inner)).toBe(false);
  });

  describe("interrupts", () => {
    const endless: Record<string, string> = {
      "a computation": "while (true) {}",
      "a computation after an await": "await 0; while (true) {}",
      "turns of a timer": "for (;;) await new Promise((resolve) => setTimeout(resolve, 1));",
      "turns without a timer": "for (;;) { const t = Date.now(); while (Date.now() < t + 20); await 0; }",
      "a promise that nobody settles": "await new Promise(() => {});",
      "a worker": `const w = new Worker("data:text/javascript,for(;;);", { type: "module" });
        await new Promise((resolve) => w.onmessage = resolve);`,
      "work that begins after a first stop was caught": `import { stoppable } from ${JSON.stringify(STOP)};
        await stoppable(() => new Promise(() => {})).catch(() => {});
        await stoppable(() => new Promise(() => {}));`,
      "threads of this computer": "for (;;) await threads(racy, { cpus: 2, durationMs: 200 });",
    };
    for (const [name, source] of Object.entries(endless)) {
      const lacking = source.includes("threads") && !threadsAvailable().available;
      const test = lacking ? it.skip : it;
      test(`stop ${name}; what cells made is still there${lacking ? " (skipped: one CPU)" : ""}`, async () => {
        const kernel = await KernelClient.start({ argv: kernelspec(Deno.execPath()).argv, cwd: PROJECT });
        try {
          await kernel.execute(source.includes("threads") ? LISTING : "const kept = 42;");
          const errors: string[] = [];
          const execution = kernel.execute(source, {
            onMessage: (message) => message.header.msg_type === "error" && errors.push(message.content.ename),
          });
          await new Promise((resolve) => setTimeout(resolve, 500));
          await kernel.interrupt();
          expect((await execution).status).toBe("error");
          expect(errors).toEqual(["Stopped"]);
          const said: string[] = [];
          await kernel.execute("console.log(kept)", { onMessage: (message) => said.push(message.content.text) });
          expect(said).toEqual(["42\n"]);
        } finally {
          await kernel.shutdown();
        }
      });
    }
  });
}
