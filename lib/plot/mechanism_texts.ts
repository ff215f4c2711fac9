/** The words of the pictures of mechanisms, beside texts.ts. */
import { t, translated } from "../words/translation.ts";

export const mechanismTexts = translated({
  after: (sources: string) => t`drawn after ${sources}`,
  cacheLine: {
    title: "A cache line has one owner at a time",
    finding: "Two CPUs that add to one counter hand its cache line to each other, once for every addition",
    moments: [
      ["CPU 0 adds", "The line is in the cache of CPU 0. Load, add and store take a few nanoseconds."],
      [
        "CPU 1 wants to add",
        "CPU 1 has to own the line before it may write. It asks, and waits until the line has come: tens of nanoseconds.",
      ],
      [
        "CPU 1 adds",
        "Now CPU 0 has lost it, and has to ask for it in turn. A lock prefix keeps the line for one load, addition and store.",
      ],
    ],
    cpu: (n: number) => t`CPU ${n}`,
    line: (value: number) => `counter = ${value}`,
    empty: "no copy",
    asks: "asks for it",
    travels: "travels",
    owner: "the owner",
  },
  perCpu: {
    title: "One key of a per-CPU map",
    finding: "Each CPU has a value of its own; only user space sees all of them, one after another",
    moments: [
      [
        "Programs",
        "The usual look-up gives the value of the CPU that the program runs on. Other CPUs stay out of it: no line travels, and nothing is lost to them.",
      ],
      [
        "User space",
        "A system call copies the value of every possible CPU, also of those that are off. The sum is no picture of one moment.",
      ],
    ],
    program: (n: number) => [t`program`, t`CPU ${n}`],
    slot: (n: number, value: number) => [t`CPU ${n}`, `${value}`],
    off: (n: number) => [t`CPU ${n}`, t`off: 0`],
    user: "user space",
  },
  interrupts: {
    title: "Who may come between two steps of whom, on one CPU",
    finding: "Each context can be interrupted by those above it; a spin lock holds interrupts off, but no NMI",
    moments: [
      [
        "On one CPU",
        "An arrow means: may interrupt. The CPU goes on below only when everything above has ended. BPF programs run in all four.",
      ],
      [
        "What that does",
        "A program of process context has read its own CPU's value. An interrupt runs another one, which writes. The first stores over it.",
      ],
    ],
    levels: [
      ["NMI", "perf_event"],
      ["hard interrupt", "programs in its handlers"],
      ["soft interrupt", "xdp, tc, bpf_timer"],
      ["process context", "programs in system calls"],
    ],
    value: (text: string) => [t`value of CPU 0`, text],
    reads: "reads 7",
    writes: "reads 7, writes 8",
    stores: "writes 8: lost",
    process: "program",
    interrupt: "interrupt",
  },
  elementReuse: {
    title: "A preallocated hash map replaces an element, and uses the old one again",
    finding: "The reader's pointer stays readable; what stands behind it does not stay",
    moments: [
      [
        "A reader looks key 0 up",
        "It gets a pointer to the value inside element A. One element more than there are keys is kept for each CPU: the spare, B.",
      ],
      [
        "First update of key 0",
        "The new value goes into B, and B is linked in the place of A. A is the spare now, at once; no grace period. The reader still points at A.",
      ],
      [
        "Next update on this CPU",
        "Of whichever key: it is written into A, word by word. The reader sees half of the old value and half of the new one.",
      ],
    ],
    reader: "reader",
    bucket: "bucket",
    a: (value: string) => [t`element A`, value],
    b: (value: string) => [t`element B`, value],
    spare: "spare",
    old: "1 1",
    fresh: "2 2",
    half: "3 1",
    none: "–",
  },
  gracePeriod: {
    title: "A grace period",
    finding: "The swap returns when every run that had begun before it is over; later runs are not waited for",
    moments: [
      [
        "Time runs to the right",
        "Runs 1 and 2 began before the swap and may still hold the old map. Run 3 began after it, and can only find the new one.",
      ],
    ],
    run: (n: number) => t`run ${n}`,
    user: "user space",
    swap: "swap",
    waits: "waits: grace period",
    reads: "reads the old map",
  },
  mapSwap: {
    title: "A swap of the inner map",
    finding: "From the grace period on nobody writes into the old map, and user space reads it as it was at one moment",
    moments: [
      ["Before", "Every run looks the inner map up in the outer one, and counts into what it finds."],
      [
        "The swap",
        "The slot points at the other map. A run that was under way has found the old one already and may still write into it.",
      ],
      [
        "After the grace period",
        "The runs that could write into the old map are over. User space reads it, empties it, and keeps it for the next swap.",
      ],
    ],
    program: "program",
    late: "earlier run",
    user: "user space",
    outer: "outer[0]",
    front: "front",
    back: "back",
  },
});
