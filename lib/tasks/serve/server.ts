/** A file server for the site, with the headers that threads need, and a compiler behind `/compile`. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { createGzip } from "node:zlib";
import { type CompileService, RefusedRequest } from "./compile_service.ts";

export interface SiteOptions {
  /** Folder of the site. */
  readonly site: string;
  /** Address to listen on. */
  readonly host: string;
  /** 0 for one that is free. */
  readonly port: number;
  /** The compiler's name, and what asks it; left out where there is none. */
  readonly compiler?: { readonly name: string; readonly service: CompileService };
}

const TYPES: Readonly<Record<string, string>> = {
  ...{ ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" },
  ...{ ".svg": "image/svg+xml", ".png": "image/png", ".ttf": "font/ttf", ".ipynb": "application/x-ipynb+json" },
  ...{ ".txt": "text/plain", ".jsonl": "text/plain", ".h": "text/plain", ".wasm": "application/wasm" },
};
const PACKED = /^(?:text|application\/(?:json|x-ipynb)|image\/svg|font)/;
const COMPILE = "/compile";
const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/** Shared memory between threads, and nothing of this server in pages of others. */
const HEADERS = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache",
};

/** Serves until the server is closed. */
export async function serveSite(options: SiteOptions): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error) => {
      if (!response.headersSent) sayJson(response, 500, { refused: String(error) });
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse, options: SiteOptions): Promise<void> {
  if (!isMeantForUs(request, options.host)) return sayJson(response, 403, { refused: "this server has another name" });
  const path = decodedPath(request.url ?? "/");
  if (path === undefined) return sayJson(response, 400, { refused: "no address of this server" });
  if (path === COMPILE) return await answerCompile(request, response, options);
  if (request.method !== "GET" && request.method !== "HEAD") return sayJson(response, 405, { refused: "GET only" });
  await sendFile(request, response, join(options.site, normalize(path.endsWith("/") ? `${path}index.html` : path)));
}

/**
 * A page of another site may send its requests here, and a name that leads to this computer may be anybody's: a server
 * for this computer alone answers only to this computer's names, and a page only to its own.
 */
function isMeantForUs({ headers }: IncomingMessage, host: string): boolean {
  const asked = URL.canParse(`http://${headers.host}`) ? new URL(`http://${headers.host}`) : undefined;
  if (!asked) return false;
  const name = asked.hostname.replace(/^\[|\]$/g, "");
  if (LOOPBACK.includes(host) && !LOOPBACK.includes(name)) return false;
  return headers.origin === undefined || headers.origin === asked.origin;
}

function decodedPath(url: string): string | undefined {
  try {
    const path = decodeURIComponent(new URL(url, "http://x").pathname);
    return path.includes("\0") || path.split(/[/\\]/).includes("..") ? undefined : path;
  } catch {
    return undefined;
  }
}

async function answerCompile(
  request: IncomingMessage,
  response: ServerResponse,
  { compiler }: SiteOptions,
): Promise<void> {
  if (!compiler) return sayJson(response, 404, { refused: "no clang is here" });
  if (request.method === "GET") return sayJson(response, 200, { compiler: compiler.name });
  try {
    if (request.method !== "POST") throw new RefusedRequest(405, "POST a listing");
    if (!request.headers["content-type"]?.startsWith("application/json")) throw new RefusedRequest(415, "POST JSON");
    const answer = await compiler.service.compile(await readBody(request, compiler.service.requestBytes));
    if ("diagnostics" in answer) return sayJson(response, 422, answer);
    response.writeHead(200, { ...HEADERS, "content-type": "application/octet-stream" });
    response.end(answer.object);
  } catch (error) {
    if (!(error instanceof RefusedRequest)) throw error;
    sayJson(response, error.status, { refused: error.message });
  }
}

async function readBody(request: IncomingMessage, mostBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Uint8Array).length;
    if (size > mostBytes) throw new RefusedRequest(413, `a request has at most ${mostBytes} bytes`);
    parts.push(part as Uint8Array);
  }
  return await new Blob(parts as BlobPart[]).text();
}

function sayJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { ...HEADERS, "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

async function sendFile(request: IncomingMessage, response: ServerResponse, file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined), type = TYPES[extname(file)] ?? "application/octet-stream";
  if (!found?.isFile()) {
    response.writeHead(404, { ...HEADERS, "content-type": "text/plain" });
    response.end("There is no such page.\n");
    return;
  }
  const isPacked = PACKED.test(type) && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  response.writeHead(200, {
    ...HEADERS,
    "content-type": type,
    ...(isPacked ? { "content-encoding": "gzip" } : { "content-length": found.size }),
  });
  if (request.method === "HEAD") return void response.end();
  const content = createReadStream(file);
  content.on("error", () => response.destroy());
  (isPacked ? content.pipe(createGzip()) : content).pipe(response);
}
