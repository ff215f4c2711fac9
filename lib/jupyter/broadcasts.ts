/** A kernel listening to its own broadcasts, to know when an output has really left it. */
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionInfo } from "./message.ts";
import { ZmtpConnection } from "./zmtp.ts";

/** An output that was not seen by then is not waited for any longer. */
const LIMIT_MS = 1000;
/** Waited for each output where the kernel's ports are unknown. */
const BLIND_WAIT_MS = 30;

export class Broadcasts {
  static #ofThisKernel?: Promise<Broadcasts>;
  readonly #waiting = new Map<string, () => void>();
  readonly #listening: boolean;

  private constructor(connection?: ZmtpConnection) {
    this.#listening = connection !== undefined;
    if (connection) this.#listen(connection);
  }

  /** The broadcasts of the kernel that this code runs in. */
  static ofThisKernel(): Promise<Broadcasts> {
    this.#ofThisKernel ??= (async () => {
      const path = connectionFile();
      if (path === undefined || !existsSync(path)) return new Broadcasts();
      const { iopub_port } = JSON.parse(readFileSync(path, "utf8")) as ConnectionInfo;
      try {
        const connection = await ZmtpConnection.connect(iopub_port, "SUB", { timeoutMs: LIMIT_MS });
        connection.unref();
        await sleep(BLIND_WAIT_MS); // the kernel must read the subscription before the first output
        return new Broadcasts(connection);
      } catch {
        return new Broadcasts();
      }
    })();
    return this.#ofThisKernel;
  }

  /** Resolves when a broadcast that holds `token` was sent. Call it before that broadcast is made. */
  seen(token: string): Promise<void> {
    if (!this.#listening) return sleep(BLIND_WAIT_MS);
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(limit);
        this.#waiting.delete(token);
        resolve();
      };
      const limit = setTimeout(done, LIMIT_MS);
      this.#waiting.set(token, done);
    });
  }

  async #listen(connection: ZmtpConnection): Promise<void> {
    for (;;) {
      const frames = await connection.receive();
      if (!frames) return;
      const content = Buffer.from(frames[frames.length - 1]);
      for (const [token, done] of this.#waiting) if (content.includes(token)) done();
    }
  }
}

/** The path after `--conn` on this process's command line; undefined where that cannot be read. */
function connectionFile(): string | undefined {
  try {
    const words = existsSync("/proc/self/cmdline")
      ? readFileSync("/proc/self/cmdline", "utf8").split("\0")
      : execFileSync("ps", ["-ww", "-o", "command=", "-p", String(process.pid)], { encoding: "utf8" }).trim().split(
        " ",
      );
    const at = words.indexOf("--conn");
    return at < 0 ? undefined : words[at + 1];
  } catch {
    return undefined;
  }
}
