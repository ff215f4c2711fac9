/**
 * Runs a WebAssembly command on files in memory: the part of WASI preview 1 (wasi_snapshot_preview1.witx) that a compiler
 * asks for. It reads the files that it is given and writes to standard output and standard error; all else is refused.
 *
 * The package's own runtime is not used: it copies the whole output with each few characters of it.
 */

/** What a command left behind. */
export interface CommandOutput {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const ERRNO = { SUCCESS: 0, BADF: 8, INVAL: 28, NOENT: 44, NOSYS: 52, NOTDIR: 54 } as const;
const FILE_TYPE = { CHARACTER_DEVICE: 2, DIRECTORY: 3, REGULAR_FILE: 4 } as const;
const OPEN_FLAGS = { CREATE: 1, DIRECTORY: 2, TRUNCATE: 8 } as const;
const STDIN = 0, STDOUT = 1, STDERR = 2, ROOT = 3;

interface Node {
  /** Tells files apart: the compiler reads a file once that it knows by its number. */
  readonly inode: number;
  /** None for a folder. */
  readonly bytes?: Uint8Array;
}

interface OpenFile {
  readonly node: Node;
  offset: number;
}

/** Thrown by `proc_exit`, which does not return. */
class Exit {
  constructor(readonly status: number) {}
}

/**
 * @param module a command, which exports `_start` and `memory`
 * @param args the first is the command's own name
 * @param files by path from the root, without a leading slash; the root is the working folder
 * @throws WebAssembly.RuntimeError when the command traps
 */
export async function runWasi(
  module: WebAssembly.Module,
  args: readonly string[],
  files: ReadonlyMap<string, Uint8Array>,
): Promise<CommandOutput> {
  const host = new Host(args, files);
  const { exports } = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: host.imports(module) });
  host.memory = exports.memory as WebAssembly.Memory;
  let status = 0;
  try {
    (exports._start as () => void)();
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    status = error.status;
  }
  return { status, stdout: host.stdout.text(), stderr: host.stderr.text() };
}

class Host {
  memory!: WebAssembly.Memory;
  readonly stdout = new Printed();
  readonly stderr = new Printed();
  readonly #args: readonly Uint8Array[];
  readonly #nodes = new Map<string, Node>();
  readonly #open = new Map<number, OpenFile>();
  #nextFd = ROOT + 1;
  #view = new DataView(new ArrayBuffer(0));

  constructor(args: readonly string[], files: ReadonlyMap<string, Uint8Array>) {
    this.#args = args.map((arg) => new TextEncoder().encode(`${arg}\0`));
    this.#nodes.set("", { inode: 1 });
    for (const [path, bytes] of files) this.#addFile(path, bytes);
    this.#open.set(ROOT, { node: this.#nodes.get("")!, offset: 0 });
  }

  /** What the module asks for; what is not here answers "not supported". */
  imports(module: WebAssembly.Module): WebAssembly.ModuleImports {
    const known = this.#functions(), found: WebAssembly.ModuleImports = {};
    for (const { name } of WebAssembly.Module.imports(module)) found[name] = known[name] ?? (() => ERRNO.NOSYS);
    return found;
  }

  #functions(): Record<string, (...args: never[]) => number> {
    return {
      args_sizes_get: (count: number, bytes: number) => this.#put(count, this.#args.length, bytes, this.#argBytes()),
      args_get: (pointers: number, texts: number) => {
        for (const arg of this.#args) {
          this.#put(pointers, texts);
          this.#bytes().set(arg, texts);
          pointers += 4;
          texts += arg.length;
        }
        return ERRNO.SUCCESS;
      },
      environ_sizes_get: (count: number, bytes: number) => this.#put(count, 0, bytes, 0),
      environ_get: () => ERRNO.SUCCESS,
      clock_time_get: (_clock: number, _precision: bigint, time: number) => {
        this.#memory().setBigUint64(time, BigInt(Date.now()) * 1_000_000n, true);
        return ERRNO.SUCCESS;
      },
      // The same text always compiles to the same bytes.
      random_get: (at: number, length: number) => {
        this.#bytes().fill(0x5a, at, at + length);
        return ERRNO.SUCCESS;
      },
      proc_exit: (status: number) => {
        throw new Exit(status);
      },
      fd_prestat_get: (fd: number, at: number) => fd === ROOT ? this.#put(at, 0, at + 4, 1) : ERRNO.BADF,
      fd_prestat_dir_name: (_fd: number, at: number) => {
        this.#memory().setUint8(at, "/".charCodeAt(0));
        return ERRNO.SUCCESS;
      },
      fd_fdstat_get: (fd: number, at: number) => {
        const type = this.#typeOf(fd);
        if (type === undefined) return ERRNO.BADF;
        const view = this.#memory(), allRights = 0xffff_ffffn;
        view.setUint32(at, type, true);
        view.setUint32(at + 4, 0, true);
        view.setBigUint64(at + 8, allRights, true);
        view.setBigUint64(at + 16, allRights, true);
        return ERRNO.SUCCESS;
      },
      fd_filestat_get: (fd: number, at: number) => {
        const file = this.#open.get(fd);
        if (file) return this.#putStat(at, file.node);
        return fd <= STDERR ? this.#putStat(at, { inode: 0 }, FILE_TYPE.CHARACTER_DEVICE) : ERRNO.BADF;
      },
      path_filestat_get: (fd: number, _flags: number, path: number, length: number, at: number) => {
        const node = fd === ROOT ? this.#find(path, length) : undefined;
        return node ? this.#putStat(at, node) : ERRNO.NOENT;
      },
      path_open: (
        fd: number,
        _lookup: number,
        path: number,
        length: number,
        flags: number,
        _rights: bigint,
        _inherited: bigint,
        _fdFlags: number,
        opened: number,
      ) => {
        const node = fd === ROOT ? this.#find(path, length) : undefined;
        if (flags & (OPEN_FLAGS.CREATE | OPEN_FLAGS.TRUNCATE)) return ERRNO.NOSYS;
        if (!node) return ERRNO.NOENT;
        if (flags & OPEN_FLAGS.DIRECTORY && node.bytes) return ERRNO.NOTDIR;
        this.#open.set(this.#nextFd, { node, offset: 0 });
        return this.#put(opened, this.#nextFd++);
      },
      fd_close: (fd: number) => this.#open.delete(fd) ? ERRNO.SUCCESS : ERRNO.BADF,
      fd_seek: (fd: number, offset: bigint, whence: number, at: number) => {
        const file = this.#open.get(fd);
        if (!file) return ERRNO.BADF;
        const from = [0, file.offset, file.node.bytes?.length ?? 0][whence];
        if (from === undefined || from + Number(offset) < 0) return ERRNO.INVAL;
        file.offset = from + Number(offset);
        this.#memory().setBigUint64(at, BigInt(file.offset), true);
        return ERRNO.SUCCESS;
      },
      fd_read: (fd: number, vectors: number, count: number, done: number) => {
        const file = this.#open.get(fd);
        if (!file) return fd === STDIN ? this.#put(done, 0) : ERRNO.BADF;
        const read = this.#readInto(vectors, count, file.node, file.offset);
        file.offset += read;
        return this.#put(done, read);
      },
      fd_pread: (fd: number, vectors: number, count: number, offset: bigint, done: number) => {
        const file = this.#open.get(fd);
        return file ? this.#put(done, this.#readInto(vectors, count, file.node, Number(offset))) : ERRNO.BADF;
      },
      fd_write: (fd: number, vectors: number, count: number, done: number) => {
        const printed = fd === STDOUT ? this.stdout : fd === STDERR ? this.stderr : undefined;
        if (!printed) return ERRNO.BADF;
        let written = 0;
        for (const [at, length] of this.#vectors(vectors, count)) {
          printed.add(this.#bytes().subarray(at, at + length));
          written += length;
        }
        return this.#put(done, written);
      },
    };
  }

  #addFile(path: string, bytes: Uint8Array): void {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join("/");
      if (!this.#nodes.has(folder)) this.#nodes.set(folder, { inode: this.#nodes.size + 1 });
    }
    this.#nodes.set(path, { inode: this.#nodes.size + 1, bytes });
  }

  /** The file or folder of a path, which may have `.` and `..` in it. */
  #find(at: number, length: number): Node | undefined {
    const path: string[] = [];
    for (const part of new TextDecoder().decode(this.#bytes().subarray(at, at + length)).split("/")) {
      if (part === "..") path.pop();
      else if (part !== "." && part !== "") path.push(part);
    }
    return this.#nodes.get(path.join("/"));
  }

  #typeOf(fd: number): number | undefined {
    const file = this.#open.get(fd);
    if (file) return file.node.bytes ? FILE_TYPE.REGULAR_FILE : FILE_TYPE.DIRECTORY;
    return fd <= STDERR ? FILE_TYPE.CHARACTER_DEVICE : undefined;
  }

  #readInto(vectors: number, count: number, { bytes }: Node, offset: number): number {
    let read = 0;
    for (const [at, length] of this.#vectors(vectors, count)) {
      const part = bytes?.subarray(offset + read, offset + read + length) ?? new Uint8Array();
      this.#bytes().set(part, at);
      read += part.length;
    }
    return read;
  }

  /** Places and lengths of an array of buffers. */
  *#vectors(at: number, count: number): Generator<[number, number]> {
    for (let index = 0; index < count; index++, at += 8) {
      yield [this.#memory().getUint32(at, true), this.#memory().getUint32(at + 4, true)];
    }
  }

  #putStat(at: number, { inode, bytes }: Node, type?: number): number {
    const view = this.#memory();
    type ??= bytes ? FILE_TYPE.REGULAR_FILE : FILE_TYPE.DIRECTORY;
    [0, inode, type, 1, bytes?.length ?? 0, 0, 0, 0].forEach((field, index) =>
      view.setBigUint64(at + index * 8, BigInt(field), true)
    );
    return ERRNO.SUCCESS;
  }

  /** Writes numbers of 32 bits to places: place, number, place, number. */
  #put(...pairs: number[]): number {
    for (let index = 0; index < pairs.length; index += 2) {
      this.#memory().setUint32(pairs[index], pairs[index + 1], true);
    }
    return ERRNO.SUCCESS;
  }

  #argBytes = (): number => this.#args.reduce((sum, arg) => sum + arg.length, 0);

  /** Memory moves when it grows. */
  #memory(): DataView {
    if (this.#view.buffer !== this.memory.buffer) this.#view = new DataView(this.memory.buffer);
    return this.#view;
  }

  #bytes = (): Uint8Array => new Uint8Array(this.memory.buffer);
}

/** What a command prints, in pieces of a few bytes. */
class Printed {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  add(piece: Uint8Array): void {
    if (this.#length + piece.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length + piece.length, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#length);
    this.#length += piece.length;
  }

  text = (): string => new TextDecoder().decode(this.#bytes.subarray(0, this.#length));
}
