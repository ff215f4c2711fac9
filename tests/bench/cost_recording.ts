/** What one day's machine said, in a file: with it the cost model is worked on where there is no kernel, or a busy one. */
import { readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import type { Stopwatch } from "../../lib/cost/calibration.ts";
import type { Profile } from "../../lib/cost/profile.ts";

type Time = NonNullable<Awaited<ReturnType<Stopwatch>>>;

/** A situation on some CPUs: nanoseconds and percent lost of each pass and run. */
export interface MeasuredSituation {
  readonly program: string;
  readonly cpus: number;
  readonly ns: readonly number[];
  readonly lost: readonly number[];
}

export interface Recording {
  readonly date: string;
  readonly machine: string;
  readonly kernel: string;
  readonly cpus: number;
  readonly situations: readonly MeasuredSituation[];
  /** What the stopwatch of the calibration showed, by program and CPUs: a profile can be fitted to it again. */
  readonly calibration: Readonly<Record<string, readonly Time[]>>;
  readonly profile: Profile;
}

const keyOf = (program: string, cpus: number) => `${program} on ${cpus}`;

/** Notes what a stopwatch shows. */
export function notingStopwatch(stopwatch: Stopwatch, calibration: Record<string, Time[]>): Stopwatch {
  return async (object, program, cpus, perRun) => {
    const time = await stopwatch(object, program, cpus, perRun);
    if (time) (calibration[keyOf(program, cpus)] ??= []).push(time);
    return time;
  };
}

/** Shows again, pass by pass, what was noted; what a later version of the programs asks beyond that was not timed. */
export function replayingStopwatch({ calibration }: Recording): Stopwatch {
  const shown = new Map<string, number>();
  return (_object, program, cpus) => {
    const key = keyOf(program, cpus), at = shown.get(key) ?? 0;
    shown.set(key, at + 1);
    return Promise.resolve(calibration[key]?.[at]);
  };
}

export function writeRecording(
  file: string,
  recorded: Pick<Recording, "cpus" | "situations" | "calibration" | "profile">,
) {
  const machine = os.cpus()[0]?.model ?? "unknown", kernel = `${os.release()} ${os.machine()}`;
  const recording: Recording = { date: new Date().toISOString(), machine, kernel, ...recorded };
  writeFileSync(file, JSON.stringify(recording, null, 1) + "\n");
}

export const readRecording = (file: string): Recording => JSON.parse(readFileSync(file, "utf8"));
