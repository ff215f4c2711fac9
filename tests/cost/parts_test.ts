import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { CacheLines, type Line } from "../../lib/cost/cache_lines.ts";
import { Durations } from "../../lib/cost/durations.ts";
import { LockQueue } from "../../lib/cost/lock_queue.ts";
import { checkProfile, type Profile } from "../../lib/cost/profile.ts";
import { profileNamed, PROFILES } from "../../lib/cost/profiles.ts";
import { ReorderWindow } from "../../lib/cost/reorder_window.ts";
import { FOUND, StoreBuffer } from "../../lib/cost/store_buffer.ts";
import { TimeHeap } from "../../lib/cost/time_heap.ts";
import { DISTANCE, Places } from "../../lib/cost/topology.ts";
import { layoutFor } from "../../lib/cpu/layout.ts";
import { Memory } from "../../lib/cpu/memory.ts";
import { SeededRandom } from "../../lib/schedulers/random_numbers.ts";

const plain: Profile = { ...profileNamed("xeon-kvm"), jitter: 0, holdJitter: 0, burstStores: 0, lineIntervalNs: 0 };
const memory = () => new Memory(layoutFor(2, 2, 8), 4096);

describe("reorder window", () => {
  it("lets an instruction in when the one a window's length before it has left", () => {
    const window = new ReorderWindow(100, 1);
    window.leaves(10, 500);
    expect(window.entry(60, 50)).toBe(50);
    expect(window.entry(110, 60)).toBe(500);
    expect(window.entry(130, 60)).toBe(60);
  });

  it("enters the instructions after it one after the other", () => {
    const window = new ReorderWindow(100, 0.5);
    window.leaves(10, 500);
    expect(window.entry(150, 60)).toBe(500 + 40 * 0.5);
  });
});

describe("store buffer", () => {
  const line = { index: 0 } as Line;

  it("gives a load the youngest store to its bytes, also a part of it", () => {
    const buffer = new StoreBuffer(4);
    buffer.add(64, 8, 0x1111_2222, 0x3333_4444, line, 0, false);
    buffer.add(64, 8, 0x5555_6666, 0x7777_0888, line, 0, false);
    expect(buffer.find(64, 8)).toBe(FOUND.value);
    expect([buffer.low, buffer.high]).toEqual([0x5555_6666, 0x7777_0888]);
    expect(buffer.find(70, 2)).toBe(FOUND.value);
    expect(buffer.low).toBe(0x7777);
    expect(buffer.find(72, 8)).toBe(FOUND.nothing);
  });

  it("makes a load wait for a store that covers only part of it, and for block copies", () => {
    const buffer = new StoreBuffer(4);
    buffer.add(68, 4, 1, 0, line, 0, false);
    expect(buffer.find(64, 8)).toBe(FOUND.mustDrain);
    buffer.add(96, 8, 1, 0, line, 0, true);
    expect(buffer.find(96, 8)).toBe(FOUND.mustDrain);
  });

  it("writes stores to memory in order, and only then", () => {
    const buffer = new StoreBuffer(4), m = memory(), at = m.allocate(64);
    buffer.add(at, 8, 1, 0, line, 0, false);
    buffer.add(at, 8, 2, 0, line, 0, false);
    expect(m.read(at, 8)).toBe(0n);
    buffer.commit(m);
    expect(m.read(at, 8)).toBe(1n);
    buffer.commit(m);
    expect(m.read(at, 8)).toBe(2n);
    expect(buffer.isEmpty).toBe(true);
  });

  it("counts private stores among its entries, and a wide store of a block copy once", () => {
    const buffer = new StoreBuffer(4);
    buffer.addPrivate(9);
    expect(buffer.isFull).toBe(false);
    for (let word = 0; word < 4; word++) buffer.add(64 + 8 * word, 8, 0, 0, line, 0, true);
    expect(buffer.isFull).toBe(false);
    buffer.addPrivate(3);
    expect(buffer.isFull).toBe(true);
  });

  it("shows its stores to code that works on memory directly, takes them back, and keeps what that code writes", () => {
    const store = fc.record({
      word: fc.nat(3),
      size: fc.constantFrom(1, 2, 4, 8),
      low: fc.integer(),
      high: fc.integer(),
    });
    fc.assert(fc.property(fc.array(store, { maxLength: 12 }), fc.nat(3), fc.integer(), (list, wordWritten, written) => {
      const buffer = new StoreBuffer(16), m = memory(), at = m.allocate(64);
      const words = () => [0, 1, 2, 3].map((word) => m.read(at + 8 * word, 8));
      m.bytes.fill(0x5a, at, at + 32);
      const before = words(), model = m.bytes.slice(at, at + 32), view = new DataView(model.buffer);
      const seen = () => [0, 1, 2, 3].map((word) => view.getBigUint64(8 * word, true));
      for (const { word, size, low, high } of list) {
        buffer.add(at + 8 * word, size, low, high, line, 0, false);
        const value = new DataView(new ArrayBuffer(8));
        value.setInt32(0, low, true);
        value.setInt32(4, high, true);
        model.set(new Uint8Array(value.buffer, 0, size), 8 * word);
      }
      const visible = seen();
      buffer.withStoresVisible(m, () => {
        expect(words()).toEqual(visible);
        m.write(at + 8 * wordWritten, 8, BigInt(written));
      });
      const ours = words().filter((_, word) => word !== wordWritten);
      expect(ours).toEqual(before.filter((_, word) => word !== wordWritten));
      const expected = visible.with(wordWritten, BigInt.asUintN(64, BigInt(written)));
      while (!buffer.isEmpty) buffer.commit(m);
      expect(words()).toEqual(expected);
    }));
  });
});

describe("cache lines", () => {
  const world = (profile: Profile, cpus: number) => {
    const granted: [number, number][] = [];
    const user = {
      granted: (cpu: number, _line: Line, from: number) => void granted.push([cpu, from]),
      lost: () => {},
      drainsUntil: (_cpu: number, _line: Line, time: number) => time,
    };
    return { lines: new CacheLines(profile, cpus, 4096, user, new SeededRandom(1)), granted };
  };
  const serveAll = (lines: CacheLines) => {
    while (lines.nextTime < Infinity) lines.serve();
  };

  it("takes a transfer from an idle owner, and nothing from itself", () => {
    const { lines, granted } = world(plain, 2), line = lines.at(64);
    lines.request(0, line, true, 0);
    lines.request(0, line, true, 10);
    lines.request(1, line, true, 1000);
    serveAll(lines);
    expect(granted[0]).toEqual([0, 0]);
    expect(granted[1]).toEqual([0, 10]);
    expect(granted[2][0]).toBe(1);
    expect(granted[2][1]).toBe(1000 + plain.transferNs.sameGroup);
  });

  it("serves waiting CPUs in turn, each after the line has been held", () => {
    const { lines, granted } = world(plain, 4), line = lines.at(64);
    lines.request(0, line, true, 0);
    for (const cpu of [2, 3, 1]) lines.request(cpu, line, true, 1000);
    serveAll(lines);
    expect(granted.slice(1).map(([cpu]) => cpu)).toEqual([2, 3, 1]);
    const way = plain.transferNs.sameGroup * (1 - plain.requestShare);
    expect(granted[2][1] - granted[1][1]).toBeCloseTo(plain.holdNs + way, 9);
    expect(granted[3][1] - granted[2][1]).toBeCloseTo(plain.holdNs + way, 9);
  });

  it("lets readers share a clean line, all at once", () => {
    const { lines, granted } = world({ ...plain, loadTakesOwnership: false }, 4), line = lines.at(64);
    lines.request(0, line, true, 0);
    for (const cpu of [1, 2, 3]) lines.request(cpu, line, false, 1000);
    serveAll(lines);
    expect(granted.slice(1).map(([, from]) => from)).toEqual(new Array(3).fill(granted[1][1]));
    expect([0, 1, 2, 3].every((cpu) => line.mayRead(cpu, 2000))).toBe(true);
    expect(line.mayWrite(0, 2000)).toBe(false);
  });

  it("stays near its owner for a while when CPUs of several groups wait", () => {
    const topology = { threadsPerCore: 1, coresPerGroup: 2, groupsPerSocket: 2, sockets: 1 };
    const order = (groupGrants: number) => {
      const { lines, granted } = world({ ...plain, topology, groupGrants }, 4), line = lines.at(64);
      lines.request(0, line, true, 0);
      for (const cpu of [2, 3, 1]) lines.request(cpu, line, true, 1000);
      serveAll(lines);
      return granted.slice(1).map(([cpu]) => cpu);
    };
    expect(order(5)[0]).toBe(1);
  });
});

describe("small parts", () => {
  it("distance: same CPU, same core, same group, other group, other socket", () => {
    const places = new Places({ threadsPerCore: 2, coresPerGroup: 2, groupsPerSocket: 2, sockets: 2 }, 16);
    expect([0, 8, 1, 2, 4].map((cpu) => places.distance(0, cpu))).toEqual(Object.values(DISTANCE));
  });

  it("time heap gives items by time, also when times change", () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(1000))), (changes) => {
      const heap = new TimeHeap<{ heapPlace: number; id: number }>(), times = new Map<number, number>();
      const items = Array.from({ length: 10 }, (_, id) => ({ heapPlace: -1, id }));
      for (const [id, time] of changes) {
        heap.set(items[id], time);
        times.set(id, time);
      }
      const given: number[] = [];
      while (heap.first < Infinity) given.push(times.get(heap.pop().id)!);
      expect(given).toEqual([...times.values()].sort((a, b) => a - b));
    }));
  });

  it("durations: quantiles within 5 %", () => {
    const durations = new Durations();
    for (let ns = 1; ns <= 1000; ns++) durations.add(ns);
    for (const share of [0.1, 0.5, 0.99]) {
      expect(Math.abs(durations.quantile(share) / (1000 * share) - 1)).toBeLessThan(0.05);
    }
    expect(new Durations().quantile(0.5)).toBe(0);
  });

  it("durations: each size falls into its step, the same on every engine", () => {
    // 0.1 ns times 2 to the (k + 1/2) / 16, in the middle of step k: written down here, computed nowhere.
    const middles = [[0, 0.10218971486541167], [7, 0.1383909881963832], [16, 0.20437942973082335], [
      100,
      7.777583103875,
    ], [333, 188_188.886303]];
    for (const [step, ns] of middles) {
      const durations = new Durations();
      durations.add(ns);
      const half = durations.quantile(1);
      expect(Math.abs(Math.log2(half / 0.1) * 16 - step - 0.5)).toBeLessThan(1e-9);
    }
    const durations = new Durations();
    durations.add(0.1);
    expect(durations.quantile(1)).toBe(0.10218971486541167);
  });

  it("bare metal: two waiters watch a lock; a guest: one, and a free lock can be stolen until it has looked", () => {
    const bare = new LockQueue(false), guest = new LockQueue(true);
    for (const queue of [bare, guest]) for (const cpu of [1, 2, 3]) queue.join(cpu);
    expect([1, 2, 3].map((cpu) => bare.watches(cpu))).toEqual([true, true, false]);
    expect([1, 2, 3].map((cpu) => guest.watches(cpu))).toEqual([true, false, false]);
    expect([bare.isClosed, guest.isClosed]).toEqual([true, false]);
    guest.look();
    expect(guest.isClosed).toBe(true);
    expect([bare.take(), guest.take()]).toEqual([3, 2]);
    expect(guest.isClosed).toBe(false);
  });
});

describe("profiles", () => {
  it("every shipped one is complete and says where its numbers are from", () => {
    for (const name of PROFILES) {
      const profile = profileNamed(name);
      expect(profile.name).toBe(name);
      expect(profile.source.length).toBeGreaterThan(20);
    }
  });

  const wrong: [string, unknown, string][] = [
    ["atomicNs", -1, "profile.atomicNs is -1: it must be a number from 0.001 to 1,000,000"],
    ["atomicNs", "fast", 'profile.atomicNs is the text "fast": it must be a number from 0.001 to 1,000,000'],
    ["atomicNs", Infinity, "profile.atomicNs is Infinity: it must be a number from 0.001 to 1,000,000"],
    ["requestShare", 2, "profile.requestShare is 2: it must be a number above 0, at most 1"],
    ["requestShare", 0, "profile.requestShare is 0: it must be a number above 0, at most 1"],
    ["storeBuffer", 5e8, "profile.storeBuffer is 500000000: it must be a whole number from 1 to 4,096"],
    ["commitNs", 1e12, "profile.commitNs is 1000000000000: it must be a number from 0 to 1,000,000"],
    ["storeBuffer", 1.5, "profile.storeBuffer is 1.5: it must be a whole number from 1 to 4,096"],
    ["loadTakesOwnership", 1, "profile.loadTakesOwnership is 1: it must be true or false"],
    ["transferNs", { sameCore: 1 }, "profile.transferNs has no sameGroup: it must be a number from 0 to 1,000,000"],
    ["transferNs", 5, "profile.transferNs is 5: it must be an object with sameCore, sameGroup"],
    [
      "topology",
      { ...plain.topology, sockets: 0 },
      "profile.topology.sockets is 0: it must be a whole number from 1 to 4,096",
    ],
    ["work", { ...plain.work, helpers: undefined }, "profile.work has no helpers: it must be an object"],
    [
      "work",
      { ...plain.work, helpers: { bpf_loop: -1 } },
      "profile.work.helpers is an object with bpf_loop: it must be",
    ],
  ];
  for (const [field, value, message] of wrong) {
    it(`${field}: ${JSON.stringify(value)} is refused`, () => {
      expect(() => checkProfile({ ...plain, [field]: value })).toThrow(message);
    });
  }

  it("a file that is no JSON, or no profile, is refused with the place", () => {
    const folder = mkdtempSync(join(tmpdir(), "profile ")), file = join(folder, "mine.json");
    const text = JSON.stringify(plain, null, 2);
    try {
      writeFileSync(file, text);
      expect(profileNamed(file)).toEqual(plain);
      writeFileSync(file, text.replace('"insnNs":', "insnNs:"));
      expect(() => profileNamed(file)).toThrow(/mine\.json: broken JSON at line \d+, column 3, in: insnNs:/);
      writeFileSync(file, text.slice(0, 500));
      expect(() => profileNamed(file)).toThrow(/mine\.json: the JSON breaks off at line/);
      writeFileSync(file, text.replace('"insnNs":', '"insnN":'));
      expect(() => profileNamed(file)).toThrow(/mine\.json: profile has no field insnN; did you mean insnNs\?/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("an unknown name is refused with the names there are", () => {
    expect(() => profileNamed("z80")).toThrow("no profile is called z80; there are xeon-kvm");
  });
});
