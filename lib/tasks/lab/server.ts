/** Starts JupyterLab on the project, on the loopback address only, with its token. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SetupError } from "./python.ts";
import { PLACES, PROJECT } from "./places.ts";
import { keepPrivate } from "./private_files.ts";
import { writeSettings } from "./settings.ts";
import { readText } from "./subprocess.ts";

const START_LIMIT_MS = 60_000;

export interface ServerOptions {
  /** Program and first arguments that begin a Jupyter command line, as in ["jupyter", "lab"]. */
  readonly command: readonly string[];
  readonly port?: number;
  /** Path below the project of the notebook to open: the first chapter if there is none of that name. */
  readonly lesson?: string;
  readonly openBrowser: boolean;
  /** A Jupyter of the reader's own keeps its own settings. */
  readonly ownSettings: boolean;
}

interface RunningServer {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  readonly root_dir: string;
  readonly port: number;
}

const RUNTIME = join(PLACES.jupyter, "runtime");

/** The address that opens a notebook, else the first chapter. */
export function lessonAddress({ url, token }: { url: string; token: string }, lesson?: string): string {
  const [path] = lessonPath(lesson), tree = path === undefined ? "" : `/tree/${path.replaceAll("\\", "/")}`;
  return `${url}lab${tree}?token=${token}`;
}

const lessonPath = (lesson = PLACES.firstNotebook): string[] =>
  [lesson, PLACES.firstNotebook].filter((path) => existsSync(join(PROJECT, path))).slice(0, 1);

/** The servers on this project that earlier starts have left running. */
export async function runningServers(): Promise<RunningServer[]> {
  const files = existsSync(RUNTIME) ? readdirSync(RUNTIME).filter((name) => /^jpserver-\d+\.json$/.test(name)) : [];
  const servers = await Promise.all(files.map(async (file) => {
    try {
      const server: RunningServer = JSON.parse(readFileSync(join(RUNTIME, file), "utf8"));
      const answer = await fetch(`${server.url}api/status?token=${server.token}`, {
        signal: AbortSignal.timeout(1000),
      });
      await answer.body?.cancel();
      return answer.ok ? [server] : [];
    } catch {
      return []; // it has gone, or its file is being written
    }
  }));
  return servers.flat();
}

/** Throws a SetupError when another process listens on `port`. */
export async function ensureFree(port: number): Promise<void> {
  const free = await new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
  if (!free) {
    throw new SetupError(`Port ${port} is taken. Name another with --port, or leave --port out to have one chosen.`);
  }
}

/** Starts the server; `onReady` hears its address; resolves with the exit code when the server ends. */
export async function runServer(options: ServerOptions, onReady: (address: string) => void): Promise<number> {
  keepPrivate(PLACES.jupyter);
  keepPrivate(RUNTIME);
  if (options.ownSettings) writeSettings();
  const before = await runningServers();
  const [program, ...first] = options.command;
  const child = new Deno.Command(program, {
    args: [
      ...first,
      ...lessonPath(options.lesson),
      `--ServerApp.root_dir=${PROJECT}`,
      "--ServerApp.ip=127.0.0.1",
      "--ServerApp.answer_yes=True",
      "--Application.log_level=ERROR",
      ...(options.ownSettings ? ["--custom-css"] : []),
      "--KernelSpecManager.ensure_native_kernel=False",
      "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
      ...(options.port === undefined ? [] : [`--ServerApp.port=${options.port}`, "--ServerApp.port_retries=0"]),
      ...(options.openBrowser ? [] : ["--no-browser"]),
      ...(Deno.uid() === 0 ? ["--allow-root"] : []),
    ],
    cwd: PROJECT,
    env: environment(options.ownSettings),
    stdin: "null",
    stderr: "piped",
  }).spawn();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    // A terminal's Ctrl-C has reached the server as well, which then ends its kernels and itself.
    Deno.addSignalListener(signal, () => signal === "SIGTERM" && child.kill("SIGTERM"));
  }
  passLog(child.stderr);
  waitUntilReady(before).then((server) => server && onReady(lessonAddress(server, options.lesson)));
  return (await child.status).code;
}

/** Jupyter's log without its notice of the address, which does not lead to the first chapter. */
function passLog(log: ReadableStream<Uint8Array>): void {
  let isNotice = false;
  readText(log, (line) => {
    if (line.startsWith("[")) isNotice = line.startsWith("[C");
    if (!isNotice && line.trim() !== "") console.error(line);
  });
}

async function waitUntilReady(before: readonly RunningServer[]): Promise<RunningServer | undefined> {
  const known = new Set(before.map(({ pid }) => pid));
  for (const deadline = performance.now() + START_LIMIT_MS; performance.now() < deadline; await sleep(100)) {
    const server = (await runningServers()).find(({ pid }) => !known.has(pid));
    if (server) return server;
  }
  return undefined;
}

/** The kernel is found through JUPYTER_PATH; everything that Jupyter writes goes into the project. */
function environment(ownSettings: boolean): Record<string, string> {
  const paths = [PLACES.jupyter, Deno.env.get("JUPYTER_PATH") ?? ""].filter((path) => path !== "");
  const shared = { JUPYTER_PATH: paths.join(delimiter), JUPYTER_RUNTIME_DIR: RUNTIME };
  if (!ownSettings) return shared;
  return {
    ...shared,
    JUPYTER_CONFIG_DIR: join(PLACES.jupyter, "config"),
    JUPYTER_DATA_DIR: join(PLACES.jupyter, "data"),
    JUPYTERLAB_SETTINGS_DIR: join(PLACES.jupyter, "settings"),
    JUPYTERLAB_WORKSPACES_DIR: join(PLACES.jupyter, "workspaces"),
    IPYTHONDIR: join(PLACES.jupyter, "ipython"),
  };
}
