/** libbpf and the few C library calls that the Linux backend needs, through Deno's FFI. */

const LIBBPF = {
  libbpf_set_print: { parameters: ["pointer"], result: "pointer" },
  libbpf_num_possible_cpus: { parameters: [], result: "i32" },

  bpf_object__open_mem: { parameters: ["buffer", "usize", "pointer"], result: "pointer" },
  bpf_object__load: { parameters: ["pointer"], result: "i32" },
  bpf_object__close: { parameters: ["pointer"], result: "void" },
  bpf_object__next_program: { parameters: ["pointer", "pointer"], result: "pointer" },
  bpf_object__next_map: { parameters: ["pointer", "pointer"], result: "pointer" },

  bpf_program__name: { parameters: ["pointer"], result: "pointer" },
  bpf_program__section_name: { parameters: ["pointer"], result: "pointer" },
  bpf_program__type: { parameters: ["pointer"], result: "i32" },
  bpf_program__flags: { parameters: ["pointer"], result: "u32" },
  bpf_program__fd: { parameters: ["pointer"], result: "i32" },
  bpf_program__insns: { parameters: ["pointer"], result: "pointer" },
  bpf_program__insn_cnt: { parameters: ["pointer"], result: "usize" },
  bpf_program__set_autoload: { parameters: ["pointer", "bool"], result: "i32" },
  bpf_program__set_log_level: { parameters: ["pointer", "u32"], result: "i32" },
  bpf_program__set_log_buf: { parameters: ["pointer", "pointer", "usize"], result: "i32" },

  bpf_map__pin_path: { parameters: ["pointer"], result: "pointer" },
  bpf_map__set_pin_path: { parameters: ["pointer", "pointer"], result: "i32" },
  bpf_map__name: { parameters: ["pointer"], result: "pointer" },
  bpf_map__fd: { parameters: ["pointer"], result: "i32" },
  bpf_map__type: { parameters: ["pointer"], result: "i32" },
  bpf_map__key_size: { parameters: ["pointer"], result: "u32" },
  bpf_map__value_size: { parameters: ["pointer"], result: "u32" },
  bpf_map__max_entries: { parameters: ["pointer"], result: "u32" },
  bpf_map__set_initial_value: { parameters: ["pointer", "buffer", "usize"], result: "i32" },
  bpf_map__set_max_entries: { parameters: ["pointer", "u32"], result: "i32" },
  bpf_map__map_flags: { parameters: ["pointer"], result: "u32" },

  bpf_map_create: { parameters: ["i32", "buffer", "u32", "u32", "u32", "buffer"], result: "i32" },
  bpf_map_lookup_elem_flags: { parameters: ["i32", "buffer", "buffer", "u64"], result: "i32" },
  bpf_map_update_elem: { parameters: ["i32", "buffer", "buffer", "u64"], result: "i32" },
  bpf_map_delete_elem: { parameters: ["i32", "buffer"], result: "i32" },
  bpf_map_lookup_and_delete_elem_flags: { parameters: ["i32", "buffer", "buffer", "u64"], result: "i32" },
  bpf_map_freeze: { parameters: ["i32"], result: "i32" },
  bpf_map_get_next_key: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  bpf_map_lookup_batch: {
    parameters: ["i32", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  bpf_map_lookup_and_delete_batch: {
    parameters: ["i32", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  bpf_map_update_batch: { parameters: ["i32", "buffer", "buffer", "buffer", "buffer"], result: "i32" },
  bpf_map_delete_batch: { parameters: ["i32", "buffer", "buffer", "buffer"], result: "i32" },
  bpf_obj_get_info_by_fd: { parameters: ["i32", "buffer", "buffer"], result: "i32" },

  perf_buffer__new: { parameters: ["i32", "usize", "function", "function", "pointer", "pointer"], result: "pointer" },
  perf_buffer__consume: { parameters: ["pointer"], result: "i32" },
  perf_buffer__free: { parameters: ["pointer"], result: "void" },

  bpf_btf_load: { parameters: ["buffer", "usize", "buffer"], result: "i32" },
  bpf_prog_load: { parameters: ["i32", "buffer", "buffer", "buffer", "usize", "buffer"], result: "i32" },
  bpf_prog_test_run_opts: { parameters: ["i32", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const LIBC = {
  close: { parameters: ["i32"], result: "i32" },
  mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  munmap: { parameters: ["pointer", "usize"], result: "i32" },
  vsnprintf: { parameters: ["buffer", "usize", "pointer", "pointer"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

export type Libbpf = Deno.DynamicLibrary<typeof LIBBPF>["symbols"];
export type Libc = Deno.DynamicLibrary<typeof LIBC>["symbols"];

let libbpfSymbols: Libbpf | undefined;
let libcSymbols: Libc | undefined;

/**
 * libbpf 1.x; opened once and kept, its own messages switched off.
 *
 * @throws when the library is not there or Deno may not use FFI; ask `available()` first
 */
export function libbpf(): Libbpf {
  if (!libbpfSymbols) {
    libbpfSymbols = Deno.dlopen("libbpf.so.1", LIBBPF).symbols;
    libbpfSymbols.libbpf_set_print(null);
  }
  return libbpfSymbols;
}

/** The C library. */
export function libc(): Libc {
  return libcSymbols ??= Deno.dlopen("libc.so.6", LIBC).symbols;
}

/** A C string in bytes, its end marked by a zero. */
export const cString = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text + "\0");

/** The text that a C string pointer points to; empty for NULL. */
export const textAt = (pointer: Deno.PointerValue): string =>
  pointer === null ? "" : Deno.UnsafePointerView.getCString(pointer);

/** The calling thread's `errno`, right after a call that failed. */
export function errno(): number {
  const at = libc().__errno_location();
  return at === null ? 0 : new Deno.UnsafePointerView(at).getInt32();
}

/** One of libbpf's option structs: `sz` first, then fields at the offsets of its header, zero elsewhere. */
export function options(
  bytes: number,
  fields: readonly (readonly [offset: number, size: 4 | 8, value: number | bigint])[] = [],
): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(bytes));
  view.setBigUint64(0, BigInt(bytes), true);
  for (const [offset, size, value] of fields) {
    if (size === 4) view.setUint32(offset, Number(value), true);
    else view.setBigUint64(offset, BigInt(value), true);
  }
  return new Uint8Array(view.buffer);
}

/** The address of a buffer's first byte, to be put into a struct; the buffer must outlive the call. */
export const addressOf = (bytes: Uint8Array<ArrayBuffer>): bigint =>
  Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
