/** User space's side of a ring buffer, as libbpf has it (tools/lib/bpf/ringbuf.c): it reads mapped memory. */
import { load, type Model, store } from "../cpu/operation.ts";
import { BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ, recordBytes } from "../uapi/ringbuf.ts";
import type { RingbufMap } from "./ringbuf.ts";
import { setWord, wordsOf } from "./words.ts";

/**
 * libbpf's ringbuf_process_ring: every record up to the first that is still being written, and what comes meanwhile.
 * A record is read before the consumer position passes it, so no producer writes there: as long as the ring has one
 * consumer.
 */
export function* ringbuf_process_ring(ring: RingbufMap): Model<Uint8Array[]> {
  const records: Uint8Array[] = [];
  let position = yield { ...load(ring.consumerPos, 8, "consumer_pos"), mapped: true };
  for (let found = true; found;) {
    found = false;
    const produced = yield { ...load(ring.producerPos, 8, "producer_pos"), mapped: true };
    while (position < produced) {
      const hdr = ring.header(position), length = Number(yield { ...load(hdr, 4, "hdr.len"), mapped: true });
      if (length & BPF_RINGBUF_BUSY_BIT) return records;
      found = true;
      position += BigInt(recordBytes(length));
      if (!(length & BPF_RINGBUF_DISCARD_BIT)) records.push(yield* readRecord(hdr + BPF_RINGBUF_HDR_SZ, length));
      yield { ...store(ring.consumerPos, 8, position, "consumer_pos"), mapped: true };
    }
  }
  return records;
}

function* readRecord(addr: number, length: number): Model<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (const word of wordsOf(length)) {
    setWord(bytes, word, yield { ...load(addr + word.offset, word.size, "record"), mapped: true });
  }
  return bytes;
}

/**
 * libbpf's ring_buffer__poll. Behind a record that is still being written it finds no record, and the ring is ready all
 * the same: a consumer that waits for good would call again and again. Here it waits for that record, blocked rather than
 * spinning.
 */
export function* ring_buffer__poll(ring: RingbufMap, timeoutMs: number): Model<Uint8Array[]> {
  for (;;) {
    yield { kind: "work", what: "syscall" };
    const ready = yield* epoll_wait(ring, timeoutMs);
    yield { kind: "work", what: "sysret" };
    if (!ready) return [];
    const records = yield* ringbuf_process_ring(ring);
    if (records.length > 0 || timeoutMs >= 0) return records;
    yield { kind: "wait", label: "the record is submitted", until: (memory) => !ring.isFirstBusy(memory) };
  }
}

/**
 * fs/eventpoll.c:ep_poll with the ring as its one file: whether there is data. The ring is looked at only once something
 * has put it on the ready list, which bpf_ringbuf_commit does as it wakes: data that came with BPF_RB_NO_WAKEUP are not
 * seen. As long as there is data, it stays there (the events are level-triggered).
 *
 * @param timeoutMs 0: does not wait; below 0: waits for good; else gives up whenever the scheduler says so
 */
function* epoll_wait(ring: RingbufMap, timeoutMs: number): Model<boolean> {
  if (timeoutMs > 0) {
    yield { kind: "work", what: "sleep" };
    yield { kind: "sleep", label: "epoll_wait" };
  }
  for (;;) {
    if (timeoutMs < 0) {
      const { readyAddr } = ring;
      yield { kind: "wait", label: "epoll_wait", until: (memory) => memory.getU32(readyAddr) !== 0 };
    }
    // ep_send_events takes it off the list, then asks the file: a wake-up in between puts it there anew.
    const ready = yield { kind: "rmw", op: "xchg", addr: ring.readyAddr, size: 4, value: 0n, label: "ready list" };
    if (ready !== 0n) {
      const consumed = yield load(ring.consumerPos, 8, "consumer_pos");
      if ((yield load(ring.producerPos, 8, "producer_pos")) !== consumed) {
        yield store(ring.readyAddr, 4, 1n, "ready list");
        return true;
      }
    }
    if (timeoutMs >= 0) return false;
  }
}
