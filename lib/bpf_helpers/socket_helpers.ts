/** Helper functions that look for sockets (net/core/filter.c): a machine has none but its kernel objects, so that they find none. */
import { errno } from "../maps/errno.ts";
import type { HelperModel } from "./kernel.ts";

const noSocket: HelperModel = () => 0n;

/** bpf_sk_lookup_tcp(ctx, tuple, tuple_size, netns, flags) and its like. */
export const bpf_sk_lookup_tcp: HelperModel = noSocket;
export const bpf_sk_lookup_udp: HelperModel = noSocket;
export const bpf_skc_lookup_tcp: HelperModel = noSocket;

/** bpf_sk_release(sock): of what a lookup found. */
export const bpf_sk_release: HelperModel = () => 0n;

/** What a struct sock of the kernel's objects is, when it is asked: none of these but a TCP socket (sk_fullsock, sk_protocol). */
export const bpf_sk_fullsock: HelperModel = noSocket;
export const bpf_tcp_sock: HelperModel = noSocket;
export const bpf_get_listener_sock: HelperModel = noSocket;
export const bpf_skc_to_tcp6_sock: HelperModel = noSocket;
/**
 * bpf_skc_to_tcp_sock(sk): of a kernel object that stands behind a tracing program's argument, the struct tcp_sock that goes
 * with it, as if all such sockets spoke TCP (net/core/filter.c:sk_is_tcp).
 */
export const bpf_skc_to_tcp_sock: HelperModel = ({ objects }, _ctx, [sk]) =>
  objects && sk !== 0n ? objects.pointerTo("tcp_sock", objects.keyOf("sock", sk) - 1) : 0n;
export const bpf_skc_to_tcp_timewait_sock: HelperModel = noSocket;
export const bpf_skc_to_tcp_request_sock: HelperModel = noSocket;
export const bpf_skc_to_udp6_sock: HelperModel = noSocket;
export const bpf_skc_to_unix_sock: HelperModel = noSocket;
export const bpf_skc_to_mptcp_sock: HelperModel = noSocket;

/** bpf_sock_ops_cb_flags_set(skops, flags): no full socket is behind the context. */
export const bpf_sock_ops_cb_flags_set: HelperModel = () => errno("EINVAL");
