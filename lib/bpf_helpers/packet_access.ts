/** How helpers get at the packet of the run that calls them. */
import { PACKET, Packet, PACKET_KIND } from "../cpu/packet.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import { ERRNO } from "../uapi/errno.ts";
import { faultWith, readSource, sourceAt } from "../maps/source.ts";
import type { HelperArgs, HelperModel, Kernel } from "./kernel.ts";

/** The low half of an argument: what the kernel's u32 parameters take of it. */
export const u32 = (arg: bigint): number => Number(BigInt.asUintN(32, arg));
export const s32 = (arg: bigint): number => Number(BigInt.asIntN(32, arg));

/** What a helper returns for an error, by its name in errno.h. */
export const failed = (name: keyof typeof ERRNO): bigint => -BigInt(ERRNO[name]);

/** Changes a packet, which no other CPU can see, and says what the helper returns. */
export type PacketWork = (packet: Packet, args: HelperArgs, kernel: Kernel) => bigint;

/** A helper whose first argument is the context, and that works on the packet and on nothing else. */
export const packetHelper = (name: string, work: PacketWork): HelperModel =>
  function* (kernel, ctx, args) {
    const packet = yield* packetOf(name, ctx, args[0]);
    yield { kind: "work", what: "helper" };
    return yield {
      kind: "private",
      label: name,
      run: () => BigInt.asUintN(64, work(packet, args, kernel)),
    };
  };

/** The packet that comes with a context. */
export function* packetOf(name: string, ctx: TaskContext, pointer: bigint): Model<Packet> {
  return Packet.of(ctx.memory, pointer) ?? (yield* faultWith(`${name}: no packet comes with this context`));
}

/** Bytes of a packet, from `start` (a linear address) on. */
export function* packetBytes({ memory, ctx }: Packet, start: number, length: number): Model<Uint8Array> {
  const pointer = memory.pointer(memory.getU32(ctx + PACKET.region), start);
  const source = yield* sourceAt(memory, pointer, length, "the packet");
  return yield* readSource(source, length, "packet");
}

/** Whether the run that calls a helper is one of XDP, without the helper being given the context. */
export function isXdp({ memory, ctx }: TaskContext): boolean {
  return ctx !== undefined && Packet.of(memory, ctx)?.kind === PACKET_KIND.xdp;
}
