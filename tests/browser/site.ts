/** The site of `deno task book`, built once for all browser tests and served as any plain file server would. */
import { readFile, stat } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { extname, join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { runCommand } from "../../lib/tasks/lab/subprocess.ts";
import { PROJECT } from "./chromium.ts";

export const SITE = join(PROJECT, "site");
/** Test files run in one process, each in a world of its own: what they share is the environment. */
const BUILT = "INTERLEAVE_SITE_BUILT";

const TYPES: Readonly<Record<string, string>> = {
  ...{ ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" },
  ...{ ".svg": "image/svg+xml", ".png": "image/png", ".ipynb": "application/x-ipynb+json" },
};

/** Builds the site, where no test of this process has done so and it is not said to be built already. */
export async function buildSite(): Promise<void> {
  if (process.env[BUILT] === String(process.pid) || process.env.INTERLEAVE_SITE === "built") return;
  const { code, stderr } = await runCommand(Deno.execPath(), ["task", "book"]);
  if (code !== 0) throw new Error(`deno task book failed: ${stderr}`);
  process.env[BUILT] = String(process.pid);
}

export class SiteServer {
  /** Bytes of what was asked for since the last `forget`, compressed as servers do, by path. */
  readonly sent: Map<string, number> = new Map();
  /** What a header of every answer says. */
  headers: Readonly<Record<string, string>> = {};

  #address = "";

  private constructor(readonly server: Server) {}

  static async start(): Promise<SiteServer> {
    await buildSite();
    const server = createServer(), site = new SiteServer(server);
    server.on("request", async ({ url }, response) => {
      const path = decodeURIComponent(new URL(url!, "http://x").pathname);
      const file = join(SITE, path.endsWith("/") ? `${path}index.html` : path);
      const found = await stat(file).then((one) => one.isFile()).catch(() => false) ? await readFile(file) : undefined;
      if (found) site.sent.set(path, gzipSync(found).length);
      const type = TYPES[extname(file)] ?? "application/octet-stream";
      response.writeHead(found ? 200 : 404, { "content-type": type, ...site.headers });
      response.end(found);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    site.#address = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    return site;
  }

  /** Stays when the server is gone. */
  get address(): string {
    return this.#address;
  }

  get sentBytes(): number {
    return [...this.sent.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  forget(): void {
    this.sent.clear();
  }

  /** Ends it, and connections that a browser keeps open. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}
