/** Changes a cell the way a reader would, or would by mistake: one small change, chosen by a seed. */

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface ModifiedCell {
  /** What was changed, such as `cpus -> cpu`. */
  readonly what: string;
  readonly source: string;
}

type Random = () => number;

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)];

/** One occurrence of a pattern in one part of the source, and what may stand there instead. */
interface Edit {
  readonly pattern: RegExp;
  readonly instead: (found: string, random: Random) => string;
}

const NUMBERS = (found: string, random: Random): string =>
  pick(random, ["0", "1", `-${found}`, `${found}00`, `${found}.5`, "1000000000", "NaN", `"${found}"`, `${found}n`]);
const C_NUMBERS = (found: string, random: Random): string =>
  pick(random, ["0", "1", `-${found}`, `${found}00`, "100000000", "0x7fffffffffffffff", "3", "65"]);
const drop = (found: string, random: Random): string => {
  const at = 1 + Math.floor(random() * (found.length - 1));
  return found.slice(0, at) + found.slice(at + 1);
};
const swap = (names: readonly string[]) => (found: string, random: Random): string =>
  pick(random, names.filter((name) => name !== found));

const MAP_TYPES = ["HASH", "ARRAY", "PERCPU_ARRAY", "PERCPU_HASH", "LRU_HASH", "PROG_ARRAY", "ARRAY_OF_MAPS"]
  .concat(["HASH_OF_MAPS", "RINGBUF", "QUEUE"]).map((name) => `BPF_MAP_TYPE_${name}`);
const FLAGS = ["BPF_ANY", "BPF_NOEXIST", "BPF_EXIST", "BPF_F_LOCK", "64"];
const OPTIONS =
  "cpus|invocations|programs|scheduler|seed|holds|user|body|interrupts|prog|cpu|profile|bounds|name|count";

const EDITS: Readonly<Record<"typescript" | "c", readonly Edit[]>> = {
  typescript: [
    { pattern: /(?<![\w.$"'`-])\d[\d_]*(?![\w.n])/g, instead: NUMBERS },
    { pattern: new RegExp(`\\b(${OPTIONS})(?=:)`, "g"), instead: drop },
    { pattern: /(?<=scheduler: )"\w+"/g, instead: swap(['"random"', '"pct"', '"clock"', '"radnom"', "{}", "7"]) },
    { pattern: /(?<=scheduler: |profile: |preempt: )"[\w-]+"/g, instead: drop },
    { pattern: /\b[a-zA-Z]\w{3,}\b/g, instead: drop },
    { pattern: /\bawait /g, instead: () => "" },
    { pattern: /yield\*/g, instead: () => "yield" },
    { pattern: /\bBPF_(ANY|NOEXIST|EXIST|F_LOCK)\b/g, instead: swap(FLAGS) },
    { pattern: /^.*\S.*$\n?/gm, instead: (found, random) => random() < 0.6 ? "" : found + found },
    { pattern: /=== |> |< /g, instead: swap(["=== ", "!== ", "> ", "< "]) },
    { pattern: /\b\d+n\b/g, instead: (found) => found.slice(0, -1) },
  ],
  c: [
    { pattern: /(?<![\w.])\d+(?!\w)/g, instead: C_NUMBERS },
    { pattern: /BPF_MAP_TYPE_\w+/g, instead: swap(MAP_TYPES) },
    { pattern: /BPF_MAP_TYPE_\w+/g, instead: swap(MAP_TYPES.slice(0, 5)) },
    { pattern: /\bBPF_(ANY|NOEXIST|EXIST|F_LOCK|F_NO_PREALLOC)\b/g, instead: swap(FLAGS) },
    { pattern: /^.*\S.*$\n?/gm, instead: () => "" },
    { pattern: /^.*\S.*$\n?/gm, instead: (found) => found + found },
    { pattern: /;/g, instead: () => "" },
    { pattern: /\bbpf_\w+|__sync_\w+/g, instead: drop },
    { pattern: /\bbpf_(spin_lock|spin_unlock)\b/g, instead: swap(["bpf_spin_lock", "bpf_spin_unlock"]) },
    {
      pattern: /(?<=SEC\(")[\w/.]+/g,
      instead: swap(["raw_tp", "tp_btf/sys_enter", "kprobe/x", "socket", "xdp", "tc", "abc"]),
    },
    { pattern: /\b(int|long|char|short|unsigned long)\b/g, instead: swap(["int", "long", "char", "short", "float"]) },
    { pattern: /[&*!](?=\w)/g, instead: () => "" },
    { pattern: /volatile |static |__always_inline /g, instead: () => "" },
  ],
};

/** The C listings of a cell: what stands between the backticks behind `bpf`. */
const LISTING = new RegExp("(?<=bpf\\x60)[^\\x60]*", "g");

/** Changes one thing in a cell; undefined where there is nothing to change. */
export function modifyCell(source: string, random: Random): ModifiedCell | undefined {
  const listings = [...source.matchAll(LISTING)].map((found) => ({
    from: found.index,
    to: found.index + found[0].length,
  }));
  const isC = (at: number) => listings.some(({ from, to }) => at >= from && at < to);
  for (let tries = 0; tries < 20; tries++) {
    const part = listings.length > 0 && random() < 0.6 ? "c" : "typescript";
    const { pattern, instead } = pick(random, EDITS[part]);
    const places = [...source.matchAll(pattern)].filter((found) =>
      isC(found.index) === (part === "c") && !/^(import|const|await|bpf)\b/.test(found[0])
    );
    if (places.length === 0) continue;
    const place = pick(random, places), found = place[0], put = instead(found, random);
    if (put === found) continue;
    const what = `${found.trim() || "(line)"} -> ${put.trim() || "(nothing)"}`;
    return { what, source: source.slice(0, place.index) + put + source.slice(place.index + found.length) };
  }
  return undefined;
}
