/** Exercises of chapter 06. */
import type { Exercise } from "./exercise.ts";

export const exercises: readonly Exercise[] = [];
