/**
 * Which stack slots some path from an instruction may still read (kernel/bpf/liveness.c, since 6.18): slots that none
 * reads need not match when two states are compared. What is read and what is always written is noted while paths are
 * followed, for each chain of calls apart, and spread over the control flow whenever a path ends.
 */
import { type Edges, Worklist } from "./edges.ts";
import { MAX_FRAMES, SlotSet, type State } from "./state.ts";

/** Sets of slots of one frame at one instruction, each in two halves of 32 slots. */
const READ = 0, WRITTEN = 2, WRITTEN_LATER = 4, LIVE = 6, WORDS = 8;
/** Of an instruction: it was visited, and some visit was sure to write a slot. */
const VISITED = 1, WRITES = 2;

/** A function as it is called by one chain of calls (struct func_instance). */
export class CallInstance {
  /** Sets of the slots of each frame of the chain, this function's own last; made when the first slot is noted. */
  readonly frames: (Int32Array | undefined)[] = [];
  readonly flags: Uint8Array;
  readonly callees = new Map<number, CallInstance>();
  /** Instructions, from the function's start, of which something is noted that is not spread yet. */
  readonly changed: Worklist;
  /** Nothing was ever spread. */
  isNew = true;
  /** Some slot turned out not to be always written. */
  hasLostWrites = false;

  constructor(
    readonly caller: CallInstance | null,
    readonly callsite: number,
    readonly start: number,
    readonly size: number,
    readonly depth: number,
  ) {
    this.flags = new Uint8Array(size);
    this.changed = new Worklist(size);
  }

  setsOf(frame: number): Int32Array {
    return this.frames[frame] ??= new Int32Array(this.size * WORDS);
  }

  noteRead(frame: number, insn: number, low: number, high: number): void {
    const sets = this.setsOf(frame), at = (insn - this.start) * WORDS;
    const newLow = low & ~sets[at + READ], newHigh = high & ~sets[at + READ + 1];
    if ((newLow | newHigh) === 0) return;
    if (((newLow & ~sets[at + LIVE]) | (newHigh & ~sets[at + LIVE + 1])) !== 0) {
      this.changed.add(insn - this.start);
    }
    sets[at + READ] |= newLow;
    sets[at + READ + 1] |= newHigh;
  }

  /** What one visit of an instruction wrote; only what all visits write is sure to be written. */
  noteWritten(insn: number, written: Int32Array): void {
    const at = insn - this.start, isFirst = (this.flags[at] & VISITED) === 0;
    let flags = VISITED;
    for (let frame = 0; frame <= this.depth; frame++) {
      let low = written[frame * 2], high = written[frame * 2 + 1];
      if ((low | high) === 0 && (isFirst || !this.frames[frame])) continue;
      const sets = this.setsOf(frame), word = at * WORDS + WRITTEN, oldLow = sets[word], oldHigh = sets[word + 1];
      if (!isFirst) {
        low &= oldLow;
        high &= oldHigh;
      }
      if (low !== oldLow || high !== oldHigh) {
        sets[word] = low;
        sets[word + 1] = high;
        this.changed.add(at);
      }
      if (((oldLow & ~low) | (oldHigh & ~high)) !== 0) this.hasLostWrites = true;
      if ((low | high) !== 0) flags |= WRITES;
    }
    this.flags[at] = flags;
  }

  /** Whether a visit without any write changes nothing. */
  noteNoWrite(insn: number): boolean {
    const at = insn - this.start;
    if (this.flags[at] & WRITES) return false;
    this.flags[at] = VISITED;
    return true;
  }

  addLive(frame: number, insn: number, to: SlotSet): void {
    const sets = this.frames[frame], at = (insn - this.start) * WORDS;
    if (!sets || at >= sets.length) return;
    to.low |= sets[at + LIVE];
    to.high |= sets[at + LIVE + 1];
  }

  /** A backward data flow until nothing changes (update_instance). */
  spread(edges: Edges): void {
    const { start, size, frames, changed } = this;
    if (this.hasLostWrites || this.isNew) {
      for (const sets of frames) {
        if (sets) { for (let at = WRITTEN_LATER; at < sets.length; at += WORDS) sets[at] = sets[at + 1] = 0; }
      }
      for (let index = 0; index < size; index++) changed.add(index);
    }
    for (let index = changed.take(); index !== undefined; index = changed.take()) {
      let changes = 0;
      for (const sets of frames) if (sets) changes |= this.#recompute(edges, sets, index);
      if (changes !== 0) edges.forEachBefore(start + index, this.#addChanged);
    }
    this.isNew = this.hasLostWrites = false;
  }

  readonly #addChanged = (insn: number): void => {
    const index = insn - this.start;
    if (index >= 0 && index < this.size) this.changed.add(index);
  };

  /** Bits that changed in what is live before an instruction, and what is written from it on. */
  #recompute({ next, jump }: Edges, sets: Int32Array, index: number): number {
    const at = index * WORDS, insn = this.start + index;
    let live = 0, liveHigh = 0, later = -1, laterHigh = -1;
    if (next[insn] < 0 && jump[insn] < 0) return 0;
    for (let edge = 0; edge < 2; edge++) {
      const to = edge === 0 ? next[insn] : jump[insn];
      if (to < 0) continue;
      const after = (to - this.start) * WORDS;
      live |= sets[after + LIVE];
      liveHigh |= sets[after + LIVE + 1];
      later &= sets[after + WRITTEN_LATER];
      laterHigh &= sets[after + WRITTEN_LATER + 1];
    }
    live = live & ~sets[at + WRITTEN] | sets[at + READ];
    liveHigh = liveHigh & ~sets[at + WRITTEN + 1] | sets[at + READ + 1];
    later |= sets[at + WRITTEN];
    laterHigh |= sets[at + WRITTEN + 1];
    const changes = live ^ sets[at + LIVE] | liveHigh ^ sets[at + LIVE + 1] | later ^ sets[at + WRITTEN_LATER] |
      laterHigh ^ sets[at + WRITTEN_LATER + 1];
    sets[at + LIVE] = live;
    sets[at + LIVE + 1] = liveHigh;
    sets[at + WRITTEN_LATER] = later;
    sets[at + WRITTEN_LATER + 1] = laterHigh;
    return changes;
  }

  /** What the function reads and surely writes of its callers' frames, the call does (propagate_to_outer_instance). */
  tellCaller(): void {
    const { caller, callsite } = this;
    if (!caller) return;
    const written = new Int32Array(MAX_FRAMES * 2);
    for (let frame = 0; frame < this.depth; frame++) {
      const sets = this.frames[frame];
      if (!sets) continue;
      written[frame * 2] = sets[WRITTEN_LATER];
      written[frame * 2 + 1] = sets[WRITTEN_LATER + 1];
      caller.noteRead(frame, callsite, sets[LIVE], sets[LIVE + 1]);
    }
    caller.noteWritten(callsite, written);
  }
}

/** What the verifier needs to find instances by. */
interface Functions {
  readonly edges: Edges;
  readonly subprogs: readonly { readonly start: number; readonly end: number }[];
}

export class StackLiveness {
  readonly #roots = new Map<number, CallInstance>();
  /** Slots that the instruction under way writes, by frame. */
  readonly #written = new Int32Array(MAX_FRAMES * 2);
  #hasWritten = false;

  constructor(readonly functions: Functions) {}

  /** The instance of a frame of a state. */
  instance(state: State, frame: number): CallInstance {
    const held = state.frames[frame];
    return held.instance ??= this.#find(state, frame);
  }

  #find(state: State, index: number): CallInstance {
    const { callsite, subprog } = state.frames[index], { subprogs } = this.functions;
    const caller = index === 0 ? null : this.instance(state, index - 1);
    const among = caller?.callees ?? this.#roots, key = caller ? callsite * subprogs.length + subprog : subprog;
    let found = among.get(key);
    if (!found) {
      const { start, end } = subprogs[subprog];
      among.set(key, found = new CallInstance(caller, callsite, start, end - start, index));
    }
    return found;
  }

  noteRead(state: State, insn: number, frame: number, slot: number): void {
    const isLow = slot < 32, bit = 1 << (slot & 31);
    this.instance(state, state.frames.length - 1).noteRead(frame, insn, isLow ? bit : 0, isLow ? 0 : bit);
  }

  noteWritten(frame: number, slot: number): void {
    this.#written[frame * 2 + (slot >> 5)] |= 1 << (slot & 31);
    this.#hasWritten = true;
  }

  /** The instruction is done, in the frame that it began in. */
  commit(state: State, insn: number): void {
    const instance = this.instance(state, state.frames.length - 1);
    if (!this.#hasWritten) {
      if (instance.noteNoWrite(insn)) return;
      instance.noteWritten(insn, this.#written);
      return;
    }
    instance.noteWritten(insn, this.#written);
    this.drop();
  }

  /** The instruction went to another function: a call's marks come from what is called. */
  drop(): void {
    if (!this.#hasWritten) return;
    this.#written.fill(0);
    this.#hasWritten = false;
  }

  /** A path, or a function of it, has ended: what was noted on it is spread (bpf_update_live_stack). */
  update(state: State): void {
    for (let frame = state.frames.length - 1; frame >= 0; frame--) {
      const instance = this.instance(state, frame);
      if (instance.changed.isEmpty) continue;
      instance.spread(this.functions.edges);
      instance.tellCaller();
    }
  }

  /**
   * Slots of a frame that some path from a state may read (bpf_stack_slot_alive).
   *
   * @param callsBack whether the call at an instruction calls back, so that it is come back to
   */
  live(state: State, frame: number, callsBack: (insn: number) => boolean): SlotSet {
    const live = new SlotSet(), last = state.frames.length - 1;
    this.instance(state, last).addLive(frame, state.insn, live);
    for (let at = frame; at < last; at++) {
      const { callsite } = state.frames[at + 1];
      this.instance(state, at).addLive(frame, callsBack(callsite) ? callsite : callsite + 1, live);
    }
    return live;
  }
}
