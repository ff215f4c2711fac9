/** Packet programs do to packets what the running kernel does: r0, the packet, what helpers return, fields of contexts. */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Model } from "../../lib/cpu/operation.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { explore } from "../../lib/search/explore.ts";
import { DEFAULT_PACKETS } from "../../lib/workload/packets.ts";
import { KernelAgreement } from "../kernel_agreement.ts";
import { KernelPackets, type PacketRun, simulated } from "./packet_runs.ts";
import { listing } from "./scenarios.ts";

const object = await listing("packets");
const SEED = 20261129;
/** struct op of the listing, and where its variables stand in .bss. */
const OP_WORDS = 4, OPS = 4;
const { variables, bytes: initial } = object.maps.find(({ data }) => data?.section === ".bss")!.data!;
const offsetOf = (name: string) => variables.find((variable) => variable.name === name)!.offset;

interface Script {
  readonly packet: Uint8Array;
  readonly ops: readonly (readonly number[])[];
  readonly words: readonly number[];
}

/** The last one is cut off inside its IPv4 header, which BPF_PROG_RUN refuses for skbs since 6.18. */
const WHOLE = DEFAULT_PACKETS.slice(0, -1);
const packets = fc.oneof(
  fc.constantFrom(...WHOLE),
  fc.uint8Array({ minLength: 14, maxLength: 200 }).map((bytes) => {
    // EtherTypes beyond those of the packets above are read as they are; an IPv4 header wants its bytes to be there.
    bytes[12] = 0x88;
    return bytes;
  }),
);
const operand = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.constantFrom(0, 1, 14, 24, 50, 3600, -216, -217, 0x1_0000),
);
const scripts = (kinds: number) =>
  fc.record({
    packet: packets,
    ops: fc.array(fc.tuple(fc.nat(kinds), operand, operand, operand), { minLength: OPS, maxLength: OPS }),
    words: fc.array(fc.integer(), { minLength: 8, maxLength: 8 }),
  });

function bssFor({ ops, words }: Script): Uint8Array {
  const bss = new Uint8Array(initial.length), view = new DataView(bss.buffer);
  ops.forEach((op, i) =>
    op.forEach((word, j) => view.setBigInt64(offsetOf("ops") + 8 * (OP_WORDS * i + j), BigInt(word), true))
  );
  words.forEach((word, i) => view.setInt32(offsetOf("words") + 4 * i, word, true));
  for (let i = 0; i < 32; i++) bss[offsetOf("buffer") + i] = 0xc0 + i;
  return bss;
}

function shown({ returned, packet, bss }: PacketRun) {
  const view = new DataView(bss.buffer, bss.byteOffset), at = offsetOf("buffer");
  const results = Array.from({ length: 16 }, (_, i) => view.getBigInt64(offsetOf("results") + 8 * i, true));
  return { returned, packet: [...packet], results, buffer: [...bss.subarray(at, at + 32)] };
}

describe("packets, simulator and running kernel", () => {
  const availability = linuxAvailable();
  const agreement = new KernelAgreement("packets");
  afterAll(() => agreement.print());
  const test = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;
  const cases = [
    { prog: "xdp_ops", kinds: 7, runs: 400 },
    { prog: "skb_ops", kinds: 14, runs: 800 },
    { prog: "turn", kinds: 0, runs: 60 },
    { prog: "network_layer", kinds: 0, runs: 60 },
  ];
  for (const { prog, kinds, runs } of cases) {
    test(`${prog}: ${runs} packets, seed ${SEED}${reason}`, async () => {
      await agreement.values(prog, () => {
        using kernel = new KernelPackets(object, [prog]);
        fc.assert(
          fc.property(scripts(kinds), (script) => {
            const bss = bssFor(script);
            const ours = shown(simulated(object, prog, script.packet, bss));
            const theirs = shown(kernel.run(prog, script.packet, bss));
            // BPF_PROG_RUN pushes room for a link header of zeroes before what it gives back of a layer 3 program.
            expect(prog === "network_layer" ? { ...ours, packet: [] } : ours)
              .toEqual(prog === "network_layer" ? { ...theirs, packet: [] } : theirs);
          }),
          { seed: SEED, numRuns: runs, endOnFailure: true },
        );
      });
    });
  }
});

const counting = await bpf`
long tcp, udp, other, cut, sent, dropped;
struct { __uint(type, BPF_MAP_TYPE_DEVMAP); __uint(max_entries, 2); __type(key, int); __type(value, int); } ports SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_DEVMAP_HASH); __uint(max_entries, 2); __type(key, int); __type(value, struct bpf_devmap_val); } devices SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } samples SEC(".maps");

SEC("xdp") int protocols(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (data + 14 + 20 > end) { cut += 1; return 1; }
	if (data[12] != 8 || data[13] != 0) { other += 1; return 2; }
	if (data[14 + 9] == 6) tcp += 1;
	else if (data[14 + 9] == 17) udp += 1;
	else other += 1;
	data[0] = 0xee;
	if (data[0] != 0xee) other += 100;
	return 2;
}

SEC("xdp") int forward(struct xdp_md *ctx)
{
	if (bpf_redirect_map(&ports, 1, 1) == 4) sent += 1;
	else dropped += 1;
	return 1;
}

SEC("xdp") int forward_by_key(struct xdp_md *ctx)
{
	int key = 700;
	struct bpf_devmap_val *to = bpf_map_lookup_elem(&devices, &key);
	other = to ? to->ifindex : 99;
	if (bpf_redirect_map(&devices, 700, 2) == 4) sent += 1;
	else dropped += 1;
	return 1;
}

SEC("xdp") int sample(struct xdp_md *ctx)
{
	int about = 0x01020304;
	sent = bpf_perf_event_output(ctx, &samples, 6ULL << 32 | BPF_F_CURRENT_CPU, &about, sizeof(about));
	dropped = bpf_perf_event_output(ctx, &samples, 91ULL << 32 | BPF_F_CURRENT_CPU, &about, sizeof(about));
	other = bpf_perf_event_output(ctx, &samples, 1ULL << 60, &about, sizeof(about));
	return 1;
}

SEC("xdp") int beyond(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;
	tcp = data[90];
	return 1;
}

SEC("xdp") int routes(struct xdp_md *ctx)
{
	struct bpf_fib_lookup params = { .family = 2 };
	long found = bpf_fib_lookup(ctx, &params, sizeof(params), 0);
	if (found == 0 && params.ifindex) sent = 1;
	else if (found > 0) dropped = found;
	return 1;
}
`;
const one = { cpus: 1, invocations: 1 };

describe("packets in the simulator", () => {
  it("come in turn, each run with its own copy", async () => {
    const { final, fault } = await simulate(counting, { cpus: 1, invocations: 18, programs: ["protocols"] });
    expect(fault).toBe(undefined);
    expect([final.tcp, final.udp, final.other, final.cut]).toEqual([2n, 2n, 12n, 2n]);
  });

  it("are those that the workload gives", async () => {
    const udp = DEFAULT_PACKETS[1], programs = ["protocols"];
    const { final } = await simulate(counting, { cpus: 1, invocations: 3, programs, packets: [udp] });
    expect([final.tcp, final.udp, final.other, final.cut]).toEqual([0n, 3n, 0n, 0n]);
    await expect(simulate(counting, { programs, packets: [] })).rejects.toThrow(/packets is an empty list: it must be/);
    await expect(simulate(counting, { programs, packets: [new Uint8Array(13)] }))
      .rejects.toThrow(/packets\[0\].*14 to 3520/);
  });

  it("end where data_end says", async () => {
    const { fault } = await simulate(counting, { ...one, programs: ["beyond"], verify: false });
    expect(fault?.message).toMatch(/read of 1 bytes at offset 90 of the packet, which has 90 bytes/);
  });

  it("are no shared memory: only what programs count is interleaved, and CPUs stay interchangeable", async () => {
    const found = await explore(counting, { cpus: 2, invocations: 1, programs: ["protocols"] });
    expect([found.observation, found.outcomes.length, found.symmetry.used]).toEqual(["Sometimes", 2, true]);
    expect(found.coverage!.shared!.map(({ name }) => name)).toEqual(["tcp"]);
  });

  it("go where a DEVMAP has an entry, else the flags say what becomes of them", async () => {
    const programs = ["forward"], prepare = (user: UserApi) => user.update("ports", 1, 3);
    const empty = await simulate(counting, { ...one, programs });
    const filled = await simulate(counting, { ...one, programs, prepare });
    expect([empty.final.sent, empty.final.dropped]).toEqual([0n, 1n]);
    expect([filled.final.sent, filled.final.dropped]).toEqual([1n, 0n]);
  });

  it("go where a DEVMAP_HASH has an entry, by any key", async () => {
    const programs = ["forward_by_key"];
    const run = async (prepare: (user: UserApi) => Model<unknown>) => {
      const { final } = await simulate(counting, { ...one, programs, prepare });
      return [final.sent, final.dropped, final.other];
    };
    expect(await run(function* () {})).toEqual([0n, 1n, 99n]);
    expect(await run((user) => user.update("devices", 700, { ifindex: 3 }))).toEqual([1n, 0n, 3n]);
    expect(await run((user) => user.update("devices", 701, { ifindex: 3 }))).toEqual([0n, 1n, 99n]);
    await expect(run((user) => user.update("devices", 700, { ifindex: 0 }))).rejects.toThrow(/EINVAL/);
  });

  it("are sampled behind what the program says of them, as far as they go", async () => {
    const read = function* (user: UserApi): Model<unknown> {
      const records = yield* user.perfBufferConsume<Uint8Array>("samples");
      return records.map((record) => "data" in record ? [...record.data] : record);
    };
    const reader = { name: "reader", after: "sample", body: read };
    const { final, returned } = await simulate(counting, { ...one, programs: ["sample"], user: [reader] });
    expect([final.sent, final.dropped, final.other]).toEqual([0n, -14n, -22n]);
    // A record of the kernel's is filled up to a multiple of 8 bytes, less the 4 of its length.
    expect(returned.reader).toEqual([[4, 3, 2, 1, ...DEFAULT_PACKETS[0].subarray(0, 6), 0, 0]]);
  });

  it("are routed as a table says that is open", async () => {
    const found = await explore(counting, { ...one, programs: ["routes"] });
    const ends = found.outcomes.map(({ values }) => `${values.sent} ${values.dropped}`).sort();
    expect(ends).toEqual(["0 4", "0 7", "1 0"]);
  });
});
