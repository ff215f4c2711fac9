/** Messages of the Jupyter protocol 5.3 as they travel: identities, delimiter, signature, four JSON parts. */
import { Buffer } from "node:buffer";
import { createHmac, randomUUID } from "node:crypto";

const DELIMITER = "<IDS|MSG>";

export interface Header {
  readonly msg_id: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly msg_type: string;
  readonly version: string;
}

export interface Message {
  /** Frames before the delimiter: a ROUTER's peers, or the topic of a broadcast. */
  readonly identities: readonly Uint8Array[];
  readonly header: Header;
  readonly parent: Partial<Header>;
  readonly metadata: Record<string, unknown>;
  // deno-lint-ignore no-explicit-any -- the content's shape depends on msg_type
  readonly content: any;
}

/** What a kernel is told about its ports; the field names are the protocol's. */
export interface ConnectionInfo {
  readonly ip: string;
  readonly transport: "tcp";
  readonly key: string;
  readonly signature_scheme: "hmac-sha256";
  readonly shell_port: number;
  readonly iopub_port: number;
  readonly stdin_port: number;
  readonly control_port: number;
  readonly hb_port: number;
}

/** A request of `type` in `session`, ready to be sent. */
export function request(type: string, content: unknown, session: string): Message {
  const header: Header = {
    msg_id: randomUUID(),
    session,
    username: "interleave",
    date: new Date().toISOString(),
    msg_type: type,
    version: "5.3",
  };
  return { identities: [], header, parent: {}, metadata: {}, content };
}

export function encodeMessage(message: Message, key: string): Uint8Array[] {
  const parts = [message.header, message.parent, message.metadata, message.content].map((part) => JSON.stringify(part));
  const frames = [DELIMITER, sign(parts.map((part) => Buffer.from(part)), key), ...parts];
  return [...message.identities, ...frames.map((frame) => Buffer.from(frame))];
}

/** Throws when the frames are no Jupyter message or were signed with another key. */
export function decodeMessage(frames: readonly Uint8Array[], key: string): Message {
  const text = (index: number) => Buffer.from(frames[index] ?? []).toString();
  const at = frames.findIndex((frame) =>
    frame.length === DELIMITER.length && Buffer.from(frame).toString() === DELIMITER
  );
  if (at < 0 || frames.length < at + 6) throw new Error("a message from the kernel is not in Jupyter's form");
  if (key !== "" && text(at + 1) !== sign(frames.slice(at + 2, at + 6), key)) {
    throw new Error("a message from the kernel has a wrong signature");
  }
  return {
    identities: frames.slice(0, at),
    header: JSON.parse(text(at + 2)),
    parent: JSON.parse(text(at + 3)),
    metadata: JSON.parse(text(at + 4)),
    content: JSON.parse(text(at + 5)),
  };
}

function sign(parts: readonly Uint8Array[], key: string): string {
  if (key === "") return "";
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}
