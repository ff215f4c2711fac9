/** Every kind of figure with data as the book has them, and with data that are hard to lay out. */
import { type Figure, plot, type Technique } from "../../lib/plot/mod.ts";
import type { TraceStep } from "../../lib/report/result.ts";
import { LOCKED, LOST, racyTrace, traceOf } from "../report/traces.ts";

const CPUS = [1, 2, 4, 8, 16, 32, 64, 128];
const MACHINE = "Linux 6.18.44, 2 CPUs of an Intel Xeon, 2026-11-22";

/** Recorded on that machine: ns per operation on 1 and 2 CPUs (tests/plot needs shapes, not the newest figures). */
const RECORDED: readonly [Technique, number, number][] = [
  ["racy", 1.05, 3.35],
  ["atomic", 7.16, 42.07],
  ["cmpxchg", 8.77, 87.11],
  ["spin_lock", 21.2, 174.05],
  ["per_cpu", 1.84, 1.83],
  ["copy_update", 37.04, 462.82],
  ["map_in_map", 6.85, 52.4],
];

const modelled = (at1: number, at2: number, cpus: number): number => cpus === 1 ? at1 * 0.9 : at2 * cpus * 0.55;

/** A generator of numbers from 0 to 1 that is the same everywhere. */
function chance(): () => number {
  let state = 7;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

const bothLost = (schedule: readonly (0 | 1)[]): boolean => racyTrace(schedule).counter < schedule.length / 2;

const random = chance();
const manyCpus = racyTrace(Array.from({ length: 1600 }, () => Math.floor(random() * 16))).trace;
const fewCpus = racyTrace(Array.from({ length: 400 }, () => Math.floor(random() * 3))).trace;
const atX = {
  task: 0,
  cpu: 0,
  invocation: 0,
  actor: "program",
  prog: "left",
  insn: 3,
  text: "",
  addr: 64,
  size: 4,
} as const;
const atY = { ...atX, task: 1, cpu: 1, prog: "right", addr: 68 } as const;
/** Store buffering as the simulator records it. */
const storeBuffering: readonly TraceStep[] = [
  { ...atX, step: 0, kind: "store", target: "x", before: 0n, after: 1n, buffered: true },
  { ...atX, step: 1, kind: "load", target: "y", before: 0n, after: 0n },
  { ...atY, step: 2, kind: "store", target: "y", before: 0n, after: 1n, buffered: true },
  { ...atY, step: 3, kind: "load", target: "x", before: 0n, after: 0n },
  { ...atX, step: 4, task: -1, kind: "flush", target: "x", before: 0n, after: 1n, stored: 0 },
  { ...atY, step: 5, task: -2, kind: "flush", target: "y", before: 0n, after: 1n, stored: 2 },
];

const longLines = traceOf(Array.from({ length: 23 }, (_, i) => ({
  kind: i % 2 === 0 ? "load" as const : "store" as const,
  cpu: (i >> 1) % 2,
  target: "statistics[2].bytes_received_and_forwarded",
  before: 1_400_000_000 + i,
  after: 1_400_000_000 + i + (i % 2),
  line: "entry->bytes_received_and_forwarded += skb->len; /* a line that fits nowhere */",
  prog: i % 4 < 2 ? "account_packet" : "reset_statistics",
  text: "*(u64 *)(r0 +8) = r1 and some more text than an instruction ever has",
  timeNs: 41 * i,
})));

export const GALLERY: Readonly<Record<string, () => Figure>> = {
  "lost against CPUs": () =>
    plot.lostAgainstCpus([
      ...[1, 2, 3, 4, 6, 8, 12, 16].flatMap((cpus) =>
        [0, 0.01, 0.02].map((more) => ({ cpus, lost: cpus === 1 ? 0 : 1 - 1 / cpus ** 0.6 + more }))
      ),
      ...CPUS.slice(0, 5).map((cpus) => ({ cpus, lost: 0, technique: "atomic" as const })),
      { cpus: 1, lost: 0, machine: "threads" },
      { cpus: 2, lost: 0.49, low: 0.44, high: 0.52, machine: "threads" },
    ]),
  "lost against CPUs, one series": () =>
    plot.lostAgainstCpus([1, 2, 256].map((cpus) => ({ cpus, lost: 1 - 1 / cpus }))),
  "lost against CPUs, one point": () => plot.lostAgainstCpus([{ cpus: 2, lost: 0.32 }]),
  "lost against CPUs, nothing lost": () =>
    plot.lostAgainstCpus([1, 2, 4].map((cpus) => ({ cpus, lost: 0, technique: "per_cpu" }))),
  "lost against work": () =>
    plot.lostAgainstWork([
      ...[[0, 0.418, 0.391, 0.462], [1, 0.489, 0.475, 0.497], [10, 0.491, 0.483, 0.498], [100, 0.365, 0.332, 0.371], [
        1000,
        0.025,
        0.02,
        0.031,
      ]].map(([work, lost, low, high]) => ({ work, lost, low, high, kind: "recorded" as const, on: MACHINE })),
      ...[[0, 0.48], [10, 0.47], [100, 0.32], [1000, 0.02]].map(([work, lost]) => ({ work, lost })),
    ]),
  "lost against work, no zero": () => plot.lostAgainstWork([{ work: 5, lost: 0.4 }, { work: 50, lost: 0.1 }]),
  "cost against CPUs": () =>
    plot.costAgainstCpus(RECORDED.flatMap(([technique, at1, at2]) => [
      ...CPUS.map((cpus) => ({ technique, cpus, ns: modelled(at1, at2, cpus), on: "profile of this machine" })),
      ...[at1, at2].map((ns, i) => ({ technique, cpus: i + 1, ns, kind: "recorded" as const, on: MACHINE })),
    ])),
  "cost against CPUs, all lines together": () =>
    plot.costAgainstCpus(RECORDED.flatMap(([technique]) => CPUS.map((cpus) => ({ technique, cpus, ns: 40 * cpus })))),
  "cost against CPUs, four origins": () =>
    plot.costAgainstCpus(
      (["simulated", "measured", "recorded", "published"] as const).flatMap((kind, n) =>
        [1, 2, 4].map((cpus) => ({ technique: "atomic" as const, cpus, ns: 10 * cpus + 3 * n, kind, on: MACHINE }))
      ),
    ),
  "cost against size": () =>
    plot.costAgainstSize([[8, 487, 491], [64, 520, 515], [256, 540, 590], [1024, 700, 620], [4096, 1500, 1800]].flatMap(
      ([bytes, copy, lock]) => [
        { technique: "copy_update" as const, bytes, ns: copy, kind: "recorded" as const, on: MACHINE },
        { technique: "spin_lock" as const, bytes, ns: lock, kind: "recorded" as const, on: MACHINE },
      ],
    )),
  "memory against CPUs": () =>
    plot.memoryAgainstCpus(CPUS.flatMap((cpus) => [
      { technique: "atomic" as const, name: "array", cpus, bytes: 65848 },
      { technique: "per_cpu" as const, name: "per-CPU array", cpus, bytes: 8192 + 65536 * cpus },
      { technique: "copy_update" as const, name: "hash", cpus, bytes: 140416 },
    ])),
  "reads against writes": () =>
    plot.readWrite(RECORDED.map(([technique, at1, at2]) => ({
      technique,
      writeNs: at2,
      readNs: technique === "per_cpu" ? 344 : 1.5 + at1 / 20,
      kind: "recorded" as const,
      on: MACHINE,
    }))),
  "reads against writes, close together": () =>
    plot.readWrite(RECORDED.map(([technique], i) => ({ technique, writeNs: 50 + i, readNs: 10 + 0.2 * i }))),
  "waiting times": () => {
    const next = chance();
    const samples = (draw: () => number) => Array.from({ length: 3000 }, draw);
    return plot.distribution([
      { technique: "spin_lock", samples: samples(() => 40 - 300 * Math.log(1 - next())) },
      { technique: "ticket_lock", samples: samples(() => 200 + 80 * next()) },
      { technique: "test_and_set", samples: samples(() => 20 * Math.exp(6.4 * next() * next())) },
    ]);
  },
  "bars": () =>
    plot.bars({
      title: "Time per operation on two CPUs",
      axis: { title: "time per operation", unit: "ns" },
      bars: RECORDED.flatMap(([technique, , value]) => [
        { technique, value: value * 1.1 },
        { technique, value, low: value * 0.95, high: value * 1.1, kind: "recorded" as const, on: MACHINE },
      ]),
    }),
  "bars, logarithmic, long names": () =>
    plot.bars({
      title: "Time per operation on two CPUs",
      finding:
        "A finding that goes on for so long that it must be broken into lines, since a picture has only so much " +
        "room from left to right and readers have only so much patience",
      axis: { title: "time per operation", unit: "ns", log: true },
      bars: RECORDED.map(([technique, , value]) => ({
        technique,
        name: `${technique} with a long name`,
        value,
        low: value * 0.8,
        high: value * 1.4,
        kind: "recorded" as const,
        on: MACHINE,
      })),
    }),
  "bars, seven decades": () =>
    plot.bars({
      title: "Time until a call returns",
      axis: { title: "time", unit: "ns", log: true },
      bars: [["per-CPU update", 1.83], ["swap of the inner map", 9_591_782]].map(([name, value]) => ({
        name: String(name),
        value: Number(value),
        kind: "recorded" as const,
        on: MACHINE,
      })),
    }),
  "fairness": () =>
    plot.fairness([
      { technique: "spin_lock", perCpu: [10, 11, 12, 9] },
      { technique: "ticket_lock", perCpu: [10, 10, 10, 10] },
      { technique: "test_and_set", perCpu: [71, 20, 6, 3] },
      { technique: "racy", name: "racy += (16 CPUs)", perCpu: Array.from({ length: 16 }, (_, i) => 10 + i) },
    ]),
  "verdicts": () =>
    plot.verdicts([
      { name: "1 Atomics", true: 8, conditional: 3, wrong: 5 },
      { name: "3 Per-CPU maps", true: 3, conditional: 1, wrong: 1 },
      { name: "5 Map in map", true: 3, conditional: 2, wrong: 0 },
    ], { sources: [{ kind: "recorded", on: MACHINE }] }),
  "table": () =>
    plot.table({
      title: "Choosing a technique",
      finding: "Only per-CPU values are both cheap to write and exact, and reading them costs the most",
      columns: ["lost updates", "write, 1 CPU", "write, 8 CPUs", "read", "several fields together", "memory"],
      rows: [
        {
          name: "racy +=",
          cells: [
            { text: "49 %", tone: "bad" },
            { text: "1.1 ns", shade: 0 },
            { text: "4.2 ns", shade: 0.1 },
            "1.5 ns",
            {
              text: "no",
              tone: "bad",
            },
            "1 value",
          ],
        },
        {
          technique: "spin_lock",
          cells: [
            { text: "none, if every reader and every writer takes it", tone: "warn" },
            { text: "21 ns", shade: 0.35 },
            { text: "760 ns", shade: 1 },
            "21 ns",
            { text: "yes", tone: "good" },
            { text: "1 value and the 4 bytes of its lock", tone: "quiet" },
          ],
        },
      ],
      sources: [{ on: "profile Xeon 8176" }, { kind: "recorded", on: MACHINE }],
    }),
  "store buffers": () => plot.storeBuffers(storeBuffering),
  "store buffers, one flushed": () => plot.storeBuffers(storeBuffering, { after: 4 }),
  "schedules": () => plot.lattice({ steps: [["load", "store"], ["load", "store"]], bad: bothLost, path: [0, 1, 1, 0] }),
  "schedules, long steps": () =>
    plot.lattice({
      steps: [
        ["load counter", "store counter", "load counter", "store counter"],
        ["load counter", "store counter", "load counter", "store counter"],
      ],
      bad: bothLost,
    }),
  "timeline": () => plot.timeline(LOST),
  "timeline, lock": () => plot.timeline(LOCKED),
  "timeline, 3 CPUs": () => plot.timeline({ trace: fewCpus, on: "3 CPUs, random schedule, seed 1" }),
  "timeline, 16 CPUs": () => plot.timeline(manyCpus),
  "timeline, first lost update": () =>
    plot.timeline({ trace: () => manyCpus }, { around: "first lost update", most: 40 }),
  "timeline, from a step": () => plot.timeline(manyCpus, { around: 100 }),
  "timeline, long lines": () => plot.timeline(longLines),
  "timeline, torn read": () =>
    plot.timeline(traceOf([
      {
        kind: "load",
        cpu: 1,
        target: "pair[0].a",
        object: "pair[0]",
        before: 1,
        prog: "read",
        line: "a = READ_ONCE(value->a);",
      },
      ...[["pair[0].a", 1], ["pair[0].b", 1]].map(([target, before]) => ({
        kind: "store" as const,
        cpu: 0,
        actor: "helper" as const,
        target: String(target),
        object: "pair[0]",
        before: Number(before),
        after: 2,
        prog: "write",
        line: "bpf_map_update_elem(&pair, &key, &new, BPF_ANY);",
        text: "bpf_map_update_elem: store value",
      })),
      {
        kind: "load",
        cpu: 1,
        target: "pair[0].b",
        object: "pair[0]",
        before: 2,
        prog: "read",
        line: "b = READ_ONCE(value->b);",
      },
    ])),
  "timeline, many programs and actors": () =>
    plot.timeline(traceOf(Array.from({ length: 24 }, (_, i) => ({
      kind: i % 2 === 0 ? "load" as const : "store" as const,
      cpu: i % 6,
      task: i % 12,
      before: i,
      after: i + (i % 2),
      user: i % 12 > 9 ? `reader_${i % 12}` : undefined,
      prog: i % 12 > 9 ? `user reader_${i % 12}` : i % 12 > 5 ? "interrupt_handler" : "count",
    })))),
  "timeline, empty": () => plot.timeline([]),
};
