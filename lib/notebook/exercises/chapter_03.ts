/** Exercises of chapter 03. */
import type { Exercise } from "./exercise.ts";

export const exercises: readonly Exercise[] = [];
