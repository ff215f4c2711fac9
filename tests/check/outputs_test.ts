/** What check prints and writes: text as compilers do, JSON, SARIF, JUnit; exit statuses of the command line. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findRaces } from "../../lib/check/find_races.ts";
import { racesJunit, racesSarif } from "../../lib/check/race_json.ts";
import { racesText } from "../../lib/check/race_text.ts";
import { parseHolds } from "../../lib/cli/holds.ts";
import { bpf } from "../../lib/compile/bpf.ts";

const path = fileURLToPath(new URL("./progs/rules.bpf.c", import.meta.url));
const rules = await bpf.file(path);
const plain = await findRaces(rules, { programs: ["plain_counter"] });
const right = await findRaces(rules, { programs: ["atomic_counter"] });

describe("the text", () => {
  const text = racesText(plain);
  it("points at the line, says why, how to repair it, and the schedule", () => {
    expect(text).toMatch(/^error\[lost-update\]: counter is read, changed and written back in steps/);
    expect(text).toMatch(/--> rules\.bpf\.c:\d+:\d+, in plain_counter/);
    expect(text).toMatch(/\^+ reads, writes back what it computed of it/);
    expect(text).toContain("__sync_fetch_and_add(&counter, 1);");
    expect(text).toMatch(/witness: plain_counter once on CPUs 0 and 1/);
    expect(text).toMatch(/1 race: 1 confirmed by a search, 0 possible in 1 program\n$/);
  });

  it("has carets under the statement, tabs or not", () => {
    const lines = text.split("\n"), at = lines.findIndex((line) => line.includes("^^"));
    expect(lines[at].indexOf("^")).toBe(lines[at - 1].search(/int plain_counter|counter \+= 1/));
  });

  it("is coloured only where it is asked for", () => {
    // deno-lint-ignore no-control-regex -- escape sequences are what is looked for
    expect([/\x1b/.test(text), /\x1b\[1;31m/.test(racesText(plain, true))]).toEqual([false, true]);
  });

  it("says that nothing was found", () => expect(racesText(right)).toBe("rules.bpf.c: no race found in 1 program\n"));
});

describe("data", () => {
  it("has a schema, and is the same each time", async () => {
    const again = await findRaces(rules, { programs: ["plain_counter"] });
    expect(JSON.stringify(again)).toBe(JSON.stringify(plain));
    expect(plain.toJSON()).toMatchObject({
      schema: 1,
      exitCode: 1,
      findings: [{ name: "lost-update", state: "confirmed" }],
    });
  });

  it("is SARIF 2.1.0: rules, places, levels, fingerprints", () => {
    const sarif = racesSarif([plain, right]) as { version: string; runs: { tool: unknown; results: unknown[] }[] };
    expect(sarif.version).toBe("2.1.0");
    expect(sarif.runs[0].tool).toMatchObject({ driver: { name: "interleave", rules: [{ id: "lost-update" }] } });
    expect(sarif.runs[0].results).toMatchObject([{ ruleId: "lost-update", ruleIndex: 0, level: "error" }]);
  });

  it("is JUnit's XML, a failure for what is confirmed", () => {
    const xml = racesJunit([plain, right]);
    expect(xml).toContain('<testsuite name="rules.bpf.c" tests="1" failures="1">');
    expect(xml).toContain('<testsuite name="rules.bpf.c" tests="1" failures="0">');
    expect(xml).toMatch(/<failure type="lost-update" message="[^"<&]*(&#\d+;[^"<&]*)*"\/>/);
  });
});

describe("an expression for --holds", () => {
  const state = { counter: 2n, "stats[1].packets": 40n, name: "ff" };
  const cases: readonly [string, boolean][] = [
    ["counter == 2", true],
    ["counter + 1 == 3 && !(counter > 2)", true],
    ["stats[1].packets >= 41 || counter * 2 - 4 == 0", true],
    ["counter == 1 || counter % 2 == 1", false],
    ["2 + 3 * 2 == 8", true],
    ["-counter < 0", true],
  ];
  for (const [text, expected] of cases) it(text, () => expect(parseHolds(text)(state)).toBe(expected));

  it("is refused where it is none", () => {
    for (const text of ["", "counter ==", "(counter", "counter; 1", "counter 2", "process.exit(1)"]) {
      expect(() => parseHolds(text)(state), text).toThrow();
    }
  });

  it("names a value that is not there", () => {
    expect(() => parseHolds("countr == 2")(state)).toThrow("did you mean counter?");
    expect(() => parseHolds("name == 2")(state)).toThrow("name is no number");
  });
});

const isDeno = process.versions.deno !== undefined;
const why = isDeno ? "" : " (skipped: the command line runs under Deno)";

describe("the command line" + why, () => {
  if (!isDeno) return void it.skip("runs", () => {});
  const cli = fileURLToPath(new URL("../../lib/cli.ts", import.meta.url));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ["run", "-A", "--no-check", cli, ...args], { encoding: "utf8" });

  it("exits 0, 1, 2 or 3", () => {
    expect(run("check", path, "--programs", "atomic_counter").status).toBe(0);
    expect(run("check", path, "--programs", "plain_counter").status).toBe(1);
    expect(run("check", "no_such_file.o").status).toBe(2);
    expect(run("check", path, "--programs", "none_such").status).toBe(2);
    expect(run("check", path, "--programs", "plain_counter", "--no-witnesses").status).toBe(3);
  });

  it("leaves out what a baseline holds", () => {
    const folder = mkdtempSync(join(tmpdir(), "baseline-")), file = join(folder, "known.json");
    const found = run("check", path, "--programs", "plain_counter,plain_narrow", "--json");
    writeFileSync(file, found.stdout);
    expect(JSON.parse(readFileSync(file, "utf8")).objects[0].findings).toHaveLength(2);
    expect(run("check", path, "--programs", "plain_counter", "--baseline", file).status).toBe(0);
    expect(run("check", path, "--programs", "slot_of_anything", "--baseline", file).status).not.toBe(0);
    writeFileSync(file, "{}");
    expect(run("check", path, "--baseline", file).status).toBe(2);
    rmSync(folder, { recursive: true });
  });

  it("explore exits by what is expected", () => {
    const explore = (...args: string[]) => run("explore", path, "--programs", "plain_counter", ...args).status;
    expect(explore("--expect", "never")).toBe(1);
    expect(explore("--expect", "sometimes")).toBe(0);
    expect(explore("--holds", "counter >= 1")).toBe(0);
    expect(explore("--holds", "counter == 2")).toBe(1);
    expect(explore("--expect", "never", "--states", "1")).toBe(3);
    expect(explore("--holds", "counter ==")).toBe(2);
  });
});
