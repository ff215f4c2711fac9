/** CONTRIBUTING's ways to share out a sweep, run as they stand there with engines that only do what an engine promises. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { projectFolder } from "../../lib/compile/folders.ts";
import { runCommand } from "../../lib/host/run_command.ts";

const SHARDS = 2;
const text = readFileSync(join(projectFolder!, "CONTRIBUTING.md"), "utf8").split("## Large sweeps and searches\n")[1];
/** The same on a small scale: fewer seeds, fewer shards. */
const small = (command: string): string =>
  command.replace("1..100000", "1..6").replace("/8 ", `/${SHARDS} `).replace("seq 8", `seq ${SHARDS}`)
    .replace("--array=1-8", `--array=1-${SHARDS}`);
const [, sweep] = /`(SWEEP=".*")`/.exec(text)!;
const shell = (marker: string): string => small(text.split("\n").find((line) => line.startsWith(marker))!);
/** What a YAML reader makes of the folded block: lines joined by spaces. */
const kubernetes = small(/>-\n((?: {16}.*\n)+)/.exec(text)![1].trim().replace(/\s+/g, " "));
const merge = shell("npx");

const ENGINES: Readonly<Record<string, string>> = {
  npx: 'shift 2\ncd "$PROJECT" && exec "$DENO" "$@"', // -y deno@VERSION
  parallel: `command=$1; shift 2
for job; do sh -c "$(printf %s "$command" | sed "s/{}/$job/g")" || exit; done`,
  sbatch: `count=\${1#--array=1-}
for id in $(seq "$count"); do SLURM_ARRAY_TASK_ID=$id SLURM_ARRAY_TASK_COUNT=$count sh -c "$3" || exit; done`,
};
const WAYS: Readonly<Record<string, string>> = {
  "GNU parallel": `${small(sweep)}\n${shell("parallel")}`,
  "a Slurm array": `${small(sweep)}\n${shell("sbatch")}`,
  "an indexed Kubernetes Job": Array.from(
    { length: SHARDS },
    (_, index) => `JOB_COMPLETION_INDEX=${index} sh -c '${kubernetes.replace("/results/", "./")}'`,
  ).join(" && "),
};

/** Why it cannot run here. */
const missing = !("Deno" in globalThis)
  ? "it runs the project's tasks"
  : process.platform === "win32"
  ? "its commands are for a Unix shell"
  : undefined;

describe("a sweep shared out as CONTRIBUTING says", () => {
  for (const [name, commands] of Object.entries(WAYS)) {
    const share = async () => {
      const folder = mkdtempSync(join(tmpdir(), "interleave shards "));
      try {
        const bin = join(folder, "bin");
        mkdirSync(bin);
        for (const [engine, script] of Object.entries(ENGINES)) {
          writeFileSync(join(bin, engine), `#!/bin/sh\n${script}\n`);
          chmodSync(join(bin, engine), 0o755);
        }
        const env = {
          PATH: `${bin}${delimiter}${process.env.PATH}`,
          DENO: process.execPath,
          PROJECT: projectFolder!,
        };
        const run = async (script: string): Promise<string> => {
          const done = await runCommand("sh", ["-c", script], { cwd: folder, env });
          expect(done?.status, done?.stderr).toBe(0);
          return done!.stdout;
        };
        await run(commands);
        expect(readdirSync(folder).filter((file) => file.startsWith("shard-")).length).toBe(SHARDS);
        const files = merge.replace("shard-*.json", '"$PWD"/shard-*.json');
        const merged = await run(files);
        expect(merged).toMatch(/race\.bpf\.c/);
        expect(merged).toBe(await run(`${small(sweep)}; $SWEEP`));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    };
    const title = `gives by ${name} what one run gives`;
    if (missing) it.skip(`${title} (skipped: ${missing})`, share);
    else it(title, share);
  }
});
