/** The kernel stays untroubled: nothing that this project asks of it makes it warn, and large maps are refused first. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { bpf } from "../../lib/compile/bpf.ts";

const tail = await bpf`
int counted;
int second(void *ctx);
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__array(values, int(void *));
} next SEC(".maps") = { .values = { [0] = (void *)&second } };

SEC("raw_tp") int first(void *ctx) { bpf_tail_call(ctx, &next, 0); return 1; }
SEC("raw_tp") int second(void *ctx) { __sync_fetch_and_add(&counted, 1); return 0; }
`;
const large = await bpf`
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16777216);
	__type(key, int);
	__type(value, long);
} table SEC(".maps");

SEC("raw_tp") int count(void *ctx) {
	int key = 0;
	long *value = bpf_map_lookup_elem(&table, &key);
	if (value) *value += 1;
	return 0;
}
`;

/** Warnings in the kernel's log so far; undefined where it may not be read. */
function warnings(): string[] | undefined {
  const { status, stdout } = spawnSync("dmesg", { encoding: "utf8" });
  return status === 0 ? stdout.split("\n").filter((line) => /verifier bug|WARNING: CPU/.test(line)) : undefined;
}

describe("the running kernel", () => {
  const availability = linuxAvailable(), before = warnings();
  const onKernel = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;

  onKernel(`does not warn of a program that ends in a tail call, which no loop is put around${reason}`, async () => {
    const run = await runOnLinux(tail, { cpus: 1, programs: ["first"], invocations: 100, repeats: 1 });
    expect(run.how).toContain("one call each");
    expect(run.final.counted).toBeGreaterThan(0n);
    expect(warnings()).toEqual(before);
  });

  onKernel(`is not given maps of 128 MiB unless the reader allows it${reason}`, async () => {
    const refused = runOnLinux(large, { cpus: 1, invocations: 1 });
    await expect(refused).rejects.toThrow(/table: 128\.0\).*maxMapBytes: 1342\d+/);
  });
});
