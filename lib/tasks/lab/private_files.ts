/**
 * What the lab writes is its user's alone: the address with the token is among it, and whoever has that has a shell as
 * the user who started the lab.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const OTHERS = 0o077;

/**
 * Makes `folder`, closes it and all that earlier starts have left in it to other users (modes 0700 and 0600), and has
 * this process and its children make files that way from now on. Without effect on Windows, which has no modes.
 */
export function keepPrivate(folder: string): void {
  process.umask(process.umask() | OTHERS);
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  if (process.platform !== "win32") close(folder);
}

function close(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) close(path);
    else if (entry.isFile()) chmodSync(path, 0o600);
  }
}
