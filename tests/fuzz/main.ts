/**
 * `deno task fuzz [--cases N] [--seed N] [--seconds N] [--case N]`: damaged byte code, object files, and files of every
 * other kind that a reader hands over.
 *
 * The seed is printed first; `--seed S --case N` runs one case again. Ends with status 1 when a case breaks a rule,
 * does not end, or ends the process that it runs in.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { FuzzCases } from "./cases.ts";

/** A case that takes longer is taken for one that never ends. Verifying a million instructions takes some seconds. */
const STUCK_MS = 120_000;
/** A case that wants more memory than this ends its process. */
const MEMORY_MB = 3000;

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "120000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    seconds: { type: "string", default: "600" },
    case: { type: "string" },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}`);

if (values.case !== undefined) {
  const number = Number(values.case), fuzz = await FuzzCases.of(seed);
  writeFileSync("damaged.bin", fuzz.bytes(number));
  console.log(`case ${number}, written to damaged.bin: ${await fuzz.run(number)}`);
} else {
  process.exitCode = await runAll();
}

/** Runs all cases; gives the exit status. */
async function runAll(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "interleave-fuzz-")), progress = join(folder, "case");
  writeFileSync(progress, new Uint8Array(4));
  const script = fileURLToPath(new URL("./worker.ts", import.meta.url));
  const flags = ["run", "-A", "--no-check", `--v8-flags=--max-old-space-size=${MEMORY_MB}`];
  const worker = spawn(process.execPath, [...flags, script, values.seed, values.cases, values.seconds, progress], {
    stdio: "inherit",
  });
  const caseAtHand = () => readFileSync(progress).readInt32LE(0);
  let last = -1, since = performance.now();
  const timer = setInterval(() => {
    const now = caseAtHand();
    if (now !== last) [last, since] = [now, performance.now()];
    else if (performance.now() - since > STUCK_MS) {
      console.error(`case ${now} does not end`);
      worker.kill("SIGKILL");
    }
  }, 500);
  const status = await new Promise<number>((resolve) => worker.on("exit", (code) => resolve(code ?? 1)));
  clearInterval(timer);
  if (status !== 0) console.error(`\ndeno task fuzz --seed ${seed} --case ${caseAtHand()}`);
  rmSync(folder, { recursive: true });
  return status === 0 ? 0 : 1;
}
