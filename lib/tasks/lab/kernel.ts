/**
 * The project's Jupyter kernel: Deno's own, with an interrupt that always works.
 *
 * A front end talks to Deno's kernel directly on stdin and heartbeat. Shell, control and broadcasts (iopub) go through
 * this process. It answers an interrupt in three steps, each only if the one before did not help:
 *  1. call what long work of the library has registered (lib/host/stop.ts);
 *  2. let Deno end what computes;
 *  3. give up what waits (stop_listener.ts), and call what has been registered meanwhile: it holds the cell's promise.
 * When even that fails it says in the cell what to do. It also passes shutdown on, and ends both processes together.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeConnectionFile } from "../../jupyter/client.ts";
import { type ConnectionInfo, decodeMessage, encodeMessage, type Message, request } from "../../jupyter/message.ts";
import { ZmtpConnection } from "../../jupyter/zmtp.ts";
import { BroadcastRelay } from "./broadcast_relay.ts";
import { repairBroadcast } from "./repairs.ts";
import { readText } from "./subprocess.ts";
import { listenerCode, STOP } from "./stop_listener.ts";

/** An event loop that turns answers sooner, if it does not compute. */
const ANSWER_MS = 250;
const SETTLE_MS = 300;
const ATTEMPTS = 6;
const SHUTDOWN_MS = 500;
const LISTEN_MS = 1000;
const PARENT = Deno.build.os === "windows" ? 0 : Deno.pid;
const CANNOT_STOP = "This cell waits for something that cannot be stopped from outside. " +
  "Restart the kernel (menu Kernel) and run the cells above again.\n";

class Kernel {
  readonly #outer: ConnectionInfo;
  #inner!: ConnectionInfo;
  #process!: Deno.ChildProcess;
  #relay!: BroadcastRelay;
  /** This process's own requests; their echoes concern no front end. */
  readonly #session = crypto.randomUUID();
  #listener?: Socket;
  #lastAnswerAt = -Infinity;
  /** The request that the kernel works on, as its status broadcasts say. */
  #working?: Message["parent"];

  constructor(connectionFile: string) {
    this.#outer = JSON.parse(readFileSync(connectionFile, "utf8"));
  }

  /** Starts everything; resolves with the kernel's exit code. */
  async run(): Promise<number> {
    const folder = mkdtempSync(join(tmpdir(), "interleave-kernel-"));
    const file = join(folder, "connection.json");
    const { stdin_port, hb_port, key } = this.#outer;
    this.#inner = await writeConnectionFile(file, { stdin_port, hb_port, key });
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["jupyter", "--kernel", "--conn", file],
      env: { DENO_V8_FLAGS: `${Deno.env.get("DENO_V8_FLAGS") ?? ""},--expose-gc`.replace(/^,/, "") },
      stdin: "null",
      stderr: "piped",
    }).spawn();
    readText(this.#process.stderr, (line) => {
      if (!line.includes('"deno jupyter" is unstable')) console.error(line);
    });
    for (const signal of ["SIGTERM", "SIGHUP"] as const) Deno.addSignalListener(signal, () => this.#kill());
    Deno.addSignalListener("SIGINT", () => {}); // a terminal's Ctrl-C is for the server
    this.#relay = new BroadcastRelay(this.#outer.iopub_port);
    this.#serve(this.#outer.control_port, (outer) => this.#serveControl(outer));
    const ready = this.#connectInner();
    this.#serve(this.#outer.shell_port, async (outer) => {
      // After a restart a front end asks sooner than it listens, and would wait for an answer that it missed.
      await Promise.all([ready, Promise.race([this.#relay.subscribed, sleep(LISTEN_MS)])]);
      await this.#serveShell(outer);
    });
    const { code } = await this.#process.status;
    rmSync(folder, { recursive: true, force: true });
    return code;
  }

  #serve(port: number, serve: (outer: ZmtpConnection) => Promise<void>): void {
    createServer((socket) => {
      serve(new ZmtpConnection(socket, "ROUTER")).catch((error) => console.error(error));
    }).listen(port, "127.0.0.1");
  }

  /** Subscribes to the kernel's broadcasts, and has it run the code that listens for stops. */
  async #connectInner(): Promise<void> {
    const broadcasts = await ZmtpConnection.connect(this.#inner.iopub_port, "SUB");
    const shell = await ZmtpConnection.connect(this.#inner.shell_port, "DEALER");
    // What is broadcast before the subscription was read is lost, so ask until something arrives.
    let isHeard = false;
    const heard = broadcasts.receive().then(() => isHeard = true);
    while (!isHeard) {
      shell.send(encodeMessage(request("kernel_info_request", {}, this.#session), this.#inner.key));
      await Promise.race([heard, sleep(50)]);
    }
    this.#passBroadcasts(broadcasts);
    const content = { code: listenerCode(await this.#awaitListener(), PARENT), silent: true, store_history: false };
    shell.send(encodeMessage(request("execute_request", content, this.#session), this.#inner.key));
  }

  async #passBroadcasts(inner: ZmtpConnection): Promise<void> {
    for (let frames = await inner.receive(); frames; frames = await inner.receive()) {
      const message = decodeMessage(frames, this.#inner.key);
      if (message.parent.session === this.#session) continue;
      if (message.header.msg_type === "status") {
        this.#working = message.content.execution_state === "busy" ? message.parent : undefined;
      }
      const content = repairBroadcast(message);
      this.#relay.send(content === message.content ? frames : encodeMessage({ ...message, content }, this.#inner.key));
    }
  }

  /** Opens a port for the listener; returns it. */
  async #awaitListener(): Promise<number> {
    const server = createServer((socket) => {
      this.#listener = socket;
      socket.on("data", () => this.#lastAnswerAt = performance.now());
      socket.on("error", () => {});
      server.close(); // one front end is all there may be
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as { port: number }).port;
  }

  /** One front end's shell channel, with a connection of its own to the kernel behind it. */
  async #serveShell(outer: ZmtpConnection): Promise<void> {
    const inner = await ZmtpConnection.connect(this.#inner.shell_port, "DEALER");
    passAll(inner, outer);
    await passAll(outer, inner);
    inner.close();
  }

  /** One front end's control channel, with a connection of its own to the kernel behind it. */
  async #serveControl(outer: ZmtpConnection): Promise<void> {
    const inner = await ZmtpConnection.connect(this.#inner.control_port, "DEALER");
    passAll(inner, outer);
    for (let frames = await outer.receive(); frames; frames = await outer.receive()) {
      const message = decodeMessage(frames, this.#outer.key);
      if (message.header.msg_type === "interrupt_request") {
        this.#reply(outer, message, "interrupt_reply", { status: "ok" });
        this.#interrupt(inner);
        continue;
      }
      inner.send(frames);
      if (message.header.msg_type === "shutdown_request") setTimeout(() => this.#kill(), SHUTDOWN_MS);
    }
    inner.close();
  }

  #reply(outer: ZmtpConnection, { header }: Message, type: string, content: unknown): void {
    const reply = { ...request(type, content, this.#session), parent: header };
    outer.send(encodeMessage(reply, this.#outer.key));
  }

  async #interrupt(control: ZmtpConnection): Promise<void> {
    const cell = this.#working;
    if (!cell) return;
    const isOver = () => this.#working?.msg_id !== cell.msg_id;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const alive = await this.#tell(attempt === 0 ? STOP.callHooks : STOP.callHooks | STOP.cancelWaiting);
      if (isOver()) return;
      // Only when it computes: the kernel would keep the order and end whatever comes next.
      if (!alive) control.send(encodeMessage(request("interrupt_request", {}, this.#session), this.#inner.key));
      await sleep(SETTLE_MS);
      if (isOver()) return;
    }
    const content = { name: "stderr", text: CANNOT_STOP };
    this.#relay.send(encodeMessage({ ...request("stream", content, this.#session), parent: cell }, this.#inner.key));
  }

  /** Sends a byte to the listener; returns whether it answered. */
  async #tell(what: number): Promise<boolean> {
    const asked = performance.now();
    this.#listener?.write(new Uint8Array([what]));
    while (performance.now() - asked < ANSWER_MS) {
      await sleep(10);
      if (this.#lastAnswerAt >= asked) return true;
    }
    return false;
  }

  #kill(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // it has already ended
    }
  }
}

async function passAll(from: ZmtpConnection, to: ZmtpConnection): Promise<void> {
  for (let frames = await from.receive(); frames; frames = await from.receive()) to.send(frames);
}

if (import.meta.main) {
  const code = await new Kernel(Deno.args[0]).run();
  Deno.exit(code);
}
