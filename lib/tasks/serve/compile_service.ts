/** Compiles listings for pages, with the clang of this computer: bounded in size, time, rate and what it reads. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { compile } from "../../compile/compile.ts";
import { CompileError } from "../../compile/compile_error.ts";
import type { CompileAnswer, CompileRequest } from "../../host/provided.ts";
import { isRecord } from "../../words/rules.ts";

export interface CompileLimits {
  /** Bytes of a request: a listing with its headers. */
  readonly requestBytes: number;
  readonly objectBytes: number;
  /** Milliseconds that the compiler may take. */
  readonly compileMs: number;
  /** Compilations in any minute. */
  readonly perMinute: number;
  /** Compilations at a time. */
  readonly atOnce: number;
}

export const LIMITS: CompileLimits = {
  ...{ requestBytes: 256 * 1024, objectBytes: 1024 * 1024, compileMs: 10_000, perMinute: 60, atOnce: 2 },
};

/** A request that is not carried out, with the status that a server answers it with. */
export class RefusedRequest extends Error {
  override readonly name = "RefusedRequest";
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** A listing can have the compiler read any file of this computer, and show it in an object or a message. */
const READS_FILES =
  /\.incbin|#\s*embed\b|#\s*(?:include(?:_next)?|import)\s*(?:[<"]\s*(?:[/~\\]|[A-Za-z]:)|[<"][^>"\n]*\.\.|[^\s<"])/;
const MINUTE_MS = 60_000;
const CPU = /^v[1-4]$/;

export class CompileService {
  readonly #limits: CompileLimits;
  readonly #now: () => number;
  /** When the last compilations began. */
  #begun: number[] = [];
  #running = 0;

  /** @param now milliseconds of a clock */
  constructor(limits: Partial<CompileLimits> = {}, now: () => number = Date.now) {
    this.#limits = { ...LIMITS, ...limits };
    this.#now = now;
  }

  get requestBytes(): number {
    return this.#limits.requestBytes;
  }

  /**
   * @param body JSON of a CompileRequest
   * @throws RefusedRequest for what is no such request, reads files, or comes too often
   */
  async compile(body: string): Promise<Exclude<CompileAnswer, { refused: string }>> {
    const request = readRequest(body);
    this.#admit();
    this.#running++;
    const folder = await mkdtemp(join(tmpdir(), "interleave-serve-"));
    try {
      for (const [path, text] of Object.entries(request.headers)) await writeFile(join(folder, basename(path)), text);
      const { name, source, defines, cpu } = request, limitMs = this.#limits.compileMs;
      const options = { name, defines, cpu: cpu as "v3", includeDirs: [folder], limitMs };
      const object = await compile(source, options);
      if (object.length > this.#limits.objectBytes) {
        throw new RefusedRequest(413, `the object has ${object.length} bytes, ${this.#limits.objectBytes} are allowed`);
      }
      return { object };
    } catch (error) {
      if (error instanceof CompileError) return { diagnostics: error.diagnostics };
      if (error instanceof Error && /did not finish within/.test(error.message)) {
        throw new RefusedRequest(422, `the compiler took longer than ${this.#limits.compileMs / 1000} s`);
      }
      throw error;
    } finally {
      this.#running--;
      await rm(folder, { recursive: true, force: true });
    }
  }

  #admit(): void {
    const now = this.#now(), { perMinute, atOnce } = this.#limits;
    this.#begun = this.#begun.filter((at) => now - at < MINUTE_MS);
    if (this.#running >= atOnce) throw new RefusedRequest(429, `${atOnce} listings are being compiled; try again`);
    if (this.#begun.length >= perMinute) {
      throw new RefusedRequest(429, `${perMinute} listings were compiled within a minute; try again in a while`);
    }
    this.#begun.push(now);
  }
}

function readRequest(body: string): CompileRequest {
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    throw new RefusedRequest(400, "a request is JSON");
  }
  const isText = (value: unknown): value is string => typeof value === "string";
  if (
    !isRecord(given) || !isText(given.name) || !isText(given.source) || !isText(given.cpu) || !CPU.test(given.cpu) ||
    !isRecord(given.headers) || !Object.values(given.headers).every(isText) ||
    !Array.isArray(given.defines) || !given.defines.every((one) => isText(one) && /^\w+(?:=[\w.]*)?$/.test(one))
  ) {
    throw new RefusedRequest(400, "a request has name, source, headers, defines and cpu");
  }
  const request = given as unknown as CompileRequest, texts = [request.source, ...Object.values(request.headers)];
  // a line that ends in a backslash goes on in the next one, and comments may stand between words
  const plain = texts.map((text) => text.replaceAll(/\\\r?\n/g, "").replaceAll(/\/\*[^]*?\*\//g, " "));
  if (plain.some((text) => READS_FILES.test(text))) {
    throw new RefusedRequest(
      403,
      "this server compiles listings that include headers by plain names: no paths, no macros as names, no .incbin",
    );
  }
  return request;
}
