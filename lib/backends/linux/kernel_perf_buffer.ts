/** The perf buffers of a PERF_EVENT_ARRAY of the kernel's, by libbpf's perf_buffer. */
import { BackendError } from "../../host/backend_error.ts";
import { PERF_BUFFER_PAGES, type PerfRecord } from "../../maps/perf_event_array.ts";
import { errnoName } from "../../uapi/errno.ts";
import type { LoadedMap } from "./kernel_object.ts";
import { errno, libbpf } from "./libbpf.ts";

const SAMPLE = { parameters: ["pointer", "i32", "pointer", "u32"], result: "void" } as const;
const LOST = { parameters: ["pointer", "i32", "u64"], result: "void" } as const;

export class KernelPerfBuffer {
  /** What was read and not asked for yet. */
  readonly #read: PerfRecord[] = [];
  readonly #sample = new Deno.UnsafeCallback(SAMPLE, (_ctx, cpu, data, size) => {
    this.#read.push({ cpu, data: new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(data!, size).slice(0)) });
  });
  readonly #lost = new Deno.UnsafeCallback(LOST, (_ctx, cpu, lost) => {
    this.#read.push({ cpu, lost: BigInt(lost) });
  });
  readonly #buffer: Deno.PointerObject;
  #used = false;

  /** @throws BackendError when the kernel opens no event */
  constructor(readonly map: LoadedMap) {
    const buffer = libbpf().perf_buffer__new(
      map.fd,
      BigInt(PERF_BUFFER_PAGES),
      this.#sample.pointer,
      this.#lost.pointer,
      null,
      null,
    );
    if (buffer === null) {
      const failed = errno();
      this.#closeCallbacks();
      throw new BackendError(`${map.name}: no perf buffer: ${errnoName(failed)}`);
    }
    this.#buffer = buffer;
  }

  /** What came since the last call. */
  consume(): PerfRecord[] {
    this.waiting();
    return this.#read.splice(0);
  }

  /** What the next call of consume would give. */
  waiting(): readonly PerfRecord[] {
    libbpf().perf_buffer__consume(this.#buffer);
    if (this.#read.length > 0) this.#used = true;
    return this.#read.slice();
  }

  /** Whether records came: what was lost since is known only with the next one, which may be another run's. */
  get wasUsed(): boolean {
    return this.waiting().length > 0 || this.#used;
  }

  close(): void {
    libbpf().perf_buffer__free(this.#buffer);
    this.#closeCallbacks();
  }

  #closeCallbacks(): void {
    this.#sample.close();
    this.#lost.close();
  }
}
