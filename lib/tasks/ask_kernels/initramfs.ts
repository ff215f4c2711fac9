/** The file system that a kernel starts with, as a cpio archive (Documentation/driver-api/early-userspace/buffer-format.rst). */

export interface InitramfsFile {
  /** Without the first slash; folders are made as they are needed. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly isExecutable?: boolean;
}

const FOLDER = 0o040755, FILE = 0o100644, PROGRAM = 0o100755;
const HEADER_FIELDS = 13;

/** The archive of these files, uncompressed. */
export function initramfs(files: readonly InitramfsFile[]): Uint8Array {
  const folders = new Set(files.flatMap(({ path }) => foldersOf(path)));
  const none = new Uint8Array();
  const entries = [
    ...[...folders].map((path, index) => entry(path, FOLDER, none, index + 1)),
    ...files.map(({ path, bytes, isExecutable }, index) =>
      entry(path, isExecutable ? PROGRAM : FILE, bytes, folders.size + index + 1)
    ),
    entry("TRAILER!!!", 0, none, 0),
  ];
  const archive = new Uint8Array(entries.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const one of entries) {
    archive.set(one, at);
    at += one.length;
  }
  return archive;
}

/** `lib/x86_64-linux-gnu/libc.so.6` lies in `lib` and in `lib/x86_64-linux-gnu`, in this order. */
function foldersOf(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}

function entry(path: string, mode: number, bytes: Uint8Array, inode: number): Uint8Array {
  const name = new TextEncoder().encode(`${path}\0`);
  const links = 1, fields = new Array<number>(HEADER_FIELDS).fill(0);
  [fields[0], fields[1], fields[4], fields[6], fields[11]] = [inode, mode, links, bytes.length, name.length];
  const header = new TextEncoder().encode(
    "070701" + fields.map((field) => field.toString(16).padStart(8, "0")).join(""),
  );
  const nameEnd = padded(header.length + name.length);
  const all = new Uint8Array(nameEnd + padded(bytes.length));
  all.set(header);
  all.set(name, header.length);
  all.set(bytes, nameEnd);
  return all;
}

const padded = (length: number): number => (length + 3) & ~3;
