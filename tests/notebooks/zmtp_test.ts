import fc from "fast-check";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage, request } from "../../lib/jupyter/message.ts";
import { encodeFrame, type Frame, FrameReader, greeting, ZmtpConnection } from "../../lib/jupyter/zmtp.ts";

const frame = fc.record({
  body: fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ minLength: 250, maxLength: 300 })),
  more: fc.boolean(),
  command: fc.boolean(),
});

describe("ZMTP", () => {
  it("reads the frames that were sent, in whatever chunks they come", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.array(fc.nat(200)), (frames: Frame[], cuts: number[]) => {
        const bytes = new Uint8Array([...greeting(), ...frames.flatMap((one) => [...encodeFrame(one)])]);
        const reader = new FrameReader();
        const read: Frame[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          read.push(...reader.push(bytes.subarray(at, at + cut)));
          at += Math.min(cut, bytes.length - at);
        }
        expect(read.map((one) => ({ ...one, body: [...one.body] })))
          .toEqual(frames.map((one) => ({ ...one, body: [...one.body] })));
      }),
    );
  });

  it("says so when the other side speaks something else", () => {
    const http = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n".repeat(4));
    expect(() => new FrameReader().push(http)).toThrow(/no Jupyter kernel/);
  });

  it("carries messages of several frames both ways", async () => {
    const server = createServer(async (socket) => {
      const peer = new ZmtpConnection(socket, "ROUTER");
      const message = await peer.receive();
      peer.send(message!.toReversed());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const connection = await ZmtpConnection.connect((server.address() as { port: number }).port, "DEALER");
    connection.send([new Uint8Array([1]), new Uint8Array(70_000).fill(2)]);
    const answer = await connection.receive();
    expect(answer!.map((part) => [part.length, part[0]])).toEqual([[70_000, 2], [1, 1]]);
    connection.close();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("Jupyter messages", () => {
  it("come back as they were sent, and not with another key", () => {
    const message = request("execute_request", { code: "1 + 1" }, "session");
    expect(decodeMessage(encodeMessage(message, "key"), "key")).toEqual(message);
    expect(() => decodeMessage(encodeMessage(message, "key"), "other")).toThrow(/signature/);
  });
});
