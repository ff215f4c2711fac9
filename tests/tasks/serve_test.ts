/** The server of `deno task serve`: what it sends, to whom, and how far its compiler goes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installedCompiler } from "../../lib/compile/compiler.ts";
import { loadObject } from "../../lib/object/load.ts";
import { CompileService } from "../../lib/tasks/serve/compile_service.ts";
import { serveSite } from "../../lib/tasks/serve/server.ts";

const LISTING = {
  ...{ name: "mine", source: 'int mine;\nSEC("raw_tp") int served(void *ctx) { mine += 41; return 0; }\n' },
  ...{ headers: {}, defines: [], cpu: "v3" },
};

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Uint8Array;
  readonly text: string;
}

const hasClang = await installedCompiler() !== undefined;

describe("the site's server", () => {
  const folder = mkdtempSync(join(tmpdir(), "interleave site "));
  let server: Server, port: number, time = 0;
  beforeAll(async () => {
    writeFileSync(join(folder, "index.html"), "<p>hello");
    writeFileSync(join(folder, "..", "interleave-secret"), "secret");
    const limits = { requestBytes: 2000, perMinute: 4, atOnce: 1, compileMs: 20_000 };
    const service = new CompileService(limits, () => time);
    server = await serveSite({ site: folder, host: "127.0.0.1", port: 0, compiler: { name: "clang 0", service } });
    port = (server.address() as { port: number }).port;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
    rmSync(join(folder, "..", "interleave-secret"));
  });

  /** Paths and headers go out as they are, which `fetch` would put right. */
  const ask = (path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const method = body === undefined ? "GET" : "POST";
      const sent = httpRequest({ host: "127.0.0.1", port, path, method, headers }, async (answer) => {
        const parts: Uint8Array[] = [];
        for await (const part of answer) parts.push(part as Uint8Array);
        const bytes = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
        resolve({ status: answer.statusCode!, headers: answer.headers, bytes, text: new TextDecoder().decode(bytes) });
      });
      sent.on("error", reject);
      sent.end(body);
    });
  const post = (value: unknown, headers = {}) => {
    time += 60_000;
    return ask("/compile", { "content-type": "application/json", ...headers }, JSON.stringify(value));
  };

  it("sends files with what threads need, and none above its folder", async () => {
    const { status, headers, text } = await ask("/");
    expect([status, text, headers["cross-origin-opener-policy"], headers["cross-origin-embedder-policy"]])
      .toEqual([200, "<p>hello", "same-origin", "require-corp"]);
    for (
      const path of ["/../interleave-secret", "/%2e%2e/interleave-secret", "/..%5cinterleave-secret", "/%00", "/x"]
    ) {
      const { status, text } = await ask(path);
      expect([path, status >= 400, text.includes("secret")]).toEqual([path, true, false]);
    }
  });

  it("answers this computer's names and its own pages only", async () => {
    expect((await ask("/", { host: `localhost:${port}` })).status).toBe(200);
    expect((await ask("/", { host: "evil.example" })).status).toBe(403);
    expect((await ask("/compile", { origin: `http://127.0.0.1:${port}` })).text).toBe('{"compiler":"clang 0"}');
    expect((await ask("/compile", { origin: "https://evil.example" })).status).toBe(403);
    expect((await post(LISTING, { origin: "null" })).status).toBe(403);
    expect((await post(LISTING, { "content-type": "text/plain" })).status).toBe(415);
  });

  it("compiles nothing that reads files of this computer, or is too large, or comes too often", async () => {
    const sources = [
      '#include "/etc/passwd"\n',
      "#include <../secret.h>\n",
      '#inc\\\nlude "/etc/passwd"\n',
      '# /* */ include /* */ "/etc/passwd"\n',
      '#define F "/etc/passwd"\n#include F\n',
      '#include "~/x"\n',
      'asm(".incbin \\"/etc/passwd\\"");\n',
      "char a[] = {\n#embed </etc/passwd>\n};\n",
    ];
    for (const source of sources) {
      const { status } = await post({ ...LISTING, source });
      expect([source, status]).toEqual([source, 403]);
    }
    expect((await post({ ...LISTING, defines: ['A="/etc"'] })).status).toBe(400);
    expect((await post({ ...LISTING, cpu: "v3 -o /x" })).status).toBe(400);
    expect((await post({ ...LISTING, source: "/".repeat(3000) })).status).toBe(413);
    expect((await post([])).status).toBe(400);
  });

  it("limits compilations to so many a minute", async () => {
    let now = 0;
    const service = new CompileService({ perMinute: 2, atOnce: 9 }, () => now);
    const race = { ...LISTING, source: 'int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }' };
    const compile = () => service.compile(JSON.stringify(race));
    expect("object" in await compile()).toBe(true);
    await compile();
    await expect(compile()).rejects.toThrow("2 listings were compiled within a minute");
    now = 60_001;
    expect("object" in await compile()).toBe(true);
  });

  const clang = (name: string, test: () => Promise<void>) => {
    if (hasClang) it(name, { timeout: 60_000 }, test);
    else it.skip(`${name} (skipped: no clang is here)`, test);
  };
  clang("gives the object of a listing, with the reader's headers, and what the compiler says", async () => {
    const { status, headers, bytes } = await post(LISTING);
    expect([status, headers["content-type"]]).toEqual([200, "application/octet-stream"]);
    expect(loadObject(bytes, "mine", LISTING.source, {}).programs[0].name).toBe("served");
    const included = { ...LISTING, source: `#include "own.h"\n${LISTING.source.replace("41", "OWN")}` };
    expect((await post({ ...included, headers: { "progs/own.h": "#define OWN 7\n" } })).status).toBe(200);
    const wrong = await post({ ...LISTING, source: 'int a\nSEC("raw_tp") int p(void *c) { return 0; }' });
    expect(wrong.status).toBe(422);
    expect(JSON.parse(wrong.text).diagnostics[0]).toMatchObject({ severity: "error" });
    expect(wrong.text).toContain("expected ';'");
  });
  clang("gives up on a listing that takes too long", async () => {
    const service = new CompileService({ compileMs: 1 });
    await expect(service.compile(JSON.stringify({ ...LISTING, source: `${LISTING.source}// ${Math.random()}\n` })))
      .rejects.toThrow("the compiler took longer than 0.001 s");
  });
});
