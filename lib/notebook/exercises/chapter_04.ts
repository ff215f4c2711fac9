/** Exercises of chapter 04. */
import type { Exercise } from "./exercise.ts";

export const exercises: readonly Exercise[] = [];
