/**
 * ZMTP 3.0, the wire protocol of ZeroMQ, with the NULL mechanism: what a Jupyter kernel speaks on its five ports.
 *
 * The native addon of npm's zeromq does not load in the pinned Deno, and loopback without encryption needs little:
 * a greeting of 64 bytes, one READY command, then frames of a flag byte, a length and a body (RFC 23/ZMTP 3.0).
 */
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type SocketType = "DEALER" | "ROUTER" | "SUB" | "PUB" | "REQ" | "REP";

const MORE = 1;
const LONG = 2;
const COMMAND = 4;
const GREETING_BYTES = 64;
/** A notebook's largest figures are some megabytes; a longer frame is a peer that speaks something else. */
const MAX_FRAME_BYTES = 1 << 30;

export interface Frame {
  readonly body: Uint8Array;
  readonly more: boolean;
  readonly command: boolean;
}

/** The first 64 bytes of each side: signature, version 3.0, mechanism NULL, not a server. */
export function greeting(): Uint8Array {
  const bytes = new Uint8Array(GREETING_BYTES);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes.set(new TextEncoder().encode("NULL"), 12);
  return bytes;
}

export function encodeFrame({ body, more, command }: Frame): Uint8Array {
  const long = body.length > 255;
  const header = new Uint8Array(long ? 9 : 2);
  header[0] = (more ? MORE : 0) | (long ? LONG : 0) | (command ? COMMAND : 0);
  if (long) new DataView(header.buffer).setBigUint64(1, BigInt(body.length));
  else header[1] = body.length;
  return Buffer.concat([header, body]);
}

/** The READY command, which names this side's socket type. */
function readyFrame(type: SocketType): Uint8Array {
  const property = (name: string, value: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(value.length);
    return [Buffer.from([name.length]), Buffer.from(name), length, Buffer.from(value)];
  };
  const body = Buffer.concat([
    Buffer.from([5]),
    Buffer.from("READY"),
    ...property("Socket-Type", type),
    ...property("Identity", ""),
  ]);
  return encodeFrame({ body, more: false, command: true });
}

/** Cuts a stream of bytes into a greeting and frames, whatever the chunks it comes in. */
export class FrameReader {
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #greeted = false;

  /** The frames that `chunk` completes. Throws when the peer does not speak ZMTP 3. */
  push(chunk: Uint8Array): Frame[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const frames: Frame[] = [];
    if (!this.#greeted) {
      const peer = this.#take(GREETING_BYTES);
      if (!peer) return frames;
      if (peer[0] !== 0xff || peer[9] !== 0x7f || peer[10] < 3) {
        throw new Error("the other side of this connection does not speak ZMTP 3, so it is no Jupyter kernel");
      }
      this.#greeted = true;
    }
    for (let frame = this.#frame(); frame; frame = this.#frame()) frames.push(frame);
    return frames;
  }

  #frame(): Frame | undefined {
    const start = this.#peek(2);
    if (!start) return undefined;
    const flags = start[0];
    const headerBytes = flags & LONG ? 9 : 2;
    const header = this.#peek(headerBytes);
    if (!header) return undefined;
    const length = flags & LONG ? Number(new DataView(header.buffer, header.byteOffset).getBigUint64(1)) : header[1];
    if (length > MAX_FRAME_BYTES) throw new Error(`a ZMTP frame of ${length} bytes is over the limit`);
    const whole = this.#take(headerBytes + length);
    if (!whole) return undefined;
    return { body: whole.subarray(headerBytes), more: (flags & MORE) !== 0, command: (flags & COMMAND) !== 0 };
  }

  #peek(count: number): Uint8Array | undefined {
    if (this.#buffered < count) return undefined;
    if (this.#chunks[0].length < count) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0];
  }

  #take(count: number): Uint8Array | undefined {
    const bytes = this.#peek(count);
    if (!bytes) return undefined;
    this.#buffered -= count;
    if (bytes.length === count) this.#chunks.shift();
    else this.#chunks[0] = bytes.subarray(count);
    return bytes.subarray(0, count);
  }
}

/** One connection to one peer, with messages of several frames going both ways. */
export class ZmtpConnection {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  #parts: Uint8Array[] = [];
  #messages: Uint8Array[][] = [];
  #waiting: { resolve: (message: Uint8Array[] | undefined) => void; reject: (error: Error) => void }[] = [];
  #ended = false;
  #failure?: Error;
  /** Resolved when the peer's READY has come. */
  readonly ready: Promise<void>;

  /** Takes over a socket that is connected, whichever side opened it. */
  constructor(socket: Socket, type: SocketType) {
    this.#socket = socket;
    socket.setNoDelay(true);
    let isReady: () => void;
    let isNotReady: (error: Error) => void;
    this.ready = new Promise((resolve, reject) => [isReady, isNotReady] = [resolve, reject]);
    this.ready.catch(() => {});
    socket.on("data", (chunk: Uint8Array) => {
      try {
        for (const frame of this.#reader.push(chunk)) {
          if (frame.command) isReady();
          else this.#part(frame);
        }
      } catch (error) {
        this.#failure = error as Error;
        isNotReady(this.#failure);
        socket.destroy();
      }
    });
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => {
      this.#ended = true;
      isNotReady(this.#failure ?? new Error("the connection was closed before it was ready"));
      for (const waiting of this.#waiting.splice(0)) {
        if (this.#failure) waiting.reject(this.#failure);
        else waiting.resolve(undefined);
      }
    });
    socket.write(greeting());
    socket.write(readyFrame(type));
    if (type === "SUB") this.send([new Uint8Array([1])]); // subscribe to everything
  }

  /**
   * Connects to 127.0.0.1:`port`, trying again until the kernel listens there.
   * Throws when `timeoutMs` have passed or `signal` aborts.
   */
  static async connect(
    port: number,
    type: SocketType,
    { timeoutMs = 15_000, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<ZmtpConnection> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      signal?.throwIfAborted();
      const socket = await openSocket(port);
      if (socket) {
        const connection = new ZmtpConnection(socket, type);
        await connection.ready;
        return connection;
      }
      if (performance.now() > deadline) throw new Error(`nobody listens on port ${port} after ${timeoutMs} ms`);
      await sleep(15);
    }
  }

  #part(frame: Frame): void {
    this.#parts.push(frame.body);
    if (frame.more) return;
    const message = this.#parts;
    this.#parts = [];
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve(message);
    else this.#messages.push(message);
  }

  /** The next message, or undefined when the peer has gone. */
  receive(): Promise<Uint8Array[] | undefined> {
    const message = this.#messages.shift();
    if (message) return Promise.resolve(message);
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  send(message: readonly Uint8Array[]): void {
    if (this.#ended) return;
    const last = message.length - 1;
    this.#socket.write(
      Buffer.concat(message.map((body, i) => encodeFrame({ body, more: i < last, command: false }))),
    );
  }

  /** Lets the process end although the connection is open. */
  unref(): void {
    this.#socket.unref();
  }

  close(): void {
    this.#socket.destroy();
  }
}

function openSocket(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });
}
