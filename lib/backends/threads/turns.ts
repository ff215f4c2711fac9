/** The loop around a program, in Wasm like the program itself: a loop in JavaScript would cost more than the program. */
import { KIND, TASK } from "../../cpu/layout.ts";
import { assembleModule, WasmCode } from "../../translate/wasm_assembler.ts";
import type { ThreadTask } from "./shared_machine.ts";

/** Where {@link turnsModule} leaves the number of invocations to come, the one under way included. */
export const TURNS_LEFT = TASK.value;

/**
 * A module that imports `env.memory` and `env.step` and exports `turns(n)`: starts the program anew and runs it, n
 * times. It returns what the last step did (`insns << 4 | kind`); a kind other than exit stops it early, in the middle
 * of an invocation.
 *
 * @param entry what TASK.pending holds at the start of an invocation
 */
export function turnsModule({ record, ctx, stackTop }: ThreadTask, entry: number): Uint8Array<ArrayBuffer> {
  const LEFT = 0, STOPPED = 1, STEP = 0;
  const code = new WasmCode();
  code.i32(KIND.exit).set(STOPPED);
  const done = code.block();
  const again = code.loop();
  code.i32(record).get(LEFT).memory("i32.store", TURNS_LEFT);
  code.get(LEFT).op("i32.eqz").brIf(done);
  code.i32(record).i64(ctx).memory("i64.store", TASK.registers + 8);
  code.i32(record).i64(stackTop).memory("i64.store", TASK.registers + 80);
  code.i32(record).i32(0).memory("i32.store", TASK.depth);
  code.i32(record).i32(entry).memory("i32.store", TASK.pending);
  code.i32(record).call(STEP).tee(STOPPED);
  code.i32(15).op("i32.and").i32(KIND.exit).op("i32.ne").brIf(done);
  code.get(LEFT).i32(1).op("i32.sub").set(LEFT);
  code.br(again).end().end();
  code.get(STOPPED);
  const turns = { name: "turns", params: ["i32"] as const, result: "i32" as const, locals: ["i32"] as const, code };
  return assembleModule(turns, [{ name: "step", params: ["i32"], result: "i32" }], true);
}
