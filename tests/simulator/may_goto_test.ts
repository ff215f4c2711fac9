/** Loops that the kernel ends by its clock. */
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { explore } from "../../lib/search/explore.ts";

const object = await bpf`// -mcpu=v4
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define can_loop ({								\
	__label__ l_break, l_continue;						\
	bool ret = true;							\
	asm volatile goto("1:.byte 0xe5;.byte 0;.long ((%l[l_break] - 1b - 8) / 8) & 0xffff;.short 0"	\
			  :::: l_break);					\
	goto l_continue;							\
l_break:									\
	ret = false;								\
l_continue:;									\
	ret;									\
})

int flag, seen, sum;

SEC("tc") int waits(void *ctx)
{
	while (!*(volatile int *)&flag && can_loop)
		;
	seen = *(volatile int *)&flag;
	return 0;
}

SEC("tc") int sets(void *ctx)
{
	flag = 1;
	return 0;
}

SEC("tc") int adds(void *ctx)
{
	int i;

	for (i = 0; i < 10 && can_loop; i++)
		sum += i;
	return 0;
}
`;
const on = (cpu: number, prog: string) => ({ prog, cpus: [cpu], invocations: 1 });

describe("may_goto", () => {
  it("lets a loop go on that ends by itself", async () => {
    expect((await simulate(object, { cpus: 1, programs: [on(0, "adds")] })).final.sum).toBe(45n);
  });

  it("lets a program wait for another one; the report says that the limit of time never ran out", async () => {
    const all = await explore(object, { programs: [on(0, "waits"), on(1, "sets")] });
    expect(all.outcomes.map(({ values }) => values.seen)).toEqual([1n]);
    expect(all.openConditions?.join()).toContain("may_goto");
    expect(all.coversOpen).toBe(false);
  });

  it("calls a wait that has no end one, and says that the kernel would end it", async () => {
    const all = await explore(object, { programs: [on(0, "waits")] });
    expect(all.outcomes).toEqual([]);
    expect(all.stuck.map(({ kind }) => kind)).toEqual(["livelock"]);
    expect(all.stuck[0].message).toContain("may_goto");
  });
});
