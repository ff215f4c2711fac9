/** Fields of struct bpf_sock, bpf_sock_common, bpf_tcp_sock (net/core/filter.c:bpf_sock_is_valid_access). */
import { REG_TYPE } from "../state/register.ts";

const SOCK_BYTES = 80, TCP_SOCK_BYTES = 112;
const DST_PORT = 48, AFTER_DST_PORT = 50, DST_IP4 = 52, RX_QUEUE = 76;

/** Whether a load of `size` bytes at `off` of a socket of this kind is allowed. */
export function isSockField(type: number, off: number, size: number): boolean {
  if (off < 0 || off % size !== 0) return false;
  if (type === REG_TYPE.TCP_SOCK) {
    if (off >= TCP_SOCK_BYTES) return false;
    return off === 80 || off === 88 ? size === 8 : size === 4;
  }
  if (type === REG_TYPE.XDP_SOCK) return off + size <= 4 && size === 4;
  if (off >= SOCK_BYTES) return false;
  // struct bpf_sock: bound_dev_if 0, family 4, type 8, protocol 12, mark 16, priority 20, src_ip4 24, ...
  if (type === REG_TYPE.SOCK_COMMON && off >= 8 && off < 24) return false;
  if (off >= AFTER_DST_PORT && off < DST_IP4) return false;
  if (off === 0 || off === 16 || off === 20) return size === 4;
  if (off === DST_PORT) return size <= 4;
  const narrowable = off >= 4 && off < 16 || off >= 24 && off < RX_QUEUE + 4;
  return narrowable && size <= 4 && (size === 4 || size <= 2) && off % size === 0;
}
