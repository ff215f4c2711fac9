import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withLock } from "../../lib/host/lock.ts";

const nothing = () => {};

async function inFolder(test: (lock: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "interleave-lock-"));
  await test(join(folder, "lock"));
  await rm(folder, { recursive: true });
}

describe("the lock around a download", () => {
  it("lets one task in at a time", () =>
    inFolder(async (lock) => {
      let inside = 0, most = 0, done = 0;
      const task = async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inside--;
        done++;
      };
      await Promise.all([1, 2, 3].map(() => withLock(lock, task, nothing)));
      expect([most, done]).toEqual([1, 3]);
    }));

  it("is given back when the task fails", () =>
    inFolder(async (lock) => {
      const failing = withLock(lock, () => Promise.reject(new Error("no network")), nothing);
      await expect(failing).rejects.toThrow("no network");
      expect(await withLock(lock, () => Promise.resolve("second try"), nothing)).toBe("second try");
    }));

  it("is taken over from a process that is gone", () =>
    inFolder(async (lock) => {
      await mkdir(lock);
      await writeFile(join(lock, "pid"), "999999999");
      const minuteAgo = new Date(Date.now() - 60_000);
      await utimes(lock, minuteAgo, minuteAgo);
      expect(await withLock(lock, () => Promise.resolve("mine"), nothing)).toBe("mine");
    }));
});
