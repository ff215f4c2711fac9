/** A ring buffer of the kernel's, mapped into this process and read as libbpf reads it (tools/lib/bpf/ringbuf.c). */
import { BackendError } from "../../host/backend_error.ts";
import { errnoName } from "../../uapi/errno.ts";
import {
  BPF_RINGBUF_BUSY_BIT,
  BPF_RINGBUF_DISCARD_BIT,
  BPF_RINGBUF_HDR_SZ,
  PAGE_BYTES,
  recordBytes,
} from "../../uapi/ringbuf.ts";
import type { LoadedMap } from "./kernel_object.ts";
import { errno, libc } from "./libbpf.ts";

const PROT_READ = 1, PROT_READ_WRITE = 3, MAP_SHARED = 1, MAP_FAILED = 0xffff_ffff_ffff_ffffn;
/** struct epoll_event is packed on x86-64: events, then data. */
const EPOLL_EVENT_BYTES = 12, EPOLLIN = 1, EPOLL_CTL_ADD = 1, EPOLL_CLOEXEC = 0o2000000;

export class KernelRing {
  readonly #mappings: (readonly [memory: Deno.PointerObject, bytes: number])[] = [];
  readonly #consumer: BigInt64Array;
  readonly #producer: BigInt64Array;
  readonly #data: DataView;
  readonly #epoll: number;

  /** @throws BackendError when the kernel does not map it */
  constructor(readonly map: LoadedMap) {
    const producerBytes = PAGE_BYTES + 2 * map.maxEntries;
    const consumer = this.#map(PAGE_BYTES, PROT_READ_WRITE, 0);
    const producer = this.#map(producerBytes, PROT_READ, PAGE_BYTES);
    this.#consumer = new BigInt64Array(consumer, 0, 1);
    this.#producer = new BigInt64Array(producer, 0, 1);
    this.#data = new DataView(producer, PAGE_BYTES);
    this.#epoll = libc().epoll_create1(EPOLL_CLOEXEC);
    const event = new Uint8Array(EPOLL_EVENT_BYTES);
    event[0] = EPOLLIN;
    if (libc().epoll_ctl(this.#epoll, EPOLL_CTL_ADD, map.fd, event) !== 0) {
      throw new BackendError(`${map.name} cannot be waited for: ${errnoName(errno())}`);
    }
  }

  /** epoll_wait that does not wait: whether it would have returned. */
  isReady(): boolean {
    return libc().epoll_wait(this.#epoll, new Uint8Array(EPOLL_EVENT_BYTES), 1, 0) > 0;
  }

  get consumerPos(): bigint {
    return this.#position(this.#consumer);
  }

  get producerPos(): bigint {
    return this.#position(this.#producer);
  }

  /** libbpf's ringbuf_process_ring. */
  consume(): Uint8Array[] {
    const records: Uint8Array[] = [];
    for (const { length, bytes, end } of this.#walk()) {
      if (!(length & BPF_RINGBUF_DISCARD_BIT)) records.push(bytes());
      Atomics.store(this.#consumer, 0, end);
    }
    return records;
  }

  /** The records that a consumer would get now. */
  records(): Uint8Array[] {
    return [...this.#walk()].flatMap(({ length, bytes }) => length & BPF_RINGBUF_DISCARD_BIT ? [] : [bytes()]);
  }

  close(): void {
    libc().close(this.#epoll);
    for (const [memory, bytes] of this.#mappings) libc().munmap(memory, BigInt(bytes));
  }

  *#walk(): Iterable<{ readonly length: number; readonly bytes: () => Uint8Array; readonly end: bigint }> {
    const mask = BigInt(this.map.maxEntries - 1);
    let position = this.#position(this.#consumer);
    for (let found = true; found;) {
      found = false;
      const produced = this.#position(this.#producer);
      while (position < produced) {
        const hdr = Number(position & mask), length = this.#data.getUint32(hdr, true);
        if (length & BPF_RINGBUF_BUSY_BIT) return;
        found = true;
        position += BigInt(recordBytes(length));
        const { buffer, byteOffset } = this.#data, from = byteOffset + hdr + BPF_RINGBUF_HDR_SZ;
        const bytes = () => new Uint8Array(buffer, from, length & ~BPF_RINGBUF_DISCARD_BIT).slice();
        yield { length, bytes, end: position };
      }
    }
  }

  #position(at: BigInt64Array): bigint {
    return BigInt.asUintN(64, Atomics.load(at, 0));
  }

  #map(bytes: number, protection: number, offset: number): ArrayBuffer {
    const memory = libc().mmap(null, BigInt(bytes), protection, MAP_SHARED, this.map.fd, BigInt(offset));
    if (memory === null || Deno.UnsafePointer.value(memory) === MAP_FAILED) {
      throw new BackendError(`${this.map.name} cannot be mapped into this process: ${errnoName(errno())}`);
    }
    this.#mappings.push([memory, bytes]);
    return Deno.UnsafePointerView.getArrayBuffer(memory, bytes);
  }
}
