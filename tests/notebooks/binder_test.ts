/** The image for Binder and JupyterHub is set up as `deno task start` sets the lab up. */
import { readFileSync, statSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { runCommand } from "../../lib/host/run_command.ts";
import { DENO_VERSION, PLACES, PROJECT } from "../../lib/tasks/lab/places.ts";

const folder = join(PROJECT, ".binder");

describe("the Binder configuration", () => {
  it("has the lab's Python packages, at the same versions", () => {
    const pins = (path: string) => readFileSync(path, "utf8").match(/[\w-]+==[\d.]+/g);
    expect(pins(join(folder, "environment.yml"))).toEqual(pins(PLACES.requirements.replace(/\.txt$/, ".in")));
  });

  const scripts = async () => {
    const bin = await mkdtemp(join(tmpdir(), "interleave binder "));
    try {
      for (const name of ["npx", "jupyter"]) {
        await writeFile(join(bin, name), '#!/bin/sh\necho "$@"\n');
        await chmod(join(bin, name), 0o755);
      }
      const options = { cwd: PROJECT, env: { PATH: `${bin}${delimiter}${process.env.PATH}`, JUPYTER_PATH: "" } };
      for (const name of ["postBuild", "start"]) expect(statSync(join(folder, name)).mode & 0o100).not.toBe(0);
      const built = await runCommand(join(folder, "postBuild"), [], options);
      const setUp = `-y deno@${DENO_VERSION} task start --setup-only --jupyter ${join(bin, "jupyter")}`;
      expect(built?.stdout.trim()).toBe(setUp);
      const started = await runCommand(join(folder, "start"), ["sh", "-c", 'echo "$JUPYTER_PATH"'], options);
      expect(started?.stdout.trim()).toBe(PLACES.jupyter);
    } finally {
      await rm(bin, { recursive: true, force: true });
    }
  };
  const name = "runs the lab's own set-up, and finds its kernel";
  if (process.platform === "win32") it.skip(`${name} (skipped: its scripts are for Linux)`, scripts);
  else it(name, scripts);
});
