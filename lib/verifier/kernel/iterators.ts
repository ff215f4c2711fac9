/** What the kernel says of the objects of iterator programs, beyond their prototype (struct bpf_iter_reg, ctx_arg_info). */

/** A pointer to a struct that may be gone at any time, one that is sure to be alive, or a buffer. */
export type IteratorObject = "object" | "trusted" | "buffer" | "rdonly";

/** By target, then by argument, counted from 0; each of them is NULL at the end of the walk. */
export const ITERATORS: Readonly<Record<string, Readonly<Record<number, IteratorObject>>>> = {
  task: { 1: "trusted" },
  task_file: { 1: "object", 3: "object" },
  task_vma: { 1: "object", 2: "object" },
  bpf_map: { 1: "trusted" },
  bpf_map_elem: { 2: "rdonly", 3: "buffer" },
  bpf_prog: { 1: "object" },
  bpf_link: { 1: "object" },
  cgroup: { 1: "trusted" },
  ksym: { 1: "object" },
  netlink: { 1: "object" },
  ipv6_route: { 1: "object" },
  sockmap: { 2: "rdonly", 3: "object" },
  bpf_sk_storage_map: { 2: "object", 3: "buffer" },
  unix: { 1: "object" },
  tcp: { 1: "trusted" },
  udp: { 1: "trusted" },
  kmem_cache: { 1: "trusted" },
  dmabuf: { 1: "object" },
};
