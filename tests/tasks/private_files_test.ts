/** The lab's address is a shell for whoever reads it: as another user nothing may be read, whatever was there before. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keepPrivate } from "../../lib/tasks/lab/private_files.ts";

const mode = (path: string) => statSync(path).mode & 0o777;

/** Reads a file as the user nobody; only root can try. */
const asNobody = (path: string) =>
  spawnSync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "cat", path], { encoding: "utf8" });
const canTry = process.getuid?.() === 0 && spawnSync("setpriv", ["--version"]).status === 0;

describe("keepPrivate", () => {
  const umask = process.umask();
  const top = mkdtempSync(join(tmpdir(), "interleave-private-"));
  const folder = join(top, ".jupyter"), runtime = join(folder, "runtime");
  const old = join(runtime, "jpserver-1-open.html"), fresh = join(runtime, "jpserver-2.json");

  beforeAll(() => {
    chmodSync(top, 0o755);
    process.umask(0o022);
    mkdirSync(runtime, { recursive: true });
    writeFileSync(old, "token");
    keepPrivate(folder);
    writeFileSync(fresh, "token");
  });
  afterAll(() => {
    process.umask(umask);
    rmSync(top, { recursive: true });
  });

  it("closes what an earlier start has left, and what is written from now on", () => {
    expect([folder, runtime].map(mode)).toEqual([0o700, 0o700]);
    expect([old, fresh].map(mode)).toEqual([0o600, 0o600]);
    expect(readFileSync(old, "utf8")).toBe("token");
  });

  (canTry ? it : it.skip)(
    `keeps other users out${canTry ? "" : " (skipped: only root can become another user)"}`,
    () => {
      for (const path of [old, fresh]) {
        const { status, stdout } = asNobody(path);
        expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      }
      chmodSync(folder, 0o755);
      chmodSync(runtime, 0o755);
      chmodSync(old, 0o644);
      expect(asNobody(old).stdout).toBe("token"); // what the test above would see if nothing were closed
    },
  );
});
