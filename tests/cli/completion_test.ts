/** The scripts of `completion`, asked by the shells themselves where they are there. */
import { describe, expect, it } from "vitest";
import { allCommands, completionScript, SHELLS } from "../../lib/cli/completion.ts";
import { COMMANDS } from "../../lib/cli/commands.ts";
import { runCommand } from "../../lib/host/run_command.ts";

const commands = await allCommands();
const has = async (shell: string) => (await runCommand(shell, ["-c", "exit 0"]))?.status === 0;
const lacking = new Map(await Promise.all(SHELLS.map(async (shell) => [shell, !await has(shell)] as const)));

/** What bash offers for a command line whose last word is being written. */
async function offered(...words: string[]): Promise<string[]> {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const script = `${completionScript("bash", commands)}
COMP_WORDS=(interleave ${quoted}); COMP_CWORD=${words.length}; _interleave; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const ran = await runCommand("bash", ["-c", script]);
  expect(ran?.stderr).toBe("");
  return ran!.stdout.split("\n").filter((line) => line !== "");
}

describe("completion", () => {
  it("knows every command and option", () => {
    expect(commands.map(({ name }) => name)).toEqual(COMMANDS.map(({ name }) => name));
    const simulate = commands.find(({ name }) => name === "simulate")!;
    expect(simulate.options.flatMap(({ flags }) => flags)).toContain("--cpus");
    for (const shell of SHELLS) {
      const script = completionScript(shell, commands);
      for (const { name, options } of commands) {
        expect(script).toContain(name);
        for (const { flags } of options) {
          for (const flag of flags) expect(script).toContain(shell === "fish" ? flag.replace(/^-+/, "") : flag);
        }
      }
    }
  });

  const inBash = async () => {
    expect(await offered("sim")).toEqual(["simulate"]);
    expect(await offered("simulate", "--cp")).toEqual(["--cpus"]);
    expect(await offered("completion", "")).toEqual([...SHELLS]);
    expect(await offered("simulate", "x.bpf.c", "--mcpu", "v")).toEqual(["v1", "v2", "v3", "v4"]);
    expect(await offered("verify", "deno.j")).toEqual(["deno.json"]);
  };
  if (lacking.get("bash")) it.skip("completes in bash (skipped: no bash is here)", inBash);
  else it("completes in bash", inBash);

  for (const shell of ["zsh", "fish"] as const) {
    const test = async () => {
      const script = completionScript(shell, commands).replace(/^compdef .*$/m, "");
      const ran = await runCommand(shell, shell === "fish" ? ["--no-execute", "-c", script] : ["-n", "-c", script]);
      expect([ran?.status, ran?.stderr]).toEqual([0, ""]);
    };
    if (lacking.get(shell)) it.skip(`is read by ${shell} (skipped: no ${shell} is here)`, test);
    else it(`is read by ${shell}`, test);
  }
});
