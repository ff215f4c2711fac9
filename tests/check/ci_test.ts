/** What stands in CI: the steps of action.yml, and of the container file as far as a shell can take them. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const project = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(project, path), "utf8");
const isDeno = process.versions.deno !== undefined;
const why = isDeno ? "" : " (skipped: the command line runs under Deno)";
const progs = "tests/check/progs";

/** The shell lines of action.yml, with this Deno in the place of the one that npx fetches. */
const script = () => {
  const action = read("action.yml"), lines = action.slice(action.indexOf("run: |")).split("\n").slice(1);
  return lines.map((line) => line.slice(8)).join("\n").replace("npx -y deno@2.8.1", `"${process.execPath}"`);
};

describe("action.yml" + why, () => {
  if (!isDeno) return void it.skip("runs", () => {});
  const run = (files: string, more: Record<string, string> = {}) => {
    const folder = mkdtempSync(join(tmpdir(), "action-")),
      output = join(folder, "out"),
      sarif = join(folder, "x.sarif");
    const { status, stdout } = spawnSync("bash", ["-e", "-c", script()], {
      cwd: project,
      encoding: "utf8",
      env: {
        ...process.env,
        ...{ FILES: files, ARGUMENTS: "", SARIF: sarif, UNDECIDED: "pass", INTERLEAVE: project, GITHUB_OUTPUT: output },
        ...more,
      },
    });
    const told = readFileSync(output, "utf8").trim();
    const results = status === 2 ? [] : JSON.parse(readFileSync(sarif, "utf8")).runs[0].results;
    rmSync(folder, { recursive: true });
    return { status, stdout, told, results: results.length };
  };

  it("fails for a race, with the text in the log and the findings as SARIF", () => {
    const { stdout, ...rest } = run(`${progs}/rules.bpf.c`, { ARGUMENTS: "--programs plain_counter,atomic_counter" });
    expect(rest).toEqual({ status: 1, told: "status=1", results: 1 });
    expect(stdout).toMatch(/^error\[lost-update\]/);
  });

  it("passes where nothing is found, and as it is told where nothing is decided", () => {
    expect(run(`${progs}/rules.bpf.c`, { ARGUMENTS: "--programs atomic_counter" }).status).toBe(0);
    const possible = { ARGUMENTS: "--programs plain_counter --no-witnesses" };
    expect(run(`${progs}/rules.bpf.c`, possible)).toMatchObject({ status: 0, told: "status=3", results: 1 });
    expect(run(`${progs}/rules.bpf.c`, { ...possible, UNDECIDED: "fail" }).status).toBe(3);
  });

  it("fails for bad input", () => expect(run("none_such.o")).toMatchObject({ status: 2, told: "status=2" }));

  it("gives every input that its script takes", () => {
    const action = read("action.yml");
    for (const name of ["files", "arguments", "sarif", "undecided"]) {
      expect(action).toMatch(new RegExp(`^  ${name}:$`, "m"));
      expect(action).toContain(`\${{ inputs.${name} }}`);
    }
  });
});

describe("the container file" + why, () => {
  if (!isDeno) return void it.skip("runs", () => {});
  it("copies all that a check of an object needs", () => {
    const file = read(".ci/Containerfile"), image = mkdtempSync(join(tmpdir(), "image-"));
    for (const [, what] of file.matchAll(/^COPY (.*) \S+$/gm)) {
      for (const one of what.split(" ")) cpSync(join(project, one), join(image, one), { recursive: true });
    }
    // What `deno install` puts there.
    symlinkSync(join(project, "node_modules"), join(image, "node_modules"));
    const entry: string[] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(file)![1]);
    expect(entry[0]).toBe("deno");
    const args = entry.slice(1).map((one) => one.replace(/^\/interleave/, image));
    const object = join(image, "notebooks/progs/objects");
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...args, "check", "--table", ...raceObject(object)],
      {
        encoding: "utf8",
      },
    );
    rmSync(image, { recursive: true });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^counter {2}\(\.bss\)$/m);
  });
});

function raceObject(folder: string): string[] {
  const { stdout } = spawnSync("ls", [folder], { encoding: "utf8" });
  return stdout.split("\n").filter((name) => /^race\..*\.o$/.test(name)).slice(0, 1).map((name) => join(folder, name));
}
