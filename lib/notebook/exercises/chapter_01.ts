/** Exercises of chapter 01. */
import type { Exercise } from "./exercise.ts";

export const exercises: readonly Exercise[] = [];
