/* Each task's command line. No task runs here: what is given is refused first, or asks for help. */
import * as commander from "commander";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { projectFolder } from "../../lib/compile/folders.ts";
import { command as book } from "../../lib/tasks/book/build.ts";
import { command as serve } from "../../lib/tasks/serve/serve.ts";
import { command as clean } from "../../lib/tasks/clean.ts";
import { command as doctor } from "../../lib/tasks/lab/doctor.ts";
import { command as start } from "../../lib/tasks/lab/start.ts";
import { command as npm } from "../../lib/tasks/npm/build.ts";
import { command as objects } from "../../lib/tasks/rebuild_objects.ts";
import { command as record } from "../../lib/tasks/record.ts";
import { command as askKernels } from "../../lib/tasks/ask_kernels/main.ts";
import { command as run, describeTimes } from "../../lib/tasks/run.ts";
import { command as scenarios } from "../../lib/tasks/scenarios/main.ts";
import { runCommand } from "../../lib/host/run_command.ts";
import { type Commander, wholeNumber } from "../../lib/tasks/task.ts";

const TASKS = { start, doctor, run, book, serve, clean, objects, record, "ask-kernels": askKernels, npm, scenarios };

/** What a task says to some arguments, and its exit code; the task itself is replaced. */
async function answer(command: (commander: Commander) => commander.Command, args: readonly string[]) {
  let said = "", given: Record<string, unknown> | undefined;
  const write = (text: string) => said += text;
  const task = command(commander).exitOverride().configureOutput({ writeOut: write, writeErr: write });
  task.action(() => {
    given = task.opts();
  });
  try {
    await task.parseAsync([...args], { from: "user" });
    return { said, given, code: 0 };
  } catch (error) {
    return { said, given, code: (error as commander.CommanderError).exitCode };
  }
}

describe("every task", () => {
  for (const [name, command] of Object.entries(TASKS)) {
    it(`${name} says what it does when it is asked for help`, async () => {
      const { said, code } = await answer(command, ["--help"]);
      expect(said).toMatch(new RegExp(`^Usage: deno task ${name} \\[options\\][^]*\\.\n[^]*-h, --help`));
      expect(code).toBe(0);
    });

    it(`${name} refuses an option that it has not`, async () => {
      const { said, given, code } = await answer(command, ["--hepl"]);
      expect(said).toBe("error: unknown option '--hepl'\n(Did you mean --help?)\n");
      expect([given, code]).toEqual([undefined, 1]);
    });
  }

  it("is a task of deno.json", () => {
    const { tasks } = JSON.parse(readFileSync(join(projectFolder!, "deno.json"), "utf8"));
    expect(Object.keys(TASKS).filter((name) => !(name in tasks))).toEqual([]);
  });
});

describe("options", () => {
  it("of start: a port, nothing opened, nothing started", async () => {
    expect((await answer(start, [])).given).toEqual({ browser: true });
    const { given } = await answer(start, [
      "--no-browser",
      "--port",
      "8899",
      "--setup-only",
      "--python=/usr/bin/python3",
    ]);
    expect(given).toEqual({ browser: false, port: 8899, setupOnly: true, python: "/usr/bin/python3" });
    expect((await answer(start, ["--port", "99999"])).said).toContain("It takes a whole number from 1 to 65535.");
    expect((await answer(start, ["--no-browsr"])).said).toContain("Did you mean --no-browser?");
    expect((await answer(start, ["lesson.ipynb"])).code).toBe(1);
  });

  it("of run: times count from the first cell to the first figure", () => {
    const times = [
      { cellNumber: 2, seconds: 1.25 },
      { cellNumber: 5, seconds: 3, figureSeconds: 0.5 },
      { cellNumber: 7, seconds: 4, figureSeconds: 0.1 },
    ];
    expect(describeTimes("a.ipynb", times).split("\n")).toEqual([
      "a.ipynb: first figure after 1.8 s",
      "  cell 2       1.3 s",
      "  cell 5       3.0 s   figure after 0.5 s",
      "  cell 7       4.0 s   figure after 0.1 s",
    ]);
    expect(describeTimes("b.ipynb", times.slice(0, 1)).split("\n")[0]).toBe("b.ipynb: no figure");
  });

  it("of run: defaults, and notebooks beside options", async () => {
    expect((await answer(run, [])).given).toEqual({ jobs: 1, limit: 120, deno: process.execPath });
    const { given } = await answer(run, ["a.ipynb", "--check", "--out", "here", "--jobs", "2", "b.ipynb"]);
    expect(given).toMatchObject({ check: true, out: "here", jobs: 2 });
    expect((await answer(run, ["--jobs", "0"])).said).toContain("It takes a whole number from 1.");
  });

  it("of objects: those that are missing", async () => {
    expect((await answer(objects, ["--missing"])).given).toEqual({ missing: true });
  });

  it("that take a whole number take no other", () => {
    const port = wholeNumber(commander, 1, 65535);
    expect(["1", "65535"].map(port)).toEqual([1, 65535]);
    for (const text of ["0", "65536", "", " ", "1.5", "-1", "1e3", "0x10", "ten"]) {
      expect(() => port(text)).toThrow("whole");
    }
  });
});

describe("a task's process", () => {
  const deno = "Deno" in globalThis;
  const exitOf = (file: string, ...args: string[]) =>
    runCommand(process.execPath, ["run", "-A", "--no-check", `lib/tasks/${file}`, ...args], { cwd: projectFolder });
  const title = "ends with 0 after help, with 2 after bad input, and says which";
  const test = async () => {
    expect(await exitOf("lab/start.ts", "--help")).toMatchObject({ status: 0, stderr: "" });
    const wrong = await exitOf("rebuild_objects.ts", "--mising");
    expect(wrong).toMatchObject({ status: 2, stdout: "" });
    expect(wrong!.stderr).toContain("(Did you mean --missing?)\n(add --help for more)");
    expect(await exitOf("run.ts", "no_such.ipynb")).toMatchObject({
      status: 2,
      stderr: "no_such.ipynb: no such notebook\n",
    });
  };
  if (deno) it(title, test);
  else it.skip(`${title} (skipped: tasks run on Deno)`, test);
});
