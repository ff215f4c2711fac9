import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { LogWindow } from "../../lib/verifier/log_window.ts";
import { verify } from "../../lib/verifier/verify.ts";

function windowed(lines: number, first: number, most: number): string[] {
  const out: string[] = [], window = new LogWindow((text) => out.push(text), first, most);
  for (let line = 1; line <= lines; line++) window.write(`${line}`), window.write("\n");
  window.end();
  return out.map((text) => text.trimEnd());
}

describe("a log", () => {
  it("that is long keeps its beginning and its end, and says how much is left out", () => {
    expect(windowed(10, 3, 2)).toEqual(["1", "2", "3", "... 5 lines left out ...", "9", "10"]);
  });

  it("that just fits is whole", () => {
    expect(windowed(5, 3, 2)).toEqual(["1", "2", "3", "4", "5"]);
    expect(windowed(4, 3, 2)).toEqual(["1", "2", "3", "4"]);
  });

  it("of a refused program is that of the refused path, and comes in pieces", async () => {
    const leak = await bpf`int x; SEC("raw_tp") int leak(void *ctx) { return *(int *)(long)x; }`;
    const [verdict] = verify(leak);
    const pieces: string[] = [];
    verdict.writeLog!((text) => pieces.push(text));
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join("")).toBe(verdict.log);
    expect(verdict.log.split("\n").slice(-3)[0]).toBe(verdict.message);
    expect(Object.keys(verdict)).not.toContain("writeLog");
  });
});
