/** A progress bar for work that takes long: in a notebook an output that vanishes, in a terminal a line. */
import { terminal } from "../host/environment.ts";
import { stoppable } from "../host/stop.ts";
import { displayInKernel, inKernel } from "./kernel_display.ts";
import { EPHEMERAL } from "./outputs.ts";

/** Shorter work is over before a bar could be read. */
const SHOWN_AFTER_MS = 500;
const REDRAWN_EVERY_MS = 200;
const BAR_CELLS = 24;

/**
 * Reports progress.
 * @param done How much of `total` is done, so far.
 * @param note What is being done, for the end of the line.
 */
export type Tick = (done: number, note?: string) => Promise<void>;

/**
 * Runs `work` with a progress bar, which appears after half a second and goes when the work is done. In a notebook it
 * is displayed in the cell and updated in its place; it is not kept when the notebook is executed by `deno task run`.
 *
 * @param title What is done, in two or three words.
 * @param total The value of `tick` that means "all", or undefined where it is not known; then a count is shown.
 * @param work Gets `tick` and awaits it now and then: that is also when the notebook can show the bar and can be
 * interrupted, whereupon `tick` throws.
 * @returns What `work` returns.
 * @example
 * ```ts
 * import { withProgress } from "interleave";
 * const squares = await withProgress("squares", 100, async (tick) => {
 *   const found: number[] = [];
 *   for (let i = 0; i < 100; i++) {
 *     found.push(i * i);
 *     await tick(i + 1);
 *   }
 *   return found;
 * });
 * if (squares.length !== 100) throw new Error("incomplete");
 * ```
 */
export async function withProgress<T>(
  title: string,
  total: number | undefined,
  work: (tick: Tick) => T | Promise<T>,
): Promise<T> {
  const bar = new ProgressBar(title, total);
  try {
    return await stoppable((signal) =>
      work(async (done, note) => {
        await bar.tick(done, note);
        signal.throwIfAborted();
      })
    );
  } finally {
    await bar.end();
  }
}

class ProgressBar {
  readonly #title: string;
  readonly #total?: number;
  readonly #started = performance.now();
  readonly #displayId = crypto.randomUUID();
  #drawnAt = 0;
  #yieldedAt = performance.now();
  #isShown = false;

  constructor(title: string, total?: number) {
    this.#title = title;
    this.#total = total;
  }

  async tick(done: number, note = ""): Promise<void> {
    const now = performance.now();
    if (now - this.#started >= SHOWN_AFTER_MS && now - this.#drawnAt >= REDRAWN_EVERY_MS) {
      this.#drawnAt = now;
      await this.#draw(progressLine(this.#title, done, this.#total, now - this.#started, note));
    } else if (now - this.#yieldedAt < REDRAWN_EVERY_MS) {
      return;
    }
    this.#yieldedAt = now;
    await new Promise((resolve) => setTimeout(resolve)); // let the kernel send the bar, and hear an interrupt
  }

  async end(): Promise<void> {
    if (this.#isShown) await this.#draw("");
  }

  async #draw(line: string): Promise<void> {
    if (inKernel()) {
      await displayInKernel({
        data: { "text/plain": line },
        metadata: EPHEMERAL,
        displayId: this.#displayId,
        update: this.#isShown,
      });
    } else if (terminal.isTTY) {
      terminal.write(`\r\x1b[K${line}`);
    }
    this.#isShown = true;
  }
}

/** `title ██████░░░░  42 %  1.2 s  note`, or a count where the total is not known. */
export function progressLine(
  title: string,
  done: number,
  total: number | undefined,
  elapsedMs: number,
  note = "",
): string {
  const seconds = `${(elapsedMs / 1000).toFixed(1)} s`;
  if (total === undefined || total <= 0) return [title, done.toLocaleString("en"), seconds, note].join("  ").trimEnd();
  const share = Math.min(1, Math.max(0, done / total));
  const full = Math.floor(share * BAR_CELLS);
  const bar = "█".repeat(full) + "░".repeat(BAR_CELLS - full);
  return `${title} ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${seconds}  ${note}`.trimEnd();
}
