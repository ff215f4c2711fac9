/** What an error in a cell shows of where it came from. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readersStack } from "../../lib/jupyter/reader_stack.ts";

const frame = (file: string | null, text: string) => ({ getFileName: () => file, toString: () => text });
const library = new URL("../../lib/workload/plan.ts", import.meta.url);

describe("a stack in a notebook", () => {
  it("has the reader's frames, and none of the library's or the runtime's", () => {
    const frames = [
      frame(library.href, "plan (lib/workload/plan.ts:114:3)"),
      frame(fileURLToPath(library), "simulate (lib/backends/simulator.ts:218:29)"),
      frame("ext:core/01_core.js", "eventLoopTick (ext:core/01_core.js:1:1)"),
      frame("node:internal/timers", "listOnTimeout (node:internal/timers:1:1)"),
      frame(null, "mine (<anonymous>:4:9)"),
      frame("file:///home/reader/helpers.ts", "helper (file:///home/reader/helpers.ts:2:3)"),
    ];
    expect(readersStack(new RangeError("cpus is -1"), frames)).toBe(
      "RangeError: cpus is -1\n    at mine (<anonymous>:4:9)\n    at helper (file:///home/reader/helpers.ts:2:3)",
    );
  });
});
