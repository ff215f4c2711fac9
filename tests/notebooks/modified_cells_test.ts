/**
 * Cells changed the way readers change them, run in a real kernel after the cells before them: an answer, or a message
 * in our words; never a dead kernel, no cell that does not end.
 */
import { describe, expect, it } from "vitest";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { installedCompiler } from "../../lib/compile/compiler.ts";
import { denoKernel, KernelClient } from "../../lib/jupyter/client.ts";
import { readNotebook } from "../../lib/jupyter/notebook_file.ts";
import { modifyCell, seeded } from "./modify_cell.ts";

const NOTEBOOKS = fileURLToPath(new URL("../../notebooks/", import.meta.url));
const SEED = 20261123;
const LIMIT_MS = 30_000;
/** Chapters with how many modifications of each cell; of the long run over all chapters these are a sample. */
const CHAPTERS = { "00_start": 2, "02_atomics": 1 } as const;

/** An engine's words for a mistake; from inside of our files, a message that the reader cannot use. */
const BARE =
  /Cannot (read|set|convert|mix|destructure)|is not (a function|iterable|an object)|undefined to object|Invalid array/;
const FROM_OURS = /^\s*at .*\/lib\/\w+\//m;

interface Told {
  readonly kind: "answer" | "message" | "died" | "no answer";
  readonly said: string;
}

async function run(kernel: KernelClient, code: string): Promise<Told> {
  let said = "";
  const limit = new AbortController();
  const execution = kernel.execute(code, {
    onMessage: ({ header, content }) => {
      if (header.msg_type === "error") said = `${content.ename}: ${content.evalue}\n${content.traceback?.join("\n")}`;
    },
  });
  execution.catch(() => {});
  try {
    const late = sleep(LIMIT_MS, "late" as const, { signal: limit.signal });
    late.catch(() => {});
    const reply = await Promise.race([execution, late]);
    if (reply === "late") return { kind: "no answer", said: "" };
    return reply.status === "ok" ? { kind: "answer", said } : { kind: "message", said: said || String(reply.evalue) };
  } catch (error) {
    return { kind: "died", said: (error as Error).message };
  } finally {
    limit.abort();
  }
}

/** Whether the first frame of a trace that is a file's is one of ours. */
function isBare(said: string): boolean {
  const frame = said.split("\n").find((line) => /^\s*at /.test(line)) ?? "";
  return BARE.test(said.split("\n")[0]) && FROM_OURS.test(frame);
}

describe(`modified cells, seed ${SEED}`, () => {
  if (!("Deno" in globalThis)) {
    it.skip("an answer or a clear message (skipped: only Deno starts Deno's kernel)", () => {});
    return;
  }
  for (const [chapter, times] of Object.entries(CHAPTERS)) {
    it(`${chapter}: an answer or a clear message`, async () => {
      const random = seeded(SEED);
      const { cells } = readNotebook(`${NOTEBOOKS}${chapter}.ipynb`);
      // Changed listings have no object. Where no compiler is at hand, that it is missing is the message.
      const env: Record<string, string> = await installedCompiler() ? {} : { INTERLEAVE_CLANG: "none" };
      const kernel = await KernelClient.start({ argv: denoKernel(Deno.execPath()), cwd: NOTEBOOKS, env });
      try {
        for (const { source } of cells.filter((cell) => cell.cell_type === "code")) {
          for (let time = 0; time < times; time++) {
            const modified = modifyCell(source, random);
            if (!modified) continue;
            const { kind, said } = await run(kernel, modified.source);
            expect([modified.what, kind, said]).not.toContain("died");
            expect([modified.what, kind]).not.toContain("no answer");
            if (kind === "message") {
              expect(said.length, modified.what).toBeGreaterThan(10);
              expect(isBare(said), `${modified.what}\n${said}`).toBe(false);
            }
          }
          expect((await run(kernel, source)).kind, source).toBe("answer");
        }
      } finally {
        await kernel.shutdown();
      }
    });
  }
});
