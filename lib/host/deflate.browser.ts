/** Compression by the browser. */

/** Compressed, in zlib's format (RFC 1950), which the Compression Streams standard calls `deflate`. */
export async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
