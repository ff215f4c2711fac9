/** What programs, the kernel and user space agree on about a ring buffer (include/uapi/linux/bpf.h, 6.18). */

/** Bits of a record's length: it is still being written; the consumer is to pass over it. */
export const BPF_RINGBUF_BUSY_BIT = 0x8000_0000;
export const BPF_RINGBUF_DISCARD_BIT = 0x4000_0000;
/** Bytes before a record: its length, and how many pages it stands behind the ring's first. */
export const BPF_RINGBUF_HDR_SZ = 8;

/** Flags of bpf_ringbuf_submit, bpf_ringbuf_discard and bpf_ringbuf_output. */
export const BPF_RB_NO_WAKEUP = 1n;
export const BPF_RB_FORCE_WAKEUP = 2n;

/** What bpf_ringbuf_query is asked for. */
export const BPF_RB_QUERY = { AVAIL_DATA: 0n, RING_SIZE: 1n, CONS_POS: 2n, PROD_POS: 3n } as const;

/** Bytes of a page, in which the two positions and the data are mapped: x86-64's. */
export const PAGE_BYTES = 4096;

/** Bytes that a record takes, its header included, by the length in its header (libbpf's ringbuf.c:roundup_len). */
export const recordBytes = (length: number): number =>
  ((length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT)) + BPF_RINGBUF_HDR_SZ + 7) & ~7;

/** tools/lib/bpf/libbpf.c:adjust_ringbuf_sz: the least power of two of pages that holds so many bytes. */
export function adjust_ringbuf_sz(bytes: number): number {
  let size = PAGE_BYTES;
  while (size < bytes) size *= 2;
  return size;
}
