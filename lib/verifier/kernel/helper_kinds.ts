/** Questions that the verifier asks about helper functions. */
import { BPF_FUNC } from "../../uapi/helpers.ts";
import { helperPrototype } from "./helper_prototypes.ts";

/** Packet memory may move under these: clone_redirect, checksums, push, pull, adjust; and whatever a tail call runs. */
const CHANGES_PACKET = new Set([
  BPF_FUNC.skb_store_bytes,
  BPF_FUNC.l3_csum_replace,
  BPF_FUNC.l4_csum_replace,
  BPF_FUNC.tail_call,
  BPF_FUNC.clone_redirect,
  BPF_FUNC.skb_vlan_push,
  BPF_FUNC.skb_vlan_pop,
  BPF_FUNC.skb_change_proto,
  BPF_FUNC.skb_change_tail,
  BPF_FUNC.skb_pull_data,
  BPF_FUNC.skb_change_head,
  BPF_FUNC.xdp_adjust_head,
  BPF_FUNC.skb_adjust_room,
  BPF_FUNC.xdp_adjust_meta,
  BPF_FUNC.msg_pull_data,
  BPF_FUNC.xdp_adjust_tail,
  BPF_FUNC.lwt_push_encap,
  BPF_FUNC.lwt_seg6_store_bytes,
  BPF_FUNC.lwt_seg6_adjust_srh,
  BPF_FUNC.lwt_seg6_action,
  BPF_FUNC.msg_push_data,
  BPF_FUNC.msg_pop_data,
  BPF_FUNC.store_hdr_opt,
]);

export const changesPacketData = (helper: number): boolean => CHANGES_PACKET.has(helper);
export const mightSleepHelper = (helper: number): boolean => helperPrototype(helper)?.maySleep ?? false;
export const isSyncCallbackHelper = (helper: number): boolean =>
  helper === BPF_FUNC.for_each_map_elem || helper === BPF_FUNC.find_vma || helper === BPF_FUNC.loop ||
  helper === BPF_FUNC.user_ringbuf_drain;
export const isAsyncCallbackHelper = (helper: number): boolean => helper === BPF_FUNC.timer_set_callback;
