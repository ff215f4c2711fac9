/**
 * Memory of many megabytes that is looked at everywhere: with the operating system's small pages, finding where a page
 * is takes longer than reading it.
 */
import { isDeno } from "./environment.ts";

const MADV_HUGEPAGE = 14;
const LIBC = { madvise: { parameters: ["buffer", "usize", "i32"], result: "i32" } } as const;
const HUGE_BYTES = 2 ** 21;
/** Below, all pages are found at once. */
const WORTH_BYTES = 2 ** 22;

let madvise: ((bytes: Uint8Array<ArrayBuffer>, length: bigint, advice: number) => number) | null | undefined;

/**
 * Asks for huge pages, before the memory is written to. Linux gives them where they are free and the system lets
 * programs ask (`madvise` in /sys/kernel/mm/transparent_hugepage/enabled); elsewhere, and without FFI, nothing happens.
 */
export function askForHugePages({ buffer, byteLength }: Int32Array): void {
  if (byteLength < WORTH_BYTES || !isDeno) return;
  try {
    if (madvise === undefined) {
      const allowed = Deno.build.os === "linux" && Deno.permissions.querySync({ name: "ffi" }).state === "granted";
      madvise = allowed ? Deno.dlopen("libc.so.6", LIBC).symbols.madvise : null;
    }
    if (!madvise) return;
    // FFI takes shared memory as well; only its type says that it does not.
    const whole = new Uint8Array(buffer as ArrayBuffer), begin = Deno.UnsafePointer.value(Deno.UnsafePointer.of(whole));
    const skip = Number(-BigInt(begin) & BigInt(HUGE_BYTES - 1)), length = byteLength - skip & -HUGE_BYTES;
    if (length > 0) madvise(whole.subarray(skip), BigInt(length), MADV_HUGEPAGE);
  } catch {
    madvise = null;
  }
}
