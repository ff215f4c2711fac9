/** Reads clang's own headers out of the archive that its package keeps them in (POSIX tar). */

const BLOCK_BYTES = 512, NAME_BYTES = 100, SIZE_AT = 124, SIZE_DIGITS = 12;
/** Those of the C language, for any machine: `stdarg.h`, `limits.h`, and the parts that they are made of. */
const WANTED = /^(?:\.\/)?include\/((?:__?std\w*|std\w*|float|__float\w*|limits|iso646|varargs)\.h)$/;

/** Headers by name. */
export function builtinHeaders(archive: Uint8Array): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, bytes } of files(archive)) {
    const header = WANTED.exec(name)?.[1];
    if (header) found.set(header, new TextDecoder().decode(bytes));
  }
  return found;
}

function* files(archive: Uint8Array): Generator<{ name: string; bytes: Uint8Array }> {
  const text = (at: number, length: number) =>
    new TextDecoder().decode(archive.subarray(at, at + length)).replace(/\0[^]*$/, "");
  for (let at = 0; at + BLOCK_BYTES <= archive.length && archive[at] !== 0;) {
    const size = Number.parseInt(text(at + SIZE_AT, SIZE_DIGITS), 8) || 0, start = at + BLOCK_BYTES;
    yield { name: text(at, NAME_BYTES), bytes: archive.subarray(start, start + size) };
    at = start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
}
