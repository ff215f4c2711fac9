/** Kernel functions about strings, bits and cgroups, and sockets that are not there: the same as the running kernel's. */
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const strings = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
int bpf_strcmp(const char *a, const char *b) __ksym __weak;
int bpf_strcasecmp(const char *a, const char *b) __ksym __weak;
int bpf_strnchr(const char *s, unsigned long count, char c) __ksym __weak;
int bpf_strchr(const char *s, char c) __ksym __weak;
int bpf_strchrnul(const char *s, char c) __ksym __weak;
int bpf_strrchr(const char *s, int c) __ksym __weak;
int bpf_strlen(const char *s) __ksym __weak;
int bpf_strnlen(const char *s, unsigned long count) __ksym __weak;
int bpf_strspn(const char *s, const char *accept) __ksym __weak;
int bpf_strcspn(const char *s, const char *reject) __ksym __weak;
int bpf_strstr(const char *a, const char *b) __ksym __weak;
int bpf_strnstr(const char *a, const char *b, unsigned long len) __ksym __weak;
char text[] = "hello world", upper[] = "HELLO World", empty[] = "", vowels[] = "aeiou", few[] = "hel", world[] = "world";
int results[40];
SEC("syscall") int ask(void *ctx) {
	char *bad = (char *)8;
	int i = 0;
	results[i++] = bpf_strcmp(text, text);
	results[i++] = bpf_strcmp(text, upper);
	results[i++] = bpf_strcmp(upper, text);
	results[i++] = bpf_strcmp(few, text);
	results[i++] = bpf_strcmp(text, bad);
	results[i++] = bpf_strcasecmp(text, upper);
	results[i++] = bpf_strcasecmp(text, few);
	results[i++] = bpf_strnchr(text, 3, 'o');
	results[i++] = bpf_strnchr(text, 5, 'o');
	results[i++] = bpf_strnchr(text, 100, 'z');
	results[i++] = bpf_strchr(text, 'w');
	results[i++] = bpf_strchr(text, 0);
	results[i++] = bpf_strchr(bad, 'w');
	results[i++] = bpf_strchrnul(text, 'z');
	results[i++] = bpf_strchrnul(text, 'l');
	results[i++] = bpf_strrchr(text, 'o');
	results[i++] = bpf_strrchr(text, 'z');
	results[i++] = bpf_strrchr(text, 0);
	results[i++] = bpf_strlen(text);
	results[i++] = bpf_strlen(empty);
	results[i++] = bpf_strlen(bad);
	results[i++] = bpf_strnlen(text, 4);
	results[i++] = bpf_strnlen(text, 100);
	results[i++] = bpf_strnlen(text, 0);
	results[i++] = bpf_strspn(text, few);
	results[i++] = bpf_strspn(text, empty);
	results[i++] = bpf_strspn(few, few);
	results[i++] = bpf_strcspn(text, vowels);
	results[i++] = bpf_strcspn(text, empty);
	results[i++] = bpf_strstr(text, world);
	results[i++] = bpf_strstr(text, upper);
	results[i++] = bpf_strstr(text, empty);
	results[i++] = bpf_strstr(empty, text);
	results[i++] = bpf_strnstr(text, world, 11);
	results[i++] = bpf_strnstr(text, world, 10);
	results[i++] = bpf_strnstr(text, few, 3);
	results[i++] = bpf_strstr(bad, few);
	return 0;
}`;

const bits = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct bpf_iter_bits { __u64 __opaque[2]; } __attribute__((aligned(8)));
int bpf_iter_bits_new(struct bpf_iter_bits *it, const __u64 *bits, __u32 nr_words) __ksym __weak;
int *bpf_iter_bits_next(struct bpf_iter_bits *it) __ksym __weak;
void bpf_iter_bits_destroy(struct bpf_iter_bits *it) __ksym __weak;
__u64 words[4] = { 0x8000000000000001, 0, 0x30, 1ULL << 63 };
int results[8], sums[8], counts[8];
static void walk(int at, const __u64 *from, __u32 nr_words) {
	struct bpf_iter_bits it;
	int *bit;
	results[at & 7] = bpf_iter_bits_new(&it, from, nr_words);
	while ((bit = bpf_iter_bits_next(&it))) {
		sums[at & 7] += *bit;
		counts[at & 7]++;
		if (at == 6) words[2] = 0;
	}
	bpf_iter_bits_destroy(&it);
}
SEC("syscall") int ask(void *ctx) {
	walk(0, words, 1);
	walk(1, words, 4);
	walk(2, words, 0);
	walk(3, words, 512);
	walk(4, 0, 1);
	walk(5, (void *)8, 2);
	walk(6, words, 4);
	walk(7, words, 4);
	return 0;
}`;

const cgroups = await bpf`
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct cgroup *bpf_cgroup_from_id(u64 cgid) __ksym __weak;
struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level) __ksym __weak;
void bpf_cgroup_release(struct cgroup *cgrp) __ksym __weak;
int bpf_task_under_cgroup(struct task_struct *task, struct cgroup *ancestor) __ksym __weak;
long results[6];
SEC("tp_btf/sys_enter") int ask(void *ctx) {
	struct cgroup *root = bpf_cgroup_from_id(1), *none = bpf_cgroup_from_id(1 << 30), *above;
	if (none) {
		results[5] = 1;
		bpf_cgroup_release(none);
	}
	if (!root) return 0;
	results[0] = root->kn->id;
	results[1] = root->level;
	results[2] = bpf_task_under_cgroup(bpf_get_current_task_btf(), root);
	above = bpf_cgroup_ancestor(root, 0);
	if (above) {
		results[3] = above->kn->id;
		bpf_cgroup_release(above);
	}
	above = bpf_cgroup_ancestor(root, 1);
	if (above) {
		results[4] = 1;
		bpf_cgroup_release(above);
	}
	bpf_cgroup_release(root);
	return 0;
}`;

const sockets = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
long found;
SEC("tc") int ask(struct __sk_buff *skb) {
	struct bpf_sock_tuple tuple = { .ipv4 = { .saddr = 0x0100007f, .daddr = 0x0100007f, .sport = 0xffff, .dport = 0xfeff } };
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	found = sk ? 1 : 2;
	if (sk) bpf_sk_release(sk);
	return 0;
}
`;
const hashed = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_SOCKHASH); __uint(max_entries, 4); __type(key, int); __type(value, int); } socks SEC(".maps");
long passed;
SEC("sk_skb") int redirect(struct __sk_buff *skb) {
	int key = 1;
	passed = bpf_sk_redirect_hash(skb, &socks, &key, 0);
	return passed;
}`;

const once = { cpus: 1, programs: ["ask"], invocations: 1 };

describe("what the simulator gives", () => {
  it("bits are those of the moment in which the iterator began", async () => {
    const { final } = await simulate(bits, once);
    expect([0, 1, 6, 7].map((i) => final[`counts[${i}]`])).toEqual([2n, 5n, 5n, 3n]);
    expect([2, 3, 4].map((i) => final[`results[${i}]`])).toEqual([-22n, -7n, -22n]);
  });

  it("a packet is passed to a socket of a SOCKHASH where user space put one in", async () => {
    const workload = { cpus: 1, programs: ["redirect"], invocations: 1 };
    expect((await simulate(hashed, workload)).final.passed).toBe(0n);
    const run = await simulate(hashed, { ...workload, prepare: (user) => user.update("socks", 1, 7) });
    expect(run.final.passed).toBe(1n);
  });
});

describe("the simulator and the running kernel", () => {
  const availability = linuxAvailable(), agreement = new KernelAgreement("small kernel functions");
  afterAll(() => agreement.print());
  const test = availability.available ? it : it.skip;
  const cases = { strings, bits, cgroups, sockets };
  for (const [name, object] of Object.entries(cases)) {
    test(`${name}${availability.available ? "" : ` (skipped: ${availability.reason})`}`, async () => {
      await agreement.values(name, async () => {
        const real = await runOnLinux(object, { ...once, exact: true });
        const simulated = await simulate(object, once);
        expect(simulated.fault).toBeUndefined();
        expect(simulated.final).toEqual(real.final);
      });
    });
  }
});
