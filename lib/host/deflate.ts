/** Compression as PNG files want it. */
import { deflateSync } from "node:zlib";

/** Compressed, in zlib's format (RFC 1950). */
export const deflate = (bytes: Uint8Array): Promise<Uint8Array> => Promise.resolve(new Uint8Array(deflateSync(bytes)));
