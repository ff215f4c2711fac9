/** Exercises of chapter 05. */
import type { Exercise } from "./exercise.ts";

export const exercises: readonly Exercise[] = [];
