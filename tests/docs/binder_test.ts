/** The image for Binder is set up as `deno task start` sets the lab up. */
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { projectFolder } from "../../lib/compile/folders.ts";
import { runCommand } from "../../lib/compile/run_command.ts";
import { DENO_VERSION, PLACES } from "../../lib/notebook/lab/places.ts";

const folder = join(projectFolder!, ".binder");

describe("the image for Binder", () => {
  it("has the Deno and the JupyterLab of the lab", async () => {
    const lines = (await readFile(join(folder, "requirements.txt"), "utf8")).split("\n");
    expect(lines).toContain(`deno==${DENO_VERSION}`);
    const included = lines.filter((line) => line.startsWith("-r ")).map((line) => join(folder, line.slice(3)));
    expect(included).toEqual([PLACES.requirements]);
  });

  const scripts = async () => {
    const bin = await mkdtemp(join(tmpdir(), "interleave binder "));
    try {
      for (const name of ["deno", "jupyter-lab"]) {
        await writeFile(join(bin, name), '#!/bin/sh\necho "$@"\n');
        await chmod(join(bin, name), 0o755);
      }
      const env = { PATH: `${bin}${delimiter}${process.env.PATH}`, REPO_DIR: projectFolder!, JUPYTER_PATH: "" };
      for (const name of ["postBuild", "start"]) expect((await stat(join(folder, name))).mode & 0o100).not.toBe(0);
      const built = await runCommand(join(folder, "postBuild"), [], { env });
      expect(built?.stdout.trim()).toBe(`task --quiet start --setup-only --jupyter ${join(bin, "jupyter-lab")}`);
      const started = await runCommand(join(folder, "start"), ["sh", "-c", 'echo "$JUPYTER_PATH"'], { env });
      expect(started?.stdout.trim()).toBe(PLACES.jupyter);
    } finally {
      await rm(bin, { recursive: true, force: true });
    }
  };
  const name = "runs the set-up of the lab, and finds its kernel";
  if (process.platform === "win32") it.skip(`${name} (skipped: its scripts are for Linux)`, scripts);
  else it(name, scripts);
});
