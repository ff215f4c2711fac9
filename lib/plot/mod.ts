/** The figures of the book, under one name: `plot.timeline(run)`, `plot.lostAgainstCpus(runs)`. */
import { lines } from "./lines.ts";
import { lostAgainstCpus, lostAgainstWork } from "./lost.ts";
import { timeline } from "./timeline.ts";

export const plot = { lines, lostAgainstCpus, lostAgainstWork, timeline } as const;
