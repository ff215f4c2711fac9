/** What libbpf itself has to say, such as why a map could not be created. */
import { libbpf, libc } from "./libbpf.ts";

const MESSAGE_BYTES = 4096;
const LIBBPF_WARN = 0;

/**
 * Runs `work` and gives the warnings that libbpf printed meanwhile, one a line.
 *
 * libbpf's print function belongs to the whole process and must be called on the thread that made the callback, so it
 * is set only while `work` runs, and only after a first try, in silence, has failed.
 */
export function libbpfMessages(work: () => void): string {
  const lines: string[] = [];
  const buffer = new Uint8Array(MESSAGE_BYTES);
  const print = new Deno.UnsafeCallback(
    { parameters: ["i32", "pointer", "pointer"], result: "i32" } as const,
    (level, format, list) => {
      if (level !== LIBBPF_WARN) return 0;
      const length = libc().vsnprintf(buffer, BigInt(MESSAGE_BYTES), format, list);
      const text = new TextDecoder().decode(buffer.subarray(0, Math.max(0, Math.min(length, MESSAGE_BYTES - 1))));
      lines.push(text.replace(/^libbpf: /, "").trimEnd());
      return 0;
    },
  );
  libbpf().libbpf_set_print(print.pointer);
  try {
    work();
  } finally {
    libbpf().libbpf_set_print(null);
    print.close();
  }
  return lines.join("\n");
}
