/** Every text of the player. Those of the widget are plain, with `{}` for what changes: they travel as JSON. */
import { t, translated } from "../words/translation.ts";

export const texts = translated({
  title: (heading: string) => t`You are the scheduler: ${heading}`,
  onlyPath: (most: string) =>
    t`Not all states are here (at most ${most} can be played freely): one schedule can be stepped through.`,
  unfinished: (bound: string) => t`Not every schedule was covered (${bound}): there may be other endings.`,
  layouts: "Other layouts of the hash maps were searched, too; here the first that shows something is played.",
  deadlock: "nothing goes on",
  fault: (message: string) => t`fault: ${message}`,
  serial: "as one after another",
  notSerial: "out of reach for runs one after another",
  holds: "the property holds",
  broken: "the property does not hold",
  unknownEnd: "not judged",
  noState: "(no shared state)",
  done: "done",
  /** Of store buffers, and of what waits for them. */
  emptyBuffer: "empty",
  stores: (n: number) => n === 1 ? t`${n} store` : t`${n} stores`,
  behindBuffer: "waits until its store buffer is empty",
  absent: "none",
  fallback: "Where no script runs, one schedule stands for the player:",
  oneSchedule: (steps: number, preemptions: number) =>
    preemptions === 1
      ? t`One of the schedules: ${steps} steps, ${preemptions} preemption`
      : t`One of the schedules: ${steps} steps, ${preemptions} preemptions`,
  anySchedule: "one of the schedules; none of them goes wrong",
  words: {
    ready: "No step taken. Click a CPU, or press its number.",
    took: "{}: {}",
    ended: "The end: {}.",
    undo: "Undo",
    again: "Start again",
    shortest: "Shortest way to the bug",
    shown: "{} steps to it from here. Move the slider, or press the right arrow.",
    noBug: "No ending is wrong: there is no bug to go to.",
    laidOut: "Your schedule is laid out: move the slider along it, or let a CPU take another step.",
    play: "Play a schedule that ends as it is asked for, and copy it into the cell.",
    solved: "Solved: {}. Copy the schedule into the cell, and run it.",
    fromStart: "From here no wrong ending can be reached. From the start it takes {} steps.",
    copy: "Copy this schedule",
    copied: "Copied.",
    copyByHand: "Marked: copy it with the keyboard.",
    schedule: "schedule",
    noSchedule: "(none yet)",
    memory: "Shared memory",
    endings: "Endings still reachable from here",
    gone: "out of reach",
    elsewhere: "with another layout of the hash maps",
    endless: "From here on tasks take steps for ever, and no schedule leads to an end.",
    slider: "Step of the schedule",
    taken: "Steps taken",
    keys: "Keys: a task's number lets it take a step, u undoes, r starts again, the arrows move along the schedule.",
    registers: "holds",
    notHere: "could go on, but not in this schedule",
  },
});
