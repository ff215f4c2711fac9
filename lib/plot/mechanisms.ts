/** Pictures of mechanisms: what the machine and the kernel do below the programs of the book, in one style. */
import type { Figure } from "./figure.ts";
import { mechanismTexts as words } from "./mechanism_texts.ts";
import { type Box, type Moment, type Scene, scene, type Tone } from "./scene.ts";

const box = (left: number, top: number, width: number, height: number, lines: readonly string[], tone?: Tone): Box => ({
  left,
  top,
  width,
  height,
  lines,
  tone,
});

/** The heading and the sentence of the n-th moment, beside what is drawn in it. */
const moments = (
  said: readonly (readonly [heading: string, says: string])[],
  drawn: readonly Pick<Moment, "boxes" | "arrows">[],
): Moment[] => drawn.map((parts, n) => ({ heading: said[n][0], says: said[n][1], ...parts }));

function cacheLine(): Scene {
  const { cpu, line, empty, asks, travels, owner, moments: said, ...head } = words.cacheLine;
  const cpus = (zero: Box, one: Box) => ({
    zero: box(0, 0, 100, 40, [cpu(0)]),
    one: box(150, 0, 100, 40, [cpu(1)]),
    cache0: zero,
    cache1: one,
  });
  const at0 = (text: string, tone?: Tone) => box(0, 78, 100, 44, text === empty ? [text] : [text, owner], tone);
  const at1 = (text: string, tone?: Tone) => box(150, 78, 100, 44, text === empty ? [text] : [text, owner], tone);
  return {
    ...head,
    source: "Documentation/atomic_t.txt; arch/x86/net/bpf_jit_comp.c:emit_atomic_rmw",
    width: 250,
    height: 126,
    moments: moments(said, [
      {
        boxes: cpus(at0(line(5), "good"), at1(empty, "quiet")),
        arrows: [{ from: "zero", to: "cache0", tone: "good" }],
      },
      {
        boxes: cpus(at0(line(6)), at1(empty, "event")),
        arrows: [
          { from: "one", to: "cache1", text: asks, tone: "event" },
          { from: "cache0", to: "cache1", text: travels, tone: "event" },
        ],
      },
      { boxes: cpus(at0(empty, "quiet"), at1(line(7), "good")), arrows: [{ from: "one", to: "cache1", tone: "good" }] },
    ]),
  };
}

function perCpu(): Scene {
  const { program, slot, off, user, moments: said, ...head } = words.perCpu;
  const SLOTS = 4, WIDTH = 86, STEP = 92;
  const slots = (tone: (n: number) => Tone | undefined) =>
    Object.fromEntries(Array.from({ length: SLOTS }, (_, n) => [
      `slot${n}`,
      box(n * STEP, 92, WIDTH, 46, n === 3 ? off(n) : slot(n, [41, 17, 29][n]), tone(n)),
    ]));
  const programs = Object.fromEntries([0, 1, 2].map((n) => [`cpu${n}`, box(n * STEP, 0, WIDTH, 44, program(n))]));
  const all = Array.from({ length: SLOTS }, (_, n) => n);
  return {
    ...head,
    source: "kernel/bpf/arraymap.c:percpu_array_map_lookup_elem, bpf_percpu_array_copy",
    width: SLOTS * STEP - 6,
    height: 142,
    moments: moments(said, [
      {
        boxes: { ...programs, ...slots((n) => n === 3 ? "quiet" : "good") },
        arrows: [0, 1, 2].map((n) => ({ from: `cpu${n}`, to: `slot${n}`, tone: "good" })),
      },
      {
        boxes: { user: box(90, 0, 180, 40, [user], "event"), ...slots((n) => n === 3 ? "quiet" : undefined) },
        arrows: all.map((n) => ({ from: `slot${n}`, to: "user", tone: "event" })),
      },
    ]),
  };
}

function interrupts(): Scene {
  const { levels, value, reads, writes, stores, process, interrupt, moments: said, ...head } = words.interrupts;
  const STEP = 60, last = levels.length - 1;
  const ladder = Object.fromEntries(
    levels.map((lines, n) => [`level${n}`, box(0, n * STEP, 300, 42, lines, n === 0 ? "event" : undefined)]),
  );
  return {
    ...head,
    source: "include/linux/preempt.h; kernel/trace/bpf_trace.c; include/linux/filter.h:bpf_prog_run_pin_on_cpu",
    width: 320,
    height: last * STEP + 46,
    moments: moments(said, [
      {
        boxes: ladder,
        arrows: Array.from({ length: last }, (_, n) => ({ from: `level${n}`, to: `level${n + 1}`, tone: "event" })),
      },
      {
        boxes: {
          first: box(0, 0, 130, 42, [process, reads]),
          middle: box(180, 60, 130, 42, [interrupt, writes], "event"),
          second: box(0, 120, 130, 42, [process, stores], "bad"),
          value: box(180, 180, 130, 42, value("8"), "bad"),
        },
        arrows: [
          { from: "first", to: "middle", tone: "event" },
          { from: "middle", to: "second", tone: "event" },
          { from: "second", to: "value", tone: "bad" },
        ],
      },
    ]),
  };
}

function elementReuse(): Scene {
  const { reader, bucket, a, b, spare, old, fresh, half, none, moments: said, ...head } = words.elementReuse;
  const parts = (atA: readonly string[], atB: readonly string[], toneA?: Tone, toneB?: Tone) => ({
    bucket: box(0, 0, 84, 36, [bucket]),
    reader: box(150, 0, 84, 36, [reader]),
    a: box(150, 78, 84, 44, atA, toneA),
    b: box(0, 78, 84, 44, atB, toneB),
  });
  return {
    ...head,
    source: "kernel/bpf/hashtab.c:alloc_htab_elem (extra_elems), htab_map_update_elem",
    width: 236,
    height: 126,
    moments: moments(said, [
      {
        boxes: parts(a(old), [`${b(none)[0]}`, spare], "good", "quiet"),
        arrows: [{ from: "bucket", to: "a" }, { from: "reader", to: "a", tone: "good" }],
      },
      {
        boxes: parts([a(old)[0], `${old}, ${spare}`], b(fresh), undefined, "event"),
        arrows: [{ from: "bucket", to: "b", tone: "event" }, { from: "reader", to: "a" }],
      },
      {
        boxes: parts(a(half), [b(fresh)[0], `${fresh}, ${spare}`], "bad", "quiet"),
        arrows: [{ from: "bucket", to: "a", tone: "event" }, { from: "reader", to: "a", tone: "bad" }],
      },
    ]),
  };
}

function gracePeriod(): Scene {
  const { run, user, swap, waits, reads, moments: said, ...head } = words.gracePeriod;
  return {
    ...head,
    source: "kernel/bpf/syscall.c:maybe_wait_bpf_programs; kernel/rcu/tree.c:synchronize_rcu",
    width: 640,
    height: 186,
    moments: moments(said, [{
      boxes: {
        one: box(0, 0, 300, 32, [run(1)]),
        two: box(120, 46, 320, 32, [run(2)]),
        three: box(330, 92, 300, 32, [run(3)], "good"),
        swap: box(200, 148, 54, 34, [swap], "event"),
        waits: box(254, 148, 186, 34, [waits], "event"),
        reads: box(440, 148, 190, 34, [reads], "good"),
        user: box(0, 148, 120, 34, [user], "quiet"),
      },
    }]),
  };
}

function mapSwap(): Scene {
  const { program, late, user, outer, front, back, moments: said, ...head } = words.mapSwap;
  const maps = (toneFront?: Tone, toneBack?: Tone) => ({
    outer: box(112, 60, 84, 34, [outer]),
    front: box(5, 124, 84, 36, [front], toneFront),
    back: box(166, 124, 84, 36, [back], toneBack),
  });
  return {
    ...head,
    source: "kernel/bpf/map_in_map.c; kernel/bpf/syscall.c:maybe_wait_bpf_programs",
    width: 250,
    height: 164,
    moments: moments(said, [
      {
        boxes: { program: box(112, 0, 84, 34, [program]), ...maps("event", "quiet") },
        arrows: [{ from: "program", to: "outer" }, { from: "outer", to: "front", tone: "event" }],
      },
      {
        boxes: {
          program: box(112, 0, 84, 34, [program]),
          late: box(0, 60, 94, 34, [late], "bad"),
          ...maps("bad", "event"),
        },
        arrows: [
          { from: "program", to: "outer" },
          { from: "outer", to: "back", tone: "event" },
          { from: "late", to: "front", tone: "bad" },
        ],
      },
      {
        boxes: {
          program: box(112, 0, 84, 34, [program]),
          user: box(0, 60, 94, 34, [user], "good"),
          ...maps("good", "event"),
        },
        arrows: [
          { from: "program", to: "outer" },
          { from: "outer", to: "back", tone: "event" },
          { from: "user", to: "front", tone: "good" },
        ],
      },
    ]),
  };
}

const MECHANISMS = {
  "cache line": cacheLine,
  "per-CPU values": perCpu,
  "interrupts": interrupts,
  "element reuse": elementReuse,
  "grace period": gracePeriod,
  "map swap": mapSwap,
} as const;

/** A mechanism that there is a picture of. */
export type Mechanism = keyof typeof MECHANISMS;

/**
 * Draws how a mechanism works, in a few moments: a drawing, not a run; `plot.timeline` and `player` show runs.
 *
 * @throws RangeError for a name that there is no picture of
 *
 * @example
 * ```ts
 * import { plot } from "./mod.ts";
 * const figure = plot.mechanism("element reuse");
 * if (!figure.text.includes("Next update on this CPU")) throw new Error(figure.text);
 * ```
 */
export function mechanism(name: Mechanism): Figure {
  if (!Object.hasOwn(MECHANISMS, name)) {
    throw new RangeError(`plot.mechanism: no picture of "${name}"; there are: ${Object.keys(MECHANISMS).join(", ")}`);
  }
  const drawn: Scene = MECHANISMS[name]();
  return scene({ ...drawn, source: words.after(drawn.source) });
}
