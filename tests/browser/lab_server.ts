/** JupyterLab as `deno task start` starts it, on a copy of the notebooks that may be changed. */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { ARTIFACTS, PROJECT } from "./chromium.ts";

const START_LIMIT_MS = 300_000;

/** The copy lies inside the project, so that its cells find the import map. */
export const COPY = join(ARTIFACTS, "lab", "notebooks");

export class LabServer {
  readonly #process: Deno.ChildProcess;
  /** http://127.0.0.1:PORT/ */
  readonly url: string;
  readonly token: string;

  private constructor(process: Deno.ChildProcess, address: URL) {
    this.#process = process;
    this.url = `${address.origin}/`;
    this.token = address.searchParams.get("token")!;
  }

  /** @param env variables of its kernels */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<LabServer> {
    rmSync(COPY, { recursive: true, force: true });
    mkdirSync(COPY, { recursive: true });
    cpSync(join(PROJECT, "notebooks"), COPY, { recursive: true });
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "lib/tasks/lab/start.ts", "--no-browser", "--port", String(await freePort())],
      cwd: PROJECT,
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const limit = setTimeout(() => process.kill("SIGKILL"), START_LIMIT_MS);
    let said = "";
    const reader = process.stdout.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`deno task start ended: ${said}`);
      said += new TextDecoder().decode(value);
      const address = said.match(/^JupyterLab: (\S+)$/m)?.[1];
      if (!address) continue;
      clearTimeout(limit);
      reader.releaseLock();
      process.stdout.pipeTo(new WritableStream()).catch(() => {});
      return new LabServer(process, new URL(address));
    }
  }

  /** The address that opens a notebook of the copy, alone in a fresh workspace. */
  addressOf(notebook: string): string {
    const workspace = crypto.randomUUID();
    return `${this.url}lab/workspaces/${workspace}/tree/artifacts/lab/notebooks/${notebook}?token=${this.token}`;
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#process.status;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
