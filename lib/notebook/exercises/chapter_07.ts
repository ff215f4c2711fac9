/** Exercises of chapter 07. */
import type { Exercise } from "./exercise.ts";

export const exercises: readonly Exercise[] = [];
