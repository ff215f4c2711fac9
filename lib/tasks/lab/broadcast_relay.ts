/** Passes the inner kernel's broadcasts on to whoever subscribed, the way a PUB socket does. */
import { Buffer } from "node:buffer";
import type { Server } from "node:net";
import { createServer } from "node:net";
import { ZmtpConnection } from "../../jupyter/zmtp.ts";

export class BroadcastRelay {
  readonly #peers = new Map<ZmtpConnection, Set<string>>();
  readonly #server: Server;
  #subscribed!: () => void;
  /** Resolved when a front end listens. */
  readonly subscribed = new Promise<void>((resolve) => this.#subscribed = resolve);

  constructor(port: number) {
    this.#server = createServer((socket) => this.#serve(new ZmtpConnection(socket, "PUB")));
    this.#server.listen(port, "127.0.0.1");
  }

  send(frames: readonly Uint8Array[]): void {
    const topic = Buffer.from(frames[0]).toString("latin1");
    for (const [peer, topics] of this.#peers) {
      if ([...topics].some((prefix) => topic.startsWith(prefix))) peer.send(frames);
    }
  }

  async #serve(peer: ZmtpConnection): Promise<void> {
    const topics = new Set<string>();
    this.#peers.set(peer, topics);
    try {
      for (let frames = await peer.receive(); frames; frames = await peer.receive()) {
        const topic = Buffer.from(frames[0].subarray(1)).toString("latin1");
        if (frames[0][0] === 1) topics.add(topic);
        else topics.delete(topic);
        this.#subscribed();
      }
    } catch {
      // it spoke something else
    }
    this.#peers.delete(peer);
  }
}
