/**
 * Profiles: the numbers that make the cost model a model of one machine.
 *
 * Every number says something about the hardware or about one piece of kernel code; none belongs to a technique. All
 * times are nanoseconds. Shipped profiles are the JSON files beside this one, each with its source; a reader can write
 * another in a cell: `{ ...profileNamed("xeon-kvm"), atomicNs: 20 }`.
 */
import { either, isRecord, recordProblem, type Rule, type Rules, valueProblem, whole } from "../words/rules.ts";
import type { Topology } from "./topology.ts";

/** Nanoseconds by how far apart two CPUs are. */
export interface ByDistance {
  /** The other hardware thread of the same core. */
  readonly sameCore: number;
  /** Another core of the same group: those that share a last-level cache slice, a core complex, a mesh. */
  readonly sameGroup: number;
  /** A core of another group of the same socket. */
  readonly otherGroup: number;
  /** A core of another socket. */
  readonly otherSocket: number;
}

/** What the pieces of kernel code cost that touch nothing shared. */
export interface WorkCosts {
  /** One run of a program: the loop around it, its call and its return. */
  readonly run: number;
  /** A lookup or helper that the verifier inlines. */
  readonly inlined: number;
  /** Calling a helper function that is not inlined, and coming back. */
  readonly helper: number;
  /** Calling any other function, and coming back: much where returns go through a thunk (retbleed, SRSO). */
  readonly call: number;
  /** Calling a function of the program from a helper, by a pointer: much where such calls go through a retpoline. */
  readonly callback: number;
  /** Helpers that read a clock or compute for long, beyond the call: by kernel name. */
  readonly helpers: Readonly<Record<string, number>>;
  /** Hashing a key and finding its bucket: for each key, and for each byte of it. */
  readonly hash: number;
  /** The same for each byte of a key. */
  readonly hashByte: number;
  /** local_irq_save and local_irq_restore; nothing overlaps them. */
  readonly irqsave: number;
  /** Switching interrupts back on. */
  readonly irqrestore: number;
  /** From finding a lock taken to joining its queue: a wrong guess, a call, setting up the queue's node. */
  readonly lockQueue: number;
  /** Taking an element from an allocator (no-prealloc hash). */
  readonly alloc: number;
  /** Starting a block copy (memcpy as the kernel does it), and each byte of it when it is in the first-level cache. */
  readonly copyStart: number;
  /** The same for each byte. */
  readonly copyByte: number;
  /** Entering and leaving a system call. */
  readonly syscall: number;
  /** Leaving a system call. */
  readonly sysret: number;
  /** An RCU grace period, from asking for it to its end. */
  readonly gracePeriod: number;
  /** Being switched out and in again. */
  readonly sleep: number;
}

/**
 * The numbers of one machine. All times are nanoseconds.
 *
 * @example
 * ```ts
 * import { type Profile, profileNamed } from "interleave";
 * const slowAtomics: Profile = { ...profileNamed("xeon-kvm"), name: "slow atomics", atomicNs: 50 };
 * ```
 */
export interface Profile {
  /** What reports and figures call it. */
  readonly name: string;
  /** The machine it speaks of, and where its numbers are from. */
  readonly machine: string;
  /** Where its numbers are from. */
  readonly source: string;
  /** Threads, cores, groups and sockets. */
  readonly topology: Topology;

  /** One instruction of a program or of kernel code, as many at once as the core manages. */
  readonly insnNs: number;
  /** Leaving the reorder window, in order. */
  readonly retireNs: number;
  /** Instructions that may be under way at once: private work runs ahead of a waiting load by so much. */
  readonly reorderWindow: number;
  /**
   * Places of the window that a private instruction of a program takes, 1 when left out: more where arithmetic runs out
   * of registers first, since each instruction takes one for its result and one for its flags.
   */
  readonly placesOfInsn?: number;
  /** From a load that hits the first-level cache to its value. */
  readonly loadNs: number;
  /** From a store to a load of the same bytes on the same CPU, before the store has left the store buffer. */
  readonly forwardNs: number;
  /** The same while the core does not have the line that the store waits for; never taken to be less than `forwardNs`. */
  readonly forwardAwayNs: number;
  /** Entries of the store buffer; private stores (the stack, calls) take entries too. */
  readonly storeBuffer: number;
  /** Lines that waiting stores ask for ahead of their turn. */
  readonly storeLinesAhead: number;
  /** Waiting stores to a line that its owner still writes when it is asked for the line; 0 for none. */
  readonly burstStores: number;
  /** From the retirement of a store until it can be written to an owned line. */
  readonly commitNs: number;
  /** Between two stores that leave the store buffer, to different lines and to the same line. */
  readonly drainNs: number;
  /** Between two that go to the same line. */
  readonly drainSameLineNs: number;
  /** An atomic read-modify-write on an owned line, store buffer empty. */
  readonly atomicNs: number;
  /** What an atomic takes longer to begin when its line had to be fetched. */
  readonly atomicRestartNs: number;
  /** Lines that one core can wait for at once, and the least time between two arrivals. */
  readonly lineFillBuffers: number;
  /** Least time between the arrivals of two lines. */
  readonly lineIntervalNs: number;

  /** A line's way from an idle owner to a CPU that asks for it. */
  readonly transferNs: ByDistance;
  /** Part of the transfer that passes before the owner gives the line up, 0 to 1; the rest is the line's way back. */
  readonly requestShare: number;
  /**
   * Where a line is handed on faster that has come only a short while ago: for how long, and which part of a transfer that
   * takes, above 0 to 1. For 0 ns and all of it when left out.
   */
  readonly handOnNs?: number;
  /** Which part of a transfer it takes. */
  readonly handOnShare?: number;
  /** How long a line stays, from when it came, for a store that is about to be written to it; 0 when left out. */
  readonly storeStayNs?: number;
  /** How long a core keeps a line that has arrived, whoever asks for it. */
  readonly holdNs: number;
  /** Grants in a row to the owner's own group, and to its own socket, while others wait; 1 is first come first served. */
  readonly groupGrants: number;
  /** The same for grants to the owner's own socket. */
  readonly socketGrants: number;
  /** Part of the requests for a line that overtake all of their group that wait, 0 to 1; 0 is first come first served. */
  readonly overtaking: number;
  /** How long a line is busy with each copy of it that goes to a CPU which only reads. */
  readonly copyNs: number;
  /** Whether a load of a line that another CPU wrote brings ownership with it. */
  readonly loadTakesOwnership: boolean;
  /** Whether the kernel is a guest with paravirtual spin locks: it unlocks by a locked instruction then. */
  readonly paravirtualLocks: boolean;
  /** A branch that was guessed wrong: what leaving a loop that spins costs. */
  readonly mispredictNs: number;
  /** Between two looks of a CPU that spins (x86: the PAUSE instruction). */
  readonly spinNs: number;
  /** Random spread of that time, 0 to 1 (half-width of a uniform distribution). */
  readonly holdJitter: number;
  /** What now and then comes between two instructions (a miss in a larger cache or in the TLB): how long, how often. */
  readonly disturbanceNs: number;
  /** Mean time between two such disturbances. */
  readonly disturbanceEveryNs: number;
  /** Random spread of transfers and of instruction time, 0 to 1 (half-width of a uniform distribution). */
  readonly jitter: number;

  /** Pieces of kernel code that touch nothing shared. */
  readonly work: WorkCosts;
}

/** Instructions of a call, its prologue, epilogue and return, at most. */
const CALL_INSNS = 40;

/**
 * A call and its return are some instructions; what they take beyond those is a front end that waits where to go on
 * (a return thunk, a retpoline), and brings nothing into the window meanwhile.
 */
export const stallOfCall = ({ insnNs }: Profile, eachNs: number): number => Math.max(0, eachNs - CALL_INSNS * insnNs);

/**
 * A profile that can't be used: the message names the field and what it must be.
 *
 * @example
 * ```ts
 * import { ProfileError, profileNamed } from "interleave";
 * try {
 *   profileNamed("abacus");
 * } catch (error) {
 *   if (!(error instanceof ProfileError)) throw error; // no profile is called abacus; there are ...
 * }
 * ```
 */
export class ProfileError extends Error {
  /** Tells it from other errors. */
  override name = "ProfileError";
}

const number = (wants: string, fits: (value: number) => boolean): Rule => ({
  wants,
  fits: (value) => typeof value === "number" && Number.isFinite(value) && fits(value),
});
// The bounds are far from any machine; beyond them a run takes for ever, or more memory than there is.
const BIG_NS = 1e6;
const ABOVE_ZERO = number("a number from 0.001 to 1,000,000", (value) => value >= 1e-3 && value <= BIG_NS);
const FROM_ZERO = number("a number from 0 to 1,000,000", (value) => value >= 0 && value <= BIG_NS);
const LONG = number("a number from 0 to 10,000,000,000", (value) => value >= 0 && value <= 1e10);
const SPIN = number("a number from 0.1 to 1,000,000", (value) => value >= 0.1 && value <= BIG_NS);
const RARE = number("a number from 100 to 1,000,000,000,000", (value) => value >= 100 && value <= 1e12);
const SHARE = number("a number from 0 to 1", (value) => value >= 0 && value <= 1);
const SHARE_ABOVE_ZERO = number("a number above 0, at most 1", (value) => value > 0 && value <= 1);
const COUNT = whole(1, 4096);
const COUNT_FROM_ZERO = whole(0, 4096);
const TEXT: Rule = { wants: "a text", fits: (value) => typeof value === "string" };
const NUMBERS_BY_HELPER: Rule = {
  wants: "an object with a number from 0 to 1,000,000 for each helper's name",
  fits: (value) => isRecord(value) && Object.values(value).every(FROM_ZERO.fits),
};

/** A part of the profile: all of these fields unless others say so, and no other. */
const group = (rules: Rules, required = Object.keys(rules)): Rule => ({
  wants: `an object with ${Object.keys(rules).join(", ")}`,
  fits: isRecord,
  inside: (value, path) => recordProblem(path, value as object, { rules, required, called: "field" }),
});
const each = (rule: Rule, ...names: string[]): Rules => Object.fromEntries(names.map((name) => [name, rule]));

const MAY_LACK = ["placesOfInsn", "storeStayNs", "handOnNs", "handOnShare"];
const PROFILE_RULES: Rules = {
  ...each(TEXT, "name", "machine", "source"),
  topology: group(each(COUNT, "threadsPerCore", "coresPerGroup", "groupsPerSocket", "sockets")),
  placesOfInsn: number("a number from 1 to 16", (value) => value >= 1 && value <= 16),
  ...each(ABOVE_ZERO, "insnNs", "loadNs", "atomicNs", "mispredictNs"),
  spinNs: SPIN,
  disturbanceEveryNs: RARE,
  ...each(FROM_ZERO, "retireNs", "forwardNs", "forwardAwayNs", "commitNs", "drainNs", "drainSameLineNs"),
  ...each(FROM_ZERO, "atomicRestartNs", "lineIntervalNs", "holdNs", "copyNs", "disturbanceNs"),
  ...each(COUNT, "reorderWindow", "storeBuffer", "storeLinesAhead", "lineFillBuffers", "groupGrants", "socketGrants"),
  burstStores: COUNT_FROM_ZERO,
  ...each(FROM_ZERO, "storeStayNs", "handOnNs"),
  ...each(SHARE_ABOVE_ZERO, "requestShare", "handOnShare"),
  ...each(SHARE, "overtaking", "holdJitter", "jitter"),
  ...each(either(), "loadTakesOwnership", "paravirtualLocks"),
  transferNs: group(each(FROM_ZERO, "sameCore", "sameGroup", "otherGroup", "otherSocket")),
  work: group({
    ...each(
      FROM_ZERO,
      "run",
      "inlined",
      "helper",
      "call",
      "callback",
      "hash",
      "hashByte",
      "irqsave",
      "irqrestore",
      "lockQueue",
    ),
    ...each(FROM_ZERO, "alloc", "copyStart", "copyByte", "syscall", "sysret"),
    ...each(LONG, "gracePeriod", "sleep"),
    helpers: NUMBERS_BY_HELPER,
  }),
};
const PROFILE = group(PROFILE_RULES, Object.keys(PROFILE_RULES).filter((name) => !MAY_LACK.includes(name)));

/**
 * Checks a profile that a reader or a file gave.
 *
 * @throws ProfileError naming the field
 */
export function checkProfile(profile: Profile): Profile {
  const problem = valueProblem("profile", profile, PROFILE);
  if (problem !== undefined) throw new ProfileError(problem);
  return profile;
}
