/**
 * Compiles with clang as WebAssembly in a thread of the page. The thread stays for the next listing, warm; one that is
 * stopped, or late, is ended, and the next begins with the module that is there already.
 */
import { providedClang } from "../host/provided.ts";
import { stoppable } from "../host/stop.ts";
import { startThread, type Thread } from "../host/workers.ts";
import type { Listing } from "./compile.ts";
import type { Compiler } from "./compiler.ts";
import { CompilerMissingError } from "./compiler_missing.ts";
import { askForObject } from "./wasm_answer.ts";
import type { FoundHeaders } from "./wasm_clang.ts";

let idle: Thread | undefined;

/**
 * @throws CompileError when the listing is refused, or the time is up
 * @throws Stopped when the reader interrupts
 */
export async function compileInThread({ name }: Compiler, listing: Listing): Promise<Uint8Array> {
  const provided = providedClang();
  if (!provided) throw new CompilerMissingError("the page's compiler is gone");
  const clang = { name, ...await provided.load() };
  const kernelHeader = listing.traits.wantsVmlinux ? await provided.kernelHeader() : undefined;
  const found: FoundHeaders = { kernelHeader, system: new Map(), systemFolders: [] };
  const thread = idle ?? startThread(new URL("./wasm_worker.ts", import.meta.url));
  idle = undefined;
  let hasAnswered = false;
  const ask = async (job: unknown) => {
    const reply = await thread.ask(job);
    hasAnswered = true;
    return reply;
  };
  try {
    return await stoppable(() => askForObject(ask, { clang, listing, found }));
  } finally {
    if (hasAnswered && !idle) idle = thread;
    else thread.terminate();
  }
}
