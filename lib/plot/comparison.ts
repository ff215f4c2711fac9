/** One listing on all three machines: what each loses, or what a run costs there. */
import type { Comparison } from "../backends/compare.ts";
import { bars } from "./bars.ts";
import type { Figure } from "./figure.ts";
import { percent } from "./numbers.ts";
import { texts } from "./texts.ts";

export interface ComparisonOptions {
  /** Lost updates (the default), or nanoseconds of one run. */
  readonly show?: "lost" | "time";
  readonly title?: string;
  readonly finding?: string;
}

/**
 * A bar for each machine that took part, with the range of its repeats; the finding is whether they agree.
 *
 * @throws RangeError when no machine has such a value: none could run it, or the verifier refuses it
 */
export function comparison(compared: Comparison, options: ComparisonOptions = {}): Figure {
  const lost = (options.show ?? "lost") === "lost";
  const values = compared.points.flatMap((point) => {
    const spread = lost ? point.lost : point.nsPerOp;
    if (!spread) return [];
    const { kind, on, machine } = point, { median, min, max } = spread;
    const range = min < max ? { low: min, high: max } : {};
    return [{ name: machine, kind, on, value: median, ...range }];
  });
  return bars({
    title: options.title ?? (lost ? texts.comparedLost : texts.comparedCost)(compared.program),
    bars: values,
    axis: lost
      ? {
        title: texts.lostAxis,
        format: percent,
        read: percent,
        range: [0, Math.max(0.01, ...values.map((bar) => bar.high ?? bar.value))],
      }
      : { title: texts.runAxis, unit: "ns", log: 10 },
    finding: options.finding ?? compared.sentence.replace(/\.$/, ""),
  });
}
