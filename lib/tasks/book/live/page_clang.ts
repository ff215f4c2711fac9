/**
 * The compiler of a page: fetched part by part when the first listing is edited, and kept by the browser, so that it
 * comes once, however often it is cut off, and is there without a network.
 */
import { CompilerMissingError } from "../../../compile/compiler_missing.ts";
import type { PageClang } from "../../../host/provided.ts";
import { stoppable } from "../../../host/stop.ts";
import { beside } from "./library_files.ts";
import type { ClangIndex, ClangPlace } from "./messages.ts";
import { texts } from "./texts.ts";

/** The service worker leaves what begins so alone. */
const CACHE = "interleave_clang";

/**
 * @param text what is going on; empty when it has ended
 * @param done bytes that have come, of `total`
 */
export type TellProgress = (text: string, done: number, total: number) => void;

type Bytes = Uint8Array<ArrayBuffer>;
type Loaded = Awaited<ReturnType<PageClang["load"]>>;

export function pageClang({ name, index }: ClangPlace, tell: TellProgress): PageClang {
  /** What is being fetched or has come; what failed is tried again. */
  const once = <T>(work: () => Promise<T>): () => Promise<T> => {
    let made: Promise<T> | undefined;
    return () => {
      const now = made ??= work();
      now.catch(() => made = undefined);
      return now;
    };
  };
  const findIndex = once(async () => JSON.parse(await textOf(await kept(index))) as ClangIndex);
  return {
    name,
    load: once(() =>
      stoppable(async (signal) => {
        const { module, headers, kernelHeader } = await findIndex(), wanted = [headers, kernelHeader, ...module];
        const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
        let done = 0;
        try {
          const found: Bytes[] = [];
          for (const { file, bytes } of wanted) {
            found.push(await kept(file, bytes, signal, (more) => tell(texts.fetchingCompiler, done += more, total)));
          }
          tell(texts.startingCompiler, total, total);
          await forgetOthers([index, ...wanted.map(({ file }) => file)]);
          const [packedHeaders, , ...parts] = found;
          const builtinHeaders = new Map(Object.entries(JSON.parse(await textOf(unpacked([packedHeaders])))));
          const response = new Response(unpacked(parts), { headers: { "content-type": "application/wasm" } });
          return { module: await WebAssembly.compileStreaming(response), builtinHeaders } as Loaded;
        } finally {
          tell("", 0, 0);
        }
      })
    ),
    kernelHeader: once(async () => {
      const { file, bytes } = (await findIndex()).kernelHeader;
      return new Uint8Array(await new Response(unpacked([await kept(file, bytes)])).arrayBuffer());
    }),
  };
}

const textOf = (body: BodyInit): Promise<string> => new Response(body).text();

/** Parts in a row, unpacked. */
const unpacked = (parts: readonly Bytes[]): ReadableStream<Bytes> =>
  new Blob([...parts]).stream().pipeThrough(new DecompressionStream("gzip"));

/** A file of the compiler, out of what the browser keeps, else fetched and kept. */
async function kept(
  file: string,
  bytes?: number,
  signal?: AbortSignal,
  add?: (bytes: number) => void,
): Promise<Bytes> {
  const url = beside(file), cache = await openCache(), known = await cache?.match(url);
  if (known) {
    const found = new Uint8Array(await known.arrayBuffer());
    if (bytes === undefined || found.length === bytes) {
      add?.(found.length);
      return found;
    }
  }
  const found = await fetchAll(url, signal, add);
  if (bytes !== undefined && found.length !== bytes) {
    throw new CompilerMissingError(`the C compiler came damaged: ${url} has ${found.length} bytes instead of ${bytes}`);
  }
  // A browser that has no room keeps it for as long as the page is open.
  await cache?.put(url, new Response(found)).catch(() => {});
  return found;
}

async function fetchAll(
  url: URL,
  signal?: AbortSignal,
  add?: (bytes: number) => void,
): Promise<Bytes> {
  const why = (error: unknown) =>
    new CompilerMissingError(
      `the C compiler could not be fetched (${error instanceof Error ? error.message : error}). ` +
        "Run the cell again when there is a network: what has come is kept. Listings of the book, word for word, run without",
    );
  const response = await fetch(url, { signal }).catch((error) => {
    throw signal?.aborted ? error : why(error);
  });
  if (!response.ok || !response.body) throw why(`${url}: ${response.status} ${response.statusText}`);
  const pieces: Bytes[] = [], reader = response.body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      pieces.push(next.value);
      add?.(next.value.length);
    }
  } catch (error) {
    throw signal?.aborted ? error : why(error);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** None in a private window of some browsers, or where the site is neither of this computer nor encrypted. */
const openCache = (): Promise<Cache | undefined> =>
  Promise.resolve(globalThis.caches?.open(CACHE)).catch(() => undefined);

/** Of compilers that the site had before, when it has another one. */
async function forgetOthers(files: readonly string[]): Promise<void> {
  const cache = await openCache(), wanted = new Set(files.map((file) => beside(file).href));
  for (const { url } of await cache?.keys() ?? []) if (!wanted.has(url)) await cache!.delete(url);
}
