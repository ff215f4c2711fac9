/** Running a listing on the kernel leaves the computer as it was: no pin taken or made, nothing sent, no process signalled. */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { actsOnHost } from "../../lib/backends/linux/acts_on_host.ts";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { linuxVerify } from "../../lib/backends/linux/verify.ts";
import { bpf } from "../../lib/compile/bpf.ts";

const available = linuxAvailable();
const noKernel = available.available ? undefined : available.reason;

/** A shell in a mount namespace of its own, where /sys/fs/bpf is a BPF file system that no other process sees. */
function inOwnNamespace(command: string) {
  const script = `mount --make-rprivate / && mount -t bpf bpf /sys/fs/bpf && ${command}`;
  return spawnSync("unshare", ["-m", "sh", "-c", script], { encoding: "utf8", timeout: 60_000 });
}

const namespace = noKernel ? undefined : inOwnNamespace("true");
const noNamespace = noKernel ??
  (namespace?.status === 0 ? undefined : `unshare and mount: ${namespace?.stderr.trim()}`);

describe("a map with LIBBPF_PIN_BY_NAME", () => {
  const name = "is never the one that is pinned on this computer, and is not pinned";
  if (noNamespace) return it.skip(`${name} (skipped: ${noNamespace})`);
  it(name, () => {
    const child = fileURLToPath(new URL("./pinned_map_child.ts", import.meta.url));
    const ran = inOwnNamespace(`'${process.execPath}' run -A --no-check '${child}'`);
    expect(ran.stderr).not.toMatch(/error/i);
    const counted = { verdict: "accept", counted: "1000", held: "5" };
    expect(JSON.parse(ran.stdout)).toEqual({
      failed: 0,
      withoutPin: { ...counted, pins: ["others"] },
      withPin: { ...counted, pins: ["hits", "others"] },
    });
  });
});

const acting = await bpf`
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct socks { __uint(type, BPF_MAP_TYPE_SOCKMAP); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32); };
struct socks socks SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } plain SEC(".maps");
const volatile _Bool armed = 0;

SEC("raw_tp") int signals(void *ctx) { if (armed) bpf_send_signal(9); return 0; }
SEC("raw_tp") int signals_thread(void *ctx) { bpf_send_signal_thread(9); return 0; }
SEC("raw_tp") int writes_user(void *ctx) { int zero = 0; bpf_probe_write_user(ctx, &zero, 4); return 0; }
SEC("kprobe/x") int overrides(struct pt_regs *ctx) { bpf_override_return(ctx, 1); return 0; }
SEC("tc") int sends(struct __sk_buff *skb) { bpf_clone_redirect(skb, 1, 0); return 0; }
SEC("tc") int redirects(struct __sk_buff *skb) { return bpf_redirect(1, 0); }
SEC("syscall") int calls_bpf(void *ctx) { return bpf_sys_bpf(0, ctx, 8); }
static __attribute__((noinline)) long far(long signal) { return bpf_send_signal(signal); }
SEC("raw_tp") int signals_far(void *ctx) { return far(9); }
SEC("tc") int takes_socket(struct __sk_buff *skb) {
  struct bpf_sock_tuple tuple = {};
  __u32 key = 0;
  struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), -1, 0);
  if (!sk) return 0;
  bpf_map_update_elem(&socks, &key, sk, 0);
  bpf_sk_release(sk);
  return 0;
}
SEC("raw_tp") int stores(void *ctx) { __u32 key = 0; __u64 one = 1; return bpf_map_update_elem(&plain, &key, &one, 0); }
extern void crash_kexec(struct pt_regs *regs) __weak __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
SEC("syscall") int crashes(void *ctx) { crash_kexec(0); return 0; }
SEC("syscall") int reads(void *ctx) { bpf_rcu_read_lock(); bpf_rcu_read_unlock(); return 0; }
`;
const reason = (name: string) => actsOnHost(acting.programs.find((program) => program.name === name)!, acting);

describe("what a program would do to the computer", () => {
  it("is found by the name of the helper, behind a switch that is off and in a subprogram as well", () => {
    expect(reason("signals")).toBe("signals calls bpf_send_signal, which sends a signal to the process that runs it");
    expect(reason("signals_thread")).toMatch(/calls bpf_send_signal_thread/);
    expect(reason("writes_user")).toMatch(/calls bpf_probe_write_user, which writes into the memory of the process/);
    expect(reason("overrides")).toMatch(/calls bpf_override_return/);
    expect(reason("sends")).toMatch(/calls bpf_clone_redirect, which sends a copy of the packet/);
    expect(reason("calls_bpf")).toMatch(/calls bpf_sys_bpf/);
    expect(reason("signals_far")).toMatch(/calls bpf_send_signal,/);
    expect(reason("takes_socket")).toMatch(/has a map of sockets/);
    expect(reason("crashes")).toMatch(/calls the kernel function crash_kexec/);
  });

  it("is nothing for a redirect that no driver follows, a map of one's own, a lock", () => {
    for (const name of ["redirects", "stores", "reads"]) expect([name, reason(name)]).toEqual([name, undefined]);
  });

  const name = "keeps it from the kernel, which is still asked whether it would take the program";
  if (noKernel) return it.skip(`${name} (skipped: ${noKernel})`);
  it(name, async () => {
    const one = { cpus: 1, invocations: 1, programs: ["signals_thread"] };
    await expect(runOnLinux(acting, one)).rejects.toThrow(
      /^not run on this kernel: signals_thread calls bpf_send_signal_thread, which sends a signal/,
    );
    expect(linuxVerify(acting, { program: "signals_thread" }).verdict).toBe("accept");
  });
});
