/** Values of `.kconfig` are constants to the verifier, as libbpf freezes them before it loads programs. */
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { verify } from "../../lib/verifier/verify.ts";

const listing = await bpf`
extern int LINUX_KERNEL_VERSION __kconfig;
extern int CONFIG_HZ __kconfig __weak;
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, long); } one SEC(".maps");
#define BEYOND_IF(name, condition) SEC("raw_tp") int name(void *ctx) { \
	int key = 0; char *value = bpf_map_lookup_elem(&one, &key); \
	if (value && (condition)) value[100] = 1; \
	return 0; }
BEYOND_IF(never, LINUX_KERNEL_VERSION < 10)
BEYOND_IF(always, LINUX_KERNEL_VERSION > 10)
BEYOND_IF(by_option, CONFIG_HZ == 100)
`;

describe("values of .kconfig", () => {
  it("decide which branches the verifier follows", () => {
    const verdicts = (hz: number) =>
      verify(bpf.object(listing.bytes, "given", { kconfig: { CONFIG_HZ: hz, LINUX_KERNEL_VERSION: 0x6_12_00 } }))
        .map(({ program, verdict }) => `${program} ${verdict}`);
    expect(verdicts(250)).toEqual(["never accept", "always reject", "by_option accept"]);
    expect(verdicts(100)).toEqual(["never accept", "always reject", "by_option reject"]);
  });
});
