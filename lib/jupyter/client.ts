/** Starts a real Jupyter kernel and runs code on it, so that notebooks are executed without Python. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectionInfo, decodeMessage, encodeMessage, type Message, request } from "./message.ts";
import { ZmtpConnection } from "./zmtp.ts";

const STDERR_KEPT = 4000;
const SHUTDOWN_GRACE_MS = 1000;

export interface KernelOptions {
  /** The command line; `{connection_file}` stands for the path of the connection file, as in a kernelspec. */
  readonly argv: readonly string[];
  /** The kernel's working directory: the notebook's folder. */
  readonly cwd: string;
  readonly env?: Record<string, string>;
  /** How long a kernel may take to answer, in milliseconds. */
  readonly startTimeoutMs?: number;
}

export interface ExecuteReply {
  readonly status: "ok" | "error" | "aborted";
  readonly execution_count?: number;
  readonly ename?: string;
  readonly evalue?: string;
  readonly traceback?: readonly string[];
}

/** The command line of Deno's own kernel. */
export function denoKernel(deno: string): string[] {
  return [deno, "jupyter", "--kernel", "--conn", "{connection_file}"];
}

/** Writes a connection file with five free ports of 127.0.0.1 and a fresh key. */
export async function writeConnectionFile(
  path: string,
  replace: Partial<ConnectionInfo> = {},
): Promise<ConnectionInfo> {
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await freePorts(5);
  const info: ConnectionInfo = {
    ip: "127.0.0.1",
    transport: "tcp",
    key: randomUUID(),
    signature_scheme: "hmac-sha256",
    shell_port,
    iopub_port,
    stdin_port,
    control_port,
    hb_port,
    ...replace,
  };
  writeFileSync(path, JSON.stringify(info), { mode: 0o600 });
  return info;
}

/** Ports that were free a moment ago; all are held until the last is known, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () =>
    new Promise<Server>((resolve, reject) => {
      const server = createServer();
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(server));
    })));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

const running = new Set<KernelClient>();

/** Ends every kernel that is still running; for a program that is about to end itself. */
export function killAllKernels(): void {
  for (const kernel of running) kernel.kill();
}

/** A running kernel. One `execute` at a time. */
export class KernelClient {
  /** Content of the kernel_info_reply. */
  info: Record<string, unknown> = {};
  readonly #process: Deno.ChildProcess;
  readonly #directory: string;
  readonly #session = randomUUID();
  readonly #exited: Promise<string>;
  readonly #abort = new AbortController();
  #stderr = "";
  #key = "";
  #shell!: ZmtpConnection;
  #iopub!: ZmtpConnection;
  #control!: ZmtpConnection;

  private constructor(process: Deno.ChildProcess, directory: string) {
    this.#process = process;
    this.#directory = directory;
    running.add(this);
    const read = this.#readStderr();
    this.#exited = process.status.then(async ({ code, signal }) => {
      await read;
      return `ended with ${signal ?? `code ${code}`}`;
    });
    this.#exited.then(() => this.#abort.abort(new Error("the kernel has ended")));
  }

  /**
   * Starts a kernel and waits until it answers and its broadcasts arrive.
   * Throws with the kernel's own last words when it cannot be started.
   */
  static async start(options: KernelOptions): Promise<KernelClient> {
    const directory = mkdtempSync(join(tmpdir(), "interleave-kernel-"));
    const path = join(directory, "connection.json");
    const connection = await writeConnectionFile(path);
    const [command, ...args] = options.argv.map((word) => word.replace("{connection_file}", path));
    // Not node:child_process, whose emulation takes Deno's own path for Node's and changes the arguments.
    let process: Deno.ChildProcess;
    try {
      process = new Deno.Command(command, {
        args,
        cwd: options.cwd,
        env: { NO_COLOR: "1", RUST_BACKTRACE: "0", ...options.env },
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw new Error(`the kernel ${command} cannot be started: ${(error as Error).message}`);
    }
    const client = new KernelClient(process, directory);
    try {
      await client.#connect(connection, options.startTimeoutMs ?? 20_000);
      return client;
    } catch (error) {
      client.kill();
      const how = client.#abort.signal.aborted ? await client.#exited : (error as Error).message;
      throw new Error(`the kernel ${command} did not start: ${how}${client.#lastWords()}`);
    }
  }

  async #connect(connection: ConnectionInfo, timeoutMs: number): Promise<void> {
    this.#key = connection.key;
    const limit = { timeoutMs, signal: this.#abort.signal };
    this.#shell = await ZmtpConnection.connect(connection.shell_port, "DEALER", limit);
    this.#iopub = await ZmtpConnection.connect(connection.iopub_port, "SUB", limit);
    this.#control = await ZmtpConnection.connect(connection.control_port, "DEALER", limit);
    // A broadcast sent before the subscription was read is lost, so ask until one arrives.
    const heard = this.#iopub.receive();
    for (const deadline = performance.now() + timeoutMs;;) {
      const reply = await this.#ask(this.#shell, "kernel_info_request", {});
      this.info = reply.content;
      if (await Promise.race([heard, sleep(60, "silence", { ref: false })]) !== "silence") return;
      if (performance.now() > deadline) throw new Error("it answers, but its broadcasts do not arrive");
    }
  }

  /**
   * Runs `code`, handing every broadcast that belongs to it (stream, display_data, execute_result, error, ...) to
   * `onMessage`, and returns when all of them have come.
   * @param silent Neither counted nor kept in the kernel's history.
   */
  async execute(
    code: string,
    { onMessage = () => {}, silent = false }: { onMessage?: (message: Message) => void; silent?: boolean } = {},
  ): Promise<ExecuteReply> {
    const reply = this.#ask(this.#shell, "execute_request", executeContent(code, silent));
    // Some kernels report "idle" before a cell's last outputs. Broadcasts keep their order, so a token that is
    // displayed after the reply comes behind all of them.
    const token = randomUUID();
    const barrier = reply.then(() =>
      this.#ask(this.#shell, "execute_request", executeContent(barrierCode(token), true))
    );
    for (;;) {
      const frames = await this.#orExit(Promise.race([this.#iopub.receive(), failureOf(barrier)]));
      if (!frames) throw await this.#diedError();
      const message = decodeMessage(frames, this.#key);
      if (message.content.data?.["x-interleave-barrier"] === token) break;
      if (message.header.msg_type !== "status" && message.header.msg_type !== "execute_input") onMessage(message);
    }
    await barrier;
    return (await reply).content;
  }

  /** Stops what runs, as far as the kernel can. */
  async interrupt(): Promise<void> {
    await this.#ask(this.#control, "interrupt_request", {});
  }

  /** Ends the kernel, by force when it does not go by itself. */
  async shutdown(): Promise<void> {
    try {
      await Promise.race([
        this.#ask(this.#control, "shutdown_request", { restart: false }).then(() => this.#exited),
        sleep(SHUTDOWN_GRACE_MS),
      ]);
    } catch {
      // it went before it answered
    }
    this.kill();
    await this.#exited;
  }

  /** Ends the kernel at once. */
  kill(): void {
    running.delete(this);
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // it has already ended
    }
    for (const connection of [this.#shell, this.#iopub, this.#control]) connection?.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #ask(connection: ZmtpConnection, type: string, content: unknown): Promise<Message> {
    const message = request(type, content, this.#session);
    connection.send(encodeMessage(message, this.#key));
    for (;;) {
      const frames = await this.#orExit(connection.receive());
      if (!frames) throw await this.#diedError();
      const answer = decodeMessage(frames, this.#key);
      if (answer.parent.msg_id === message.header.msg_id) return answer;
    }
  }

  /** `promise`, unless the kernel ends first. */
  async #orExit<T>(promise: Promise<T>): Promise<T | undefined> {
    return await Promise.race([promise, this.#exited.then(() => undefined)]);
  }

  async #diedError(): Promise<Error> {
    return new Error(`the kernel ${await this.#exited} while it was needed${this.#lastWords()}`);
  }

  async #readStderr(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#process.stderr) {
      this.#stderr = (this.#stderr + decoder.decode(chunk, { stream: true })).slice(-STDERR_KEPT);
    }
  }

  #lastWords(): string {
    const said = this.#stderr.split("\n").filter((line) =>
      line.trim() !== "" && !line.includes("is unstable and might")
    );
    return said.length === 0 ? "" : `. It said:\n${said.join("\n")}`;
  }
}

function executeContent(code: string, silent: boolean): unknown {
  return { code, silent, store_history: !silent, user_expressions: {}, allow_stdin: false, stop_on_error: false };
}

function barrierCode(token: string): string {
  const bundle = `{ data: { "x-interleave-barrier": "${token}" }, metadata: {}, transient: {} }`;
  return `await Deno.jupyter.broadcast("display_data", ${bundle})`;
}

/** Never resolves; rejects when `promise` does. */
function failureOf(promise: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => promise.catch(reject));
}
