/**
 * Lists and red-black trees of the program's own objects (kernel/bpf/helpers.c). The program holds the lock that stands
 * beside their head, so that their links are nobody else's for now. A node's owner is: an object with a count of references
 * may be in other hands as well, which try to put it elsewhere under another lock.
 */
import { addressOf, type Memory } from "../cpu/memory.ts";
import { load, type Model, type PrivateOp, store, type TaskContext } from "../cpu/operation.ts";
import { errno } from "../maps/errno.ts";
import { bpf_obj_drop } from "../maps/free_fields.ts";
import { INIT_LIST_HEAD, list_add, list_del, list_empty, next, prev } from "../maps/list_head.ts";
import { erase, firstOf, insert, leftOf, RB_CLEAR_NODE, rightOf, rootOf } from "../maps/rbtree.ts";
import { faultWith } from "../maps/source.ts";
import type { HelperModel, Kernel } from "./kernel.ts";
import { ownObjectAt } from "./object_kfuncs.ts";

/** struct bpf_list_node_kern and struct bpf_rb_node_kern: the link, then the head or root that it hangs on. */
const LIST_OWNER = 16, RB_OWNER = 24;
/** BPF_PTR_POISON: the node is on its way into a list or tree. */
const POISON = 1n;
const HEAD_BYTES = 16;

const work = (label: string, run: PrivateOp["run"]): PrivateOp => ({ kind: "private", label, run });

function* headAt(ctx: TaskContext, pointer: bigint, name: string): Model<number> {
  const reason = ctx.memory.explain(pointer, HEAD_BYTES, true);
  return reason ? yield* faultWith(`${name}: ${reason}`) : addressOf(pointer);
}

/** cmpxchg(&node->owner, NULL, BPF_PTR_POISON): whether the node was free; where it was not, the reference is dropped. */
function* claim(kernel: Kernel, ctx: TaskContext, node: bigint, owner: number, name: string): Model<boolean> {
  const { type, addr } = yield* ownObjectAt(kernel, ctx, node, name), at = addressOf(node) + owner;
  const before = yield type.isRefcounted
    ? { kind: "rmw", op: "cmpxchg", addr: at, size: 8, expected: 0n, value: POISON, label: "node.owner" }
    : load(at, 8, "node.owner", true);
  if (before === 0n) return true;
  yield* bpf_obj_drop(kernel.owner, ctx, addr);
  return false;
}

const isPrivate = (kernel: Kernel, node: number): boolean => !kernel.ownObjects!.at(node)!.type.isRefcounted;
const ownerOf = (kernel: Kernel, node: number, owner: number) =>
  load(node + owner, 8, "node.owner", isPrivate(kernel, node));
const setOwner = (kernel: Kernel, node: number, owner: number, head: number) =>
  store(node + owner, 8, BigInt(head), "node.owner", isPrivate(kernel, node));

/** A pointer to a node of a list or tree; NULL for 0. */
const nodePointer = (kernel: Kernel, { memory }: TaskContext, node: number): bigint =>
  node === 0 ? 0n : kernel.ownObjects!.pointer(memory, node);

/** Maps hold zeroes at first, where a head should lead to itself. */
function initialized(memory: Memory, head: number): void {
  if (next(memory, head) === 0) INIT_LIST_HEAD(memory, head);
}

/** kernel/bpf/helpers.c:__bpf_list_add. */
function* __bpf_list_add(kernel: Kernel, ctx: TaskContext, headArg: bigint, node: bigint, tail: boolean): Model {
  const name = tail ? "bpf_list_push_back" : "bpf_list_push_front", head = yield* headAt(ctx, headArg, name);
  yield { kind: "work", what: "helper" };
  yield work("list_head", (memory) => (initialized(memory, head), 0n));
  if (!(yield* claim(kernel, ctx, node, LIST_OWNER, name))) return errno("EINVAL");
  const link = addressOf(node);
  yield work("list_add", (memory) => (list_add(memory, link, tail ? prev(memory, head) : head), 0n));
  yield setOwner(kernel, link, LIST_OWNER, head);
  return 0n;
}

/** kernel/bpf/helpers.c:__bpf_list_del. */
function* __bpf_list_del(kernel: Kernel, ctx: TaskContext, headArg: bigint, tail: boolean): Model {
  const head = yield* headAt(ctx, headArg, tail ? "bpf_list_pop_back" : "bpf_list_pop_front");
  const link = yield* peek(head, tail);
  if (link === 0 || (yield ownerOf(kernel, link, LIST_OWNER)) !== BigInt(head)) return 0n;
  yield work("list_del", (memory) => {
    list_del(memory, link);
    INIT_LIST_HEAD(memory, link);
    return 0n;
  });
  yield setOwner(kernel, link, LIST_OWNER, 0);
  return nodePointer(kernel, ctx, link);
}

/** The first or the last node of a list; 0 where there is none. */
function* peek(head: number, tail: boolean): Model<number> {
  yield { kind: "work", what: "helper" };
  return Number(
    yield work("list_head", (memory) => {
      initialized(memory, head);
      return BigInt(list_empty(memory, head) ? 0 : tail ? prev(memory, head) : next(memory, head));
    }),
  );
}

/** kernel/bpf/helpers.c:__bpf_list_peek: the node stays where it is. */
function* __bpf_list_peek(kernel: Kernel, ctx: TaskContext, headArg: bigint, tail: boolean): Model {
  const head = yield* headAt(ctx, headArg, tail ? "bpf_list_back" : "bpf_list_front");
  return nodePointer(kernel, ctx, yield* peek(head, tail));
}

/** bpf_list_push_front(head, node): 0, or -EINVAL where the object is in a list already. */
export const bpf_list_push_front_impl: HelperModel = (kernel, ctx, [head, node]) =>
  __bpf_list_add(kernel, ctx, head, node, false);
/** bpf_list_push_back(head, node). */
export const bpf_list_push_back_impl: HelperModel = (kernel, ctx, [head, node]) =>
  __bpf_list_add(kernel, ctx, head, node, true);
/** bpf_list_pop_front(head): the node, which is the program's own then, or NULL. */
export const bpf_list_pop_front: HelperModel = (kernel, ctx, [head]) => __bpf_list_del(kernel, ctx, head, false);
export const bpf_list_pop_back: HelperModel = (kernel, ctx, [head]) => __bpf_list_del(kernel, ctx, head, true);
/** bpf_list_front(head): the node, which stays in the list, or NULL. */
export const bpf_list_front: HelperModel = (kernel, ctx, [head]) => __bpf_list_peek(kernel, ctx, head, false);
export const bpf_list_back: HelperModel = (kernel, ctx, [head]) => __bpf_list_peek(kernel, ctx, head, true);

/** kernel/bpf/helpers.c:__bpf_rbtree_add: `less(node, other)` is asked on the way down. */
export const bpf_rbtree_add_impl: HelperModel = function* (kernel, ctx, [rootArg, node, less]) {
  const root = yield* headAt(ctx, rootArg, "bpf_rbtree_add");
  yield { kind: "work", what: "helper" };
  if (!(yield* claim(kernel, ctx, node, RB_OWNER, "bpf_rbtree_add"))) return errno("EINVAL");
  let parent = 0, isLeft = false, leftmost = true;
  for (;;) {
    const at = parent, left = isLeft;
    const below = Number(
      yield work(
        "rb_node",
        (m) => BigInt(at === 0 ? rootOf(m, root) : left ? leftOf(m, at) : rightOf(m, at)),
      ),
    );
    if (below === 0) break;
    parent = below;
    const other = nodePointer(kernel, ctx, parent);
    isLeft = (yield { kind: "callback", func: less, args: [node, other, 0n, 0n, 0n] }) !== 0n;
    leftmost &&= isLeft;
  }
  const link = addressOf(node), at = parent, left = isLeft, first = leftmost;
  yield work("rb_insert_color", (memory) => (insert(memory, root, link, at, left, first), 0n));
  yield setOwner(kernel, link, RB_OWNER, root);
  return 0n;
};

/** bpf_rbtree_remove(root, node): the node, which is the program's own then; NULL where it is not in this tree. */
export const bpf_rbtree_remove: HelperModel = function* (kernel, ctx, [rootArg, node]) {
  const root = yield* headAt(ctx, rootArg, "bpf_rbtree_remove");
  yield* ownObjectAt(kernel, ctx, node, "bpf_rbtree_remove");
  yield { kind: "work", what: "helper" };
  const link = addressOf(node);
  if ((yield ownerOf(kernel, link, RB_OWNER)) !== BigInt(root)) return 0n;
  yield work("rb_erase", (memory) => {
    erase(memory, root, link);
    RB_CLEAR_NODE(memory, link);
    return 0n;
  });
  yield setOwner(kernel, link, RB_OWNER, 0);
  return node;
};

function* ofRoot(kernel: Kernel, ctx: TaskContext, rootArg: bigint, name: string, found: typeof firstOf): Model {
  const root = yield* headAt(ctx, rootArg, name);
  return nodePointer(kernel, ctx, Number(yield work("rb_root", (memory) => BigInt(found(memory, root)))));
}

/** bpf_rbtree_first(root), bpf_rbtree_root(root): the node, which stays in the tree, or NULL. */
export const bpf_rbtree_first: HelperModel = (kernel, ctx, [root]) =>
  ofRoot(kernel, ctx, root, "bpf_rbtree_first", firstOf);
export const bpf_rbtree_root: HelperModel = (kernel, ctx, [root]) =>
  ofRoot(kernel, ctx, root, "bpf_rbtree_root", rootOf);

/** A child of a node; NULL where it has none, or is in another tree. */
function* childOf(
  kernel: Kernel,
  ctx: TaskContext,
  rootArg: bigint,
  node: bigint,
  name: string,
  found: typeof leftOf,
): Model {
  const root = yield* headAt(ctx, rootArg, name), link = addressOf(node);
  yield* ownObjectAt(kernel, ctx, node, name);
  if ((yield ownerOf(kernel, link, RB_OWNER)) !== BigInt(root)) return 0n;
  return nodePointer(kernel, ctx, Number(yield work("rb_node", (memory) => BigInt(found(memory, link)))));
}

/** bpf_rbtree_left(root, node), bpf_rbtree_right(root, node). */
export const bpf_rbtree_left: HelperModel = (kernel, ctx, [root, node]) =>
  childOf(kernel, ctx, root, node, "bpf_rbtree_left", leftOf);
export const bpf_rbtree_right: HelperModel = (kernel, ctx, [root, node]) =>
  childOf(kernel, ctx, root, node, "bpf_rbtree_right", rightOf);
