/** What runs where, what interrupts it and what it is given, from the command line and from files. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { reach } from "../../lib/backends/reach.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { hexBytes, packetsIn } from "../../lib/workload/packet_file.ts";
import { DEFAULT_PACKETS } from "../../lib/workload/packets.ts";
import { prepareFile, workloadFile } from "../../lib/workload/workload_file.ts";

const counting = await bpf`
long up_ran, down_ran, pids, bytes, seen;
SEC("raw_tp") int up(void *ctx) { up_ran += 1; pids = bpf_get_current_pid_tgid() & 0xffffffff; seen = *(int *)ctx; return 0; }
SEC("raw_tp") int down(void *ctx) { down_ran += up_ran; return 0; }
SEC("xdp") int size(struct xdp_md *ctx) { bytes += ctx->data_end - ctx->data; return 2; }
`;
const SYN = "00000000000000000000000008 00:45 0x11";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "interleave workload "));
  await writeFile(join(folder, "counting.bpf.o"), counting.bytes);
  await writeFile(join(folder, "two.hex"), `${SYN}\n\n${SYN}ffff\n`);
  await writeFile(join(folder, "raw.bin"), DEFAULT_PACKETS[0]);
  await writeFile(join(folder, "one.pcap"), pcap([DEFAULT_PACKETS[1], DEFAULT_PACKETS[2]]));
  await writeFile(
    join(folder, "work.json"),
    JSON.stringify({
      cpus: 1,
      invocations: 2,
      programs: [{ prog: "up", pid: 99, ctx: "07" }, "size"],
      packets: [SYN],
      interrupts: [{ prog: "down", cpu: 0, count: 3 }],
      prepare: [["writeGlobal", "up_ran", 40]],
      user: [{ name: "reader", calls: [["readGlobal", "seen"]] }],
    }),
  );
  await writeFile(join(folder, "prepare.json"), '[["writeGlobal", "up_ran", 7]]');
  await writeFile(join(folder, "work.ts"), 'export default { cpus: 1, invocations: 3, programs: ["up"] };\n');
});
afterAll(() => rm(folder, { recursive: true }));

/** A pcap file of this machine's byte order, as tcpdump writes it. */
function pcap(packets: readonly Uint8Array[], littleEndian = true): Uint8Array {
  const bytes = new Uint8Array(24 + packets.reduce((sum, packet) => sum + 16 + packet.length, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xa1b2c3d4, littleEndian);
  view.setUint32(20, 1, littleEndian);
  let at = 24;
  for (const packet of packets) {
    view.setUint32(at + 8, packet.length, littleEndian);
    bytes.set(packet, at + 16);
    at += 16 + packet.length;
  }
  return bytes;
}

describe("packets in files", () => {
  it("are those of a pcap file in either byte order, lines of digits, or all its bytes", () => {
    for (const littleEndian of [true, false]) {
      expect(packetsIn(pcap(DEFAULT_PACKETS, littleEndian), "a.pcap")).toEqual([...DEFAULT_PACKETS]);
    }
    expect(packetsIn(new TextEncoder().encode("00ff\n\n 0x01 02"), "a.hex")).toEqual([
      hexBytes("00ff"),
      hexBytes("0102"),
    ]);
    expect(packetsIn(Uint8Array.of(0, 200, 3), "a.bin")).toEqual([Uint8Array.of(0, 200, 3)]);
  });

  it("are refused with the reason", () => {
    const cut = pcap(DEFAULT_PACKETS).slice(0, 50), wifi = pcap(DEFAULT_PACKETS);
    wifi[20] = 105;
    expect(() => packetsIn(cut, "a.pcap")).toThrow("a.pcap is a damaged pcap file: it ends in packet 1");
    expect(() => packetsIn(wifi, "a.pcap")).toThrow("a.pcap has packets of link type 105: only Ethernet");
    expect(() => packetsIn(Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a), "a")).toThrow("a is a pcapng file");
    expect(() => packetsIn(new TextEncoder().encode("00ff\nxy"), "a.hex")).toThrow("a.hex: line 2 is no packet");
    expect(hexBytes("0")).toBe(undefined);
  });
});

describe("workloads in files", () => {
  it("say in JSON what a notebook says", async () => {
    const run = await simulate(counting, await workloadFile(join(folder, "work.json")));
    expect(run.fault).toBe(undefined);
    expect([run.final.up_ran, run.final.pids, run.final.bytes]).toEqual([42n, 99n, 32n]);
    expect(run.final.seen).toBe(7n);
    expect(Object.keys(run.returned)).toEqual(["reader"]);
    expect(run.runs).toContain("3 interrupts (down)");
  });

  it("may be a module, and prepare alone", async () => {
    if (!process.versions.deno) return;
    expect((await simulate(counting, await workloadFile(join(folder, "work.ts")))).final.up_ran).toBe(3n);
    const prepare = await prepareFile(join(folder, "prepare.json"));
    expect((await simulate(counting, { cpus: 1, invocations: 1, programs: ["up"], prepare })).final.up_ran).toBe(8n);
  });

  const mistakes: readonly (readonly [string, string])[] = [
    ["{", "is no JSON"],
    ["[]", "a workload is an object"],
    ['{ "cpsu": 2 }', "has no option cpsu; did you mean cpus?"],
    ['{ "packets": ["nothing.pcap"] }', "cannot read nothing.pcap: there is no such file"],
    ['{ "prepare": [["updaet", "m", 0, 0]] }', "prepare[0] is a list: it must be a list: one of update, delete"],
    [
      '{ "programs": [{ "prog": "up", "ctx": "0" }] }',
      'programs[0].ctx is the text "0": it must be hexadecimal digits',
    ],
    ['{ "user": [{ "name": "reader" }] }', "user[0] has no calls"],
  ];
  for (const [source, says] of mistakes) {
    it(`are refused: ${source}`, async () => {
      const path = join(folder, "mistake.json");
      await writeFile(path, source);
      await expect(workloadFile(path)).rejects.toThrow(says);
    });
  }
});

describe("reach", () => {
  it("tries seeds until none takes a branch another way", async () => {
    const tosses = await bpf`int heads, tails;
SEC("tc") int toss(void *ctx) { if ((bpf_get_prandom_u32() & 63) == 5) heads++; else tails++; return 0; }`;
    const one = await simulate(tosses, { cpus: 1, invocations: 1 });
    const found = await reach(tosses, { cpus: 1, invocations: 8 });
    expect([one.coverage.branches.ran, found.coverage.branches]).toEqual([1, { ran: 2, all: 2 }]);
    expect(found.seeds).toBe(found.lastFruitful + 8);
  });

  it("says why runs ended", async () => {
    const unsupported = await bpf`SEC("tc") int late(struct __sk_buff *ctx) { return bpf_skb_ecn_set_ce(ctx); }`;
    const { ended, coverage } = await reach(unsupported);
    expect(ended.map(({ why }) => why).join()).toMatch(
      /late calls bpf_skb_ecn_set_ce, which the simulator does not model/,
    );
    expect(coverage.insns.ran).toBe(0);
  });
});

const skip = process.versions.deno ? undefined : "starts a Deno of its own";
const cli = fileURLToPath(new URL("../../lib/cli.ts", import.meta.url));
function run(args: readonly string[], input?: Uint8Array) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["run", "-A", "--no-check", cli, ...args], {
    cwd: folder,
    input,
  });
  return { status, stdout: String(stdout), stderr: String(stderr) };
}

describe("the command line", () => {
  const test = skip ? it.skip : it, reason = skip ? ` (skipped: ${skip})` : "";
  const simulated = (...args: string[]) => {
    const { stdout, stderr } = run(["simulate", "counting.bpf.o", "--json", ...args]);
    return stdout === "" ? stderr : JSON.parse(stdout);
  };

  test(`places, interrupts and names processes${reason}`, () => {
    const placed = simulated(
      "--place",
      "up@1",
      "--interrupt",
      "down@1:hardirq*2",
      "--invocations",
      "3",
      "--pid",
      "up=77",
    );
    expect([placed.final.up_ran, placed.final.pids, placed.program]).toEqual([3, 77, "up, down"]);
    expect(placed.conditions.join("\n")).toMatch(/up on CPU 1; down as an interrupt on CPU 1, 2 times/);
    expect(simulated("--interrupt", "down")).toMatch(/a program and a CPU are needed/);
    expect(simulated("--interrupt", "down@0:nim")).toMatch(/nim is no kind of interrupt/);
    expect(simulated("--place", "up")).toMatch(/a program and its CPUs are needed/);
    expect(simulated("--pid", "x")).toMatch(/a number is needed/);
  });

  test(`hands over packets and contexts${reason}`, () => {
    const sizes = (...packets: string[]) =>
      simulated("--programs", "size", "--cpus", "1", "--invocations", "2", ...packets).final.bytes;
    expect(sizes("--packet", SYN)).toBe(32);
    expect(sizes("--packet", "two.hex")).toBe(16 + 18);
    expect(sizes("--packet", "raw.bin", "--packet", SYN)).toBe(DEFAULT_PACKETS[0].length + 16);
    expect(sizes("--packet", "one.pcap")).toBe(DEFAULT_PACKETS[1].length + DEFAULT_PACKETS[2].length);
    expect(simulated("--programs", "up", "--ctx", "2a", "--invocations", "1").final.seen).toBe(42);
    expect(simulated("--programs", "up", "--prepare", "prepare.json", "--cpus", "1", "--invocations", "1").final.up_ran)
      .toBe(8);
  });

  test(`takes a workload file, and options before it${reason}`, () => {
    const both = simulated("--workload", "work.json", "--invocations", "1", "--programs", "up,size");
    expect([both.final.up_ran, both.final.bytes, both.invocations]).toEqual([41, 16, 1]);
  });

  test(`reads standard input, and says its version and its options${reason}`, () => {
    const args = ["--programs", "up", "--cpus", "1", "--invocations", "4", "--json"];
    expect(JSON.parse(run(["simulate", "-", ...args], counting.bytes).stdout).final.up_ran).toBe(4);
    expect(run(["--version"]).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    for (const command of ["simulate", "explore", "threads", "linux", "compare"]) {
      const help = run([command, "--help"]).stdout;
      for (const option of ["programs", "place", "interrupt", "pid", "ctx", "packet", "prepare", "workload"]) {
        expect([command, help]).toEqual([command, expect.stringContaining(`--${option} `)]);
      }
    }
    expect(run(["simulate", "counting.bpf.o", "--programs", "up", "--reach"]).stdout)
      .toMatch(/^up: 9 seeds, the last that reached something new was 1\n/);
  });
});
