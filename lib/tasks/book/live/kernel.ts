/** The kernel of a page of the book: a worker that runs its cells, one after another, on the library itself. */
import { inspect } from "../../../host/inspect.ts";
import { provideAssets, provideFiles, provideKernel, provideObjects } from "../../../host/page.ts";
import * as interleave from "../../../mod.ts";
import { CELL_FILE, cellCode } from "./cell_code.ts";
import type { FromKernel, LiveOutput, ToKernel } from "./messages.ts";

/** An async function's head is two lines. */
const HEAD_LINES = 2;
const AsyncFunction = (async () => {}).constructor as new (...parts: string[]) => (
  importModule: (specifier: string) => unknown,
) => Promise<unknown>;

const send = (message: FromKernel): void => (globalThis as unknown as Worker).postMessage(message);
let cell = -1;
const output = (output: LiveOutput): void => send({ kind: "output", cell, output });

function importModule(specifier: string): unknown {
  if (specifier === "interleave") return interleave;
  throw new TypeError(`a page has only "interleave" to import, not "${specifier}"`);
}

/** What can be sent: figures are JSON, but for big integers of what a cell shows itself. */
const asJson = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, one) => typeof one === "bigint" ? String(one) : one));

interface DisplayContent {
  readonly data: Record<string, unknown>;
  readonly transient?: { readonly display_id?: string };
}

provideKernel({
  // deno-lint-ignore require-await -- a kernel whose broadcast is async is one that says when it has sent
  async broadcast(_type, content) {
    const { data, transient } = asJson(content) as DisplayContent;
    output({ type: "display", data, ...(transient?.display_id !== undefined && { id: transient.display_id }) });
  },
});
for (const name of ["log", "info", "warn", "error", "debug"] as const) {
  console[name] = (...values: unknown[]) =>
    output({
      type: "stream",
      text: values.map((value) => typeof value === "string" ? value : inspect(value)).join(" "),
    });
}

/** An error as a reader needs it: what, and where in the cell. */
function errorText(error: unknown): string {
  if (!(error instanceof Error)) return `Uncaught ${inspect(error)}`;
  const line = error.stack?.match(new RegExp(`${CELL_FILE}:(\\d+)`))?.[1];
  const where = line === undefined ? "" : `\n    at line ${Number(line) - HEAD_LINES} of the cell`;
  return `${error.name}: ${error.message}${where}`;
}

async function run(source: string): Promise<boolean> {
  try {
    const value = await new AsyncFunction("importModule", cellCode(source))(importModule);
    if (value !== undefined) await interleave.show(value);
    return true;
  } catch (error) {
    output({ type: "error", text: errorText(error) });
    return false;
  }
}

/** As the project's own kernel does: calls what long work has registered (host/stop.ts). */
function stop(): void {
  const hooks = (globalThis as { [key: symbol]: Set<() => void> | undefined })[Symbol.for("interleave.stop")];
  for (const hook of hooks ?? []) hook();
}

const beside = (name: string): URL => new URL(name, globalThis.location.href);

async function fetched(name: string): Promise<Response> {
  const response = await fetch(beside(name));
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response;
}

async function begin(): Promise<void> {
  const [assets, files, fonts] = await Promise.all(
    ["assets.json", "files.json", "../fonts.css"].map((name) => fetched(name)),
  );
  const { texts, objects } = await assets.json() as { texts: Record<string, string>; objects: string[] };
  provideAssets({ texts, binaries: fontsOf(await fonts.text()) });
  provideFiles(await files.json());
  provideObjects(async (ending) => {
    const name = objects.find((one) => one.endsWith(ending));
    return name === undefined ? undefined : new Uint8Array(await (await fetched(`objects/${name}`)).arrayBuffer());
  });
}

/** The fonts that the pages' style sheet holds (tasks/fonts_css.ts), for the widths of texts. */
function fontsOf(css: string): Record<string, string> {
  const found = css.matchAll(/\/\* ([\w.-]+\.ttf) \*\/[^}]*?base64,([\w+/=]+)/g);
  return Object.fromEntries([...found].map(([, file, text]) => [`plot/assets/${file}`, atob(text)]));
}

let last: Promise<unknown> = begin()
  .then(() => send({ kind: "ready" }), (error) => send({ kind: "broken", message: String(error) }));

globalThis.onmessage = ({ data }: MessageEvent<ToKernel>) => {
  if (data.kind === "stop") return stop();
  last = last.then(async () => {
    cell = data.cell;
    const isDone = await run(data.source);
    send({ kind: "done", cell: data.cell, failed: !isDone });
  });
};
