/** One process at a time: a folder that only one of them manages to make. */
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";

const POLL_MS = 200;
/** A lock folder this old without its owner's name was left by a process that died while taking it. */
const NAMELESS_MS = 5000;

/**
 * Runs `task` while holding the lock; a lock whose owner is dead is taken over.
 *
 * @param path the lock's folder
 * @param onWait called once when another process holds it
 */
export async function withLock<T>(path: string, task: () => Promise<T>, onWait: () => void): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  for (let told = false; !(await tryTake(path));) {
    if (await isAbandoned(path)) {
      await rm(path, { recursive: true, force: true });
      continue;
    }
    if (!told) onWait();
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await task();
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

async function tryTake(path: string): Promise<boolean> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  await writeFile(join(path, "pid"), String(process.pid));
  return true;
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const pid = Number(await readFile(join(path, "pid"), "utf8"));
    if (pid > 0) return !isAlive(pid);
  } catch {
    // No name yet: its owner may be about to write it.
  }
  const age = await stat(path).then((found) => Date.now() - found.mtimeMs, () => 0);
  return age > NAMELESS_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
