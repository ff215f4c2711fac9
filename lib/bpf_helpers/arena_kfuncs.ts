/** Kernel functions about arenas (kernel/bpf/arena.c). */
import type { Model } from "../cpu/operation.ts";
import { ArenaMap } from "../maps/arena_map.ts";
import { faultWith } from "../maps/source.ts";
import type { HelperModel, Kernel } from "./kernel.ts";
import { u32 } from "./packet_access.ts";

function* arenaAt(kernel: Kernel, pointer: bigint, name: string): Model<ArenaMap> {
  const map = kernel.mapAt(pointer);
  return map instanceof ArenaMap ? map : yield* faultWith(`${name}: the first argument is no arena`);
}

/** bpf_arena_alloc_pages(map, addr, page_cnt, node_id, flags): sleepable programs only, it waits for a mutex. */
export const bpf_arena_alloc_pages: HelperModel = function* (kernel, _ctx, [map, addr, count, , flags]) {
  const arena = yield* arenaAt(kernel, map, "bpf_arena_alloc_pages"), pages = u32(count);
  yield { kind: "work", what: "alloc" };
  return flags !== 0n || pages === 0 ? 0n : yield* arena.alloc(addr, pages);
};

/** bpf_arena_free_pages(map, ptr, page_cnt). */
export const bpf_arena_free_pages: HelperModel = function* (kernel, _ctx, [map, pointer, count]) {
  const arena = yield* arenaAt(kernel, map, "bpf_arena_free_pages"), pages = u32(count);
  yield { kind: "work", what: "alloc" };
  if (pages !== 0 && pointer !== 0n) yield* arena.free(pointer, pages);
  return 0n;
};
