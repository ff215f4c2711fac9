/** The kernel of a page of the book: a worker that runs its cells, one after another, on the library itself. */
import { inspect } from "../../../host/inspect.ts";
import { provideClang, provideCompiler, provideFiles, provideKernel, provideObjects } from "../../../host/page.ts";
import { provideProgress, provideThreads } from "../../../host/page.ts";
import { findCompiler } from "../../../compile/clang.ts";
import { compileAnew } from "../../../compile/compile.ts";
import * as interleave from "../../../mod.ts";
import { CELL_FILE } from "./cell_file.ts";
import { beside, fetched, provideLibrary } from "./library_files.ts";
import { ClangNews } from "./clang_news.ts";
import { pageClang } from "./page_clang.ts";
import { serverCompiler } from "./server_compiler.ts";
import type {
  AssetIndex,
  Broadcast,
  ClangPlace,
  DisplayContent,
  ErrorContent,
  FromKernel,
  ToKernel,
} from "./messages.ts";

/** Names of the files beside this script; they change with what is in them. */
declare const ASSETS: string, FILES: string, FILES_ZH: string, THREADS: Readonly<Record<string, string>>;
/** Null in a site that was built without a compiler. */
declare const CLANG: ClangPlace | null;

/** An async function's head is two lines. */
const HEAD_LINES = 2;
const AsyncFunction = (async () => {}).constructor as new (...parts: string[]) => (
  importModule: (specifier: string) => unknown,
) => Promise<unknown>;

const send = (message: FromKernel): void => (globalThis as unknown as Worker).postMessage(message);
let cell = -1, isRunning = false;
const say = (broadcast: Broadcast): void => send({ kind: "broadcast", cell, broadcast });

function importModule(specifier: string): unknown {
  if (specifier === "interleave") return interleave;
  throw new TypeError(`a page has only "interleave" to import, not "${specifier}"`);
}

/** What can be sent: figures are JSON, but for big integers of what a cell shows itself. */
const asJson = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, one) => typeof one === "bigint" ? String(one) : one));

provideKernel({
  // deno-lint-ignore require-await -- a kernel whose broadcast is async is one that says when it has sent
  async broadcast(type, content) {
    const { data, metadata, transient } = asJson(content) as DisplayContent, id = transient?.display_id;
    const kept = { data, metadata, ...(id !== undefined && { transient: { display_id: id } }) };
    say({ type: type as "display_data" | "update_display_data", content: kept });
  },
});
for (const name of ["log", "info", "debug", "warn", "error"] as const) {
  console[name] = (...values: unknown[]) => {
    const text = values.map((value) => typeof value === "string" ? value : inspect(value)).join(" ");
    say({
      type: "stream",
      content: { name: name === "warn" || name === "error" ? "stderr" : "stdout", text: `${text}\n` },
    });
  };
}

/** An error as a reader needs it: what, and where in the cell. */
function errorOf(error: unknown): ErrorContent {
  const isError = error instanceof Error;
  const ename = isError ? error.name : "Uncaught", evalue = isError ? error.message : inspect(error);
  const line = isError && error.stack?.match(new RegExp(`${CELL_FILE}:(\\d+)`))?.[1];
  const where = line ? [`    at line ${Number(line) - HEAD_LINES} of the cell`] : [];
  return { ename, evalue, traceback: [isError ? `${ename}: ${evalue}` : `${ename} ${evalue}`, ...where] };
}

/** Only an edited cell has to be made ready here. */
async function codeOf(source: string): Promise<string> {
  const { cellCode } = await import("./cell_code.ts");
  return cellCode(source);
}

async function run(source: string, code?: string): Promise<ErrorContent | undefined> {
  try {
    const value = await new AsyncFunction("importModule", code ?? await codeOf(source))(importModule);
    if (value !== undefined) await interleave.show(value);
    return undefined;
  } catch (error) {
    const content = errorOf(error);
    say({ type: "error", content });
    return content;
  }
}

/** So long after a cell a browser may take to tell. */
const TELLING_MS = 10;
/** Promises that failed while no code waited for them; a cell may still come to wait. */
const unheard = new Map<Promise<unknown>, unknown>();
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  unheard.set(event.promise, event.reason);
});
addEventListener("rejectionhandled", ({ promise }) => unheard.delete(promise));

/** Says of a cell that has ended what failed without being waited for; the browser tells it in a task of its own. */
async function sayUnheard(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, TELLING_MS));
  for (const reason of unheard.values()) {
    say({
      type: "stream",
      content: { name: "stderr", text: `not awaited: ${errorOf(reason).traceback.join("\n")}\n` },
    });
  }
  unheard.clear();
}

/** As the project's own kernel does: calls what long work has registered (host/stop.ts). */
function stop(): void {
  const hooks = (globalThis as { [key: symbol]: Set<() => void> | undefined })[Symbol.for("interleave.stop")];
  for (const hook of hooks ?? []) hook();
}

/** The page's edition. */
const EDITION = new URL(globalThis.location.href).searchParams.get("lang") ?? "en";

const news = new ClangNews((text) => send({ kind: "news", text }), () => isRunning ? cell : undefined, say);

/** The first compilation takes the longest: an empty listing takes it upon itself, while the reader still types. */
async function prepareCompiler(): Promise<void> {
  const { isWebAssembly } = await findCompiler();
  if (isWebAssembly) await compileAnew("");
}

async function begin(): Promise<void> {
  const [assets, files] = await Promise.all(
    [ASSETS, EDITION === "zh" ? FILES_ZH : FILES].map(async (name) => (await fetched(name)).json()),
  );
  provideLibrary(assets as AssetIndex);
  provideFiles(files);
  interleave.setLanguage(EDITION);
  provideObjects(async (ending) => {
    const name = (assets as AssetIndex).objects.find((one) => one.endsWith(ending));
    return name === undefined ? undefined : new Uint8Array(await (await fetched(`objects/${name}`)).arrayBuffer());
  });
  provideCompiler(serverCompiler(beside("../../compile")));
  if (CLANG) provideClang(pageClang(CLANG, news.tell));
  provideThreads((name) => THREADS[name] === undefined ? undefined : beside(THREADS[name]));
}

const begun = begin();
let last: Promise<unknown> = begun.then(
  () => send({ kind: "ready" }),
  (error) => send({ kind: "broken", message: String(error) }),
);

globalThis.onmessage = ({ data }: MessageEvent<ToKernel>) => {
  if (data.kind === "stop") return stop();
  // What fails here is said when a cell needs it.
  if (data.kind === "prepare") return void begun.then(prepareCompiler).catch(() => {});
  if (data.kind === "start") {
    return provideProgress({ solved: data.solved, keep: (id) => send({ kind: "solved", id }) });
  }
  last = last.then(async () => {
    cell = data.cell;
    if (data.files) provideFiles(data.files);
    isRunning = true;
    const error = await run(data.source, data.code);
    isRunning = false;
    await sayUnheard();
    send({
      kind: "done",
      cell: data.cell,
      ...(error && { error: { name: error.ename, text: error.evalue } }),
    });
  });
};
