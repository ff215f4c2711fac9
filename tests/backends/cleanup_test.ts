/** Everything is given back: threads, maps, programs, file descriptors; also when a run ends with an error. */
import { fileURLToPath } from "node:url";
import { readdirSync, readlinkSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { compare } from "../../lib/backends/compare.ts";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { RefusedByKernel } from "../../lib/backends/linux/session.ts";
import { linuxVerify } from "../../lib/backends/linux/verify.ts";
import { threads } from "../../lib/backends/threads/run.ts";
import { threadsAvailable } from "../../lib/backends/threads/available.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const counters = await bpf.file(fileURLToPath(new URL("./progs/counters.bpf.c", import.meta.url)));
/** Every kernel accepts it. */
const accepted = await bpf.file(fileURLToPath(new URL("../cli/data/returns_zero.bpf.c", import.meta.url)));
const faulty = await bpf`
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } m SEC(".maps");

SEC("raw_tp")
int no_null_check(void *ctx)
{
	__u32 key = 7;
	__u64 *value = bpf_map_lookup_elem(&m, &key);

	*value += 1;
	return 0;
}
`;

/** File descriptors of maps, programs and BTF that this process holds, and its threads. */
function held(): { bpf: number; threads: number } {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return {
    bpf: links.filter((link) => /bpf|btf/.test(link)).length,
    threads: readdirSync("/proc/self/task").length,
  };
}

/** Threads end a moment after they were told to, those of the runtime's pool after ten idle seconds. */
async function settledHeld(atMost: { bpf: number; threads: number }): Promise<{ bpf: number; threads: number }> {
  for (let wait = 0; wait < 400; wait++) {
    const now = held();
    if (now.bpf <= atMost.bpf && now.threads <= atMost.threads) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return held();
}

async function leavesNothing(work: () => Promise<unknown>): Promise<void> {
  await work(); // the first time opens libraries and starts pools of the runtime
  const before = held();
  for (let i = 0; i < 3; i++) await work();
  const after = await settledHeld(before);
  expect(after.bpf).toBe(before.bpf);
  expect(after.threads).toBeLessThanOrEqual(before.threads);
}

const refused = async (work: () => Promise<unknown>, message: RegExp) => {
  const error = await work().then(() => undefined, (error: Error) => error);
  if (error instanceof RefusedByKernel && !message.test(error.message)) throw error;
  expect(error?.message ?? "no error").toMatch(message);
};

const quick = { cpus: 2, invocations: 100, repeats: 2, durationMs: 1 };

describe("nothing is left behind", () => {
  const agreement = new KernelAgreement("what is left behind");
  afterAll(() => agreement.print());
  const onLinux = (name: string, work: () => Promise<unknown>) =>
    (linuxAvailable().available ? it : it.skip)(name, () => agreement.whereItLoads(name, work));
  const onThreads = threadsAvailable().available ? it : it.skip;

  onThreads("by a run on threads", () => leavesNothing(() => threads(counters, { ...quick, programs: ["racy"] })));

  onThreads(
    "by a program that faults on a thread",
    () =>
      leavesNothing(() =>
        refused(() => threads(faulty, { ...quick, verify: false }), /no_null_check faults at line .*null pointer/)
      ),
  );

  onLinux("by a run on the kernel", () => leavesNothing(() => runOnLinux(counters, { ...quick, programs: ["racy"] })));

  onLinux("by verdicts", () =>
    leavesNothing(() => {
      expect(linuxVerify(faulty).verdict).toBe("reject");
      linuxVerify(counters); // verdicts on it are compared in verdicts_test.ts
      return Promise.resolve(expect(linuxVerify(accepted).verdict).toBe("accept"));
    }));

  onLinux(
    "by a program that the kernel refuses",
    () => leavesNothing(() => refused(() => runOnLinux(faulty, quick), /the kernel refuses /)),
  );

  onLinux("by a user-space actor that throws", () =>
    leavesNothing(() =>
      refused(
        () =>
          runOnLinux(counters, {
            ...quick,
            cpus: 1,
            programs: ["atomic_in_inner"],
            user: [{
              name: "clumsy",
              *body(user) {
                yield* user.createInner("outer");
                yield* user.readGlobal("counter");
                yield* user.lookup("no_such_map", 0);
              },
            }],
          }),
        /no map is called no_such_map/,
      )
    ));

  onLinux("by comparisons", () => leavesNothing(() => compare(counters, { ...quick, programs: ["atomic"] })));
});
