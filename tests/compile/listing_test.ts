import { describe, expect, it } from "vitest";
import { inspectListing } from "../../lib/compile/listing.ts";

describe("what a listing brings along", () => {
  const cases: [string, string, Partial<ReturnType<typeof inspectListing>>][] = [
    ["nothing", "int counter;", {
      ownTypes: [],
      ownFunctions: [],
      ownKfuncs: [],
      hasLicense: false,
      hasKernelTypes: false,
      wantsVmlinux: false,
    }],
    ["a license", 'char LICENSE[] SEC("license") = "GPL";', { hasLicense: true }],
    ["a license in a comment only", '// SEC("license")\n/* "license" */', { hasLicense: false }],
    ["short integer types", "typedef unsigned long u64; typedef unsigned int u32;", { ownTypes: ["u32", "u64"] }],
    ["a kernel function", "extern int bpf_res_spin_lock(struct bpf_res_spin_lock *lock) __ksym;", {
      ownKfuncs: ["bpf_res_spin_lock"],
      ownTypes: [],
    }],
    ["a pointer to a type of ours", "typedef struct xdp_md *context;", { ownTypes: [] }],
    ["a struct of ours", "struct bpf_res_spin_lock { __u32 val; };", { ownTypes: ["bpf_res_spin_lock"] }],
    ["a struct of ours, declared only", "struct bpf_spin_lock;", { ownTypes: [] }],
    ["an enum of ours", "enum xdp_action\n{ XDP_PASS = 2 };", { ownTypes: ["xdp_action"] }],
    [
      "helpers of its own",
      "static void *(*bpf_map_lookup_elem)(void *map, void *key) = (void *)1;",
      { ownFunctions: ["bpf_map_lookup_elem"] },
    ],
    ["a string that looks like a comment", 'char s[] = "/*"; struct xdp_md { int x; }; // "*/"', {
      ownTypes: ["xdp_md"],
    }],
  ];
  for (const [name, source, expected] of cases) {
    it(name, () => expect(inspectListing(source, [])).toMatchObject(expected));
  }
});
