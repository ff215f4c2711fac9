/**
 * `deno task coverage [--report] [FOLDER...]`: how much of lib/ the tests run, line by line: all of it, room by room, and the ten files of which
 * they run least. Deno counts what runs in its own process: neither workers (threads, sweeps, the kernel's threads) nor
 * commands and kernels that tests start. `--report` runs nothing: `deno task test --coverage=artifacts/coverage` did.
 */
import { rmSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { textTable } from "../lib/report/text_table.ts";

const PROFILES = "artifacts/coverage";
const LIB = new URL("../lib/", import.meta.url);
const LEAST = 10;

interface Count {
  readonly file: string;
  readonly lines: number;
  readonly run: number;
}

function deno(stdout: "inherit" | "piped", ...args: string[]): { code: number; output: string } {
  const done = new Deno.Command(Deno.execPath(), { args, stdout, stderr: "inherit" }).outputSync();
  return { code: done.code, output: stdout === "piped" ? new TextDecoder().decode(done.stdout) : "" };
}

/** Of each file of lib/, from a report in the form of lcov. */
export function readLcov(report: string, folder: string): Count[] {
  return report.split("end_of_record").flatMap((record) => {
    const file = /^SF:(.*)$/m.exec(record)?.[1];
    if (!file?.startsWith(folder)) return [];
    const number = (name: string) => Number(new RegExp(`^${name}:(\\d+)$`, "m").exec(record)?.[1] ?? 0);
    return [{ file: file.slice(folder.length), lines: number("LF"), run: number("LH") }];
  });
}

const sum = (name: string, counts: readonly Count[]): Count => ({
  file: name,
  lines: counts.reduce((total, { lines }) => total + lines, 0),
  run: counts.reduce((total, { run }) => total + run, 0),
});
const share = ({ lines, run }: Count): number => lines === 0 ? 1 : run / lines;
const rows = (counts: readonly Count[]): string[][] =>
  counts.map((count) => [count.file, `${(100 * share(count)).toFixed(1)} %`, String(count.lines - count.run)]);

function runTests(paths: readonly string[]): number {
  rmSync(PROFILES, { recursive: true, force: true });
  const raw = [`--coverage=${PROFILES}`, "--coverage-raw-data-only"];
  return deno("inherit", "test", "-A", "--no-check", ...raw, ...paths).code;
}

if (import.meta.main) {
  const asked = process.argv.slice(2), paths = asked.filter((word) => word !== "--report");
  const code = asked.includes("--report") ? 0 : runTests(paths.length > 0 ? paths : ["tests/"]);
  const counts = readLcov(deno("piped", "coverage", "--lcov", "--quiet", PROFILES).output, fileURLToPath(LIB));
  const rooms = [...new Set(counts.map(({ file }) => file.split("/")[0]))].sort()
    .map((room) => sum(`lib/${room}`, counts.filter(({ file }) => file.split("/")[0] === room)));
  const least = counts.toSorted((a, b) => share(a) - share(b)).slice(0, LEAST);
  console.log(`\n${textTable(["lib/", "lines run", "not run"], rows([sum("all", counts), ...rooms]))}`);
  console.log(`\n${textTable(["least of", "lines run", "not run"], rows(least))}`);
  console.log("\nNot counted: what runs in workers, and in commands and kernels that tests start.");
  process.exit(code);
}
