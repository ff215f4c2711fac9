/**
 * Runs inside the Deno kernel, put there by lab/kernel.ts: stops a cell that waits.
 *
 * V8 can end a computation from outside (the kernel's own interrupt does that), but a cell that awaits something
 * computes nothing, and a computation that was ended after an `await` leaves its cell waiting forever. V8 answers the
 * kernel, though, as soon as it finds that no code can settle the promise the cell waits for any more: when the
 * promise is collected as garbage. So: end the timers and workers that could settle it, and collect garbage.
 */

/** The bits of what the proxy sends; each byte is answered with itself, which shows that the event loop turns. */
export const STOP = { callHooks: 1, cancelWaiting: 2 } as const;

/**
 * Runs beside the kernel on a thread of its own: ends it when its parent has gone. What computes hears of nothing else,
 * and would go on for ever when the lab is killed.
 */
const WATCH = (parent: number) => `setInterval(() => Deno.ppid === ${parent} || Deno.kill(Deno.pid, "SIGKILL"), 500);`;

/** Self-contained: its source text is sent to the kernel. */
function listen(
  port: number,
  stop: typeof STOP,
  watch: string | undefined,
  connect: typeof import("node:net").connect,
): void {
  if (watch) new Worker(`data:text/javascript,${encodeURIComponent(watch)}`, { type: "module" });
  const scope = globalThis as unknown as { gc?: () => void } & Record<symbol, Set<() => void> | undefined>;
  const workers = new Set<Worker>();
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      workers.add(this);
    }
    override terminate() {
      workers.delete(this);
      super.terminate();
    }
  };
  const socket = connect({ port, host: "127.0.0.1" });
  socket.unref();
  // A listener and no loop over reads: a turn that V8 ends must not be the last.
  socket.on("data", (bytes: Uint8Array) => {
    socket.write(bytes);
    const asked = bytes.reduce((bits, byte) => bits | byte, 0);
    if (asked & stop.callHooks) {
      for (const hook of scope[Symbol.for("interleave.stop")] ?? []) hook();
    }
    if (asked & stop.cancelWaiting) {
      const newest = Number(setTimeout(() => {}));
      for (let id = 1; id <= newest; id++) clearTimeout(id);
      for (const worker of workers) {
        worker.onmessage = null;
        worker.terminate();
      }
      scope.gc?.();
      setTimeout(() => scope.gc?.(), 20); // what this turn still holds
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => (globalThis as unknown as { Deno: { exit(): void } }).Deno.exit());
}

/**
 * The cell that starts the listener, which connects to 127.0.0.1:`port`. Plain JavaScript, no name left behind.
 *
 * @param parent the process that must not end before the kernel; 0 where processes have no parents (Windows)
 */
export function listenerCode(port: number, parent: number): string {
  const watch = parent === 0 ? "undefined" : JSON.stringify(WATCH(parent));
  return `(${listen})(${port}, ${JSON.stringify(STOP)}, ${watch}, (await import("node:net")).connect)`;
}
