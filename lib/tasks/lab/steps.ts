/** Set-up steps as the reader sees them: a line each, that moves while the step lasts. */
import { stdout } from "node:process";

const FRAMES = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"];

/** Runs `work` under `title`; `detail` replaces what stands behind it. */
export async function step<T>(title: string, work: (detail: (text: string) => void) => Promise<T>): Promise<T> {
  const started = performance.now();
  const elapsed = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;
  let detail = "";
  let frame = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  if (stdout.isTTY) {
    timer = setInterval(() => {
      const line = `${FRAMES[frame++ % FRAMES.length]} ${title}  ${elapsed()}  ${detail}`;
      stdout.write(`\r\x1b[K${line.slice(0, (stdout.columns ?? 80) - 1)}`);
    }, 120);
  } else {
    console.log(`  ${title} ...`);
  }
  try {
    const result = await work((text) => detail = text);
    if (timer) stdout.write(`\r\x1b[K✓ ${title}  ${elapsed()}\n`);
    return result;
  } catch (error) {
    if (timer) stdout.write(`\r\x1b[K✗ ${title}\n`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
