/** Waits for what a thread makes of a listing (wasm_worker.ts), no longer than the listing may take. */
import { CompileError, type Diagnostic } from "./compile_error.ts";
import type { CompileJob, CompileReply } from "./wasm_worker.ts";

/**
 * @param ask sends the job to the thread
 * @returns the bytes of the object
 * @throws CompileError when the listing is refused, or the time is up: the thread then still computes
 */
export async function askForObject(
  ask: (job: CompileJob) => Promise<unknown>,
  job: CompileJob,
): Promise<Uint8Array> {
  const { clang, listing: { name, source, limitMs } } = job;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<CompileReply>((resolve) => {
    timer = setTimeout(() => resolve({ diagnostics: [overdue(limitMs)] }), limitMs);
  });
  try {
    const reply = await Promise.race([ask(job) as Promise<CompileReply>, late]);
    if ("object" in reply) return reply.object;
    if ("failure" in reply) throw new Error(`${clang.name} failed on ${name}: ${reply.failure}`);
    throw new CompileError(name, reply.diagnostics, clang.name, source);
  } finally {
    clearTimeout(timer);
  }
}

const overdue = (limitMs: number): Diagnostic => ({
  severity: "error",
  message: `the compiler took longer than ${limitMs / 1000} s`,
  line: 0,
  column: 0,
});
