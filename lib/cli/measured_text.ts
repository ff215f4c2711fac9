/** A measured run as lines of text. */
import type { Measured } from "../backends/measure.ts";
import { texts } from "../report/texts.ts";

const SHOWN = 20;

/** What one after another gives, what was found, what was lost, how long it took, and how that was measured. */
export function measuredText(run: Measured): string {
  const changed = Object.entries(run.final).filter(([name, value]) => value !== run.initial[name]);
  const dependent = new Set(run.orderDependent);
  const values = changed.slice(0, SHOWN).map(([name, value]) =>
    `  ${name} = ${value} (${
      dependent.has(name) ? `${run.serial?.[name]} in one serial order` : `expected ${run.serial?.[name]}`
    })`
  );
  if (changed.length > SHOWN) values.push(`  ... ${changed.length - SHOWN} more`);
  const percent = (share: number) => (100 * share).toFixed(1);
  const { lostSpread: lost, nsSpread: ns } = run;
  return [
    `${run.program} on ${run.cpus} CPU${run.cpus === 1 ? "" : "s"}, ${
      run.invocations.toLocaleString("en")
    } runs on each`,
    ...values,
    `  lost ${percent(lost.median)} % [${percent(lost.min)}..${percent(lost.max)}]` +
    (lost.max > 0 ? ", by what is short of one after another in either order" : ""),
    `  ${ns.median.toFixed(2)} ns per run [${ns.min.toFixed(2)}..${ns.max.toFixed(2)}]`,
    `  ${run.how}`,
    `${texts.proof.conditions}:`,
    ...(run.conditions ?? []).map((line) => `  ${line}`),
  ].join("\n");
}

/** A measured run for JSON: the median repeat stands for the others. */
export function withoutOutcomes(run: Measured): Omit<Measured, "outcomes"> {
  const { outcomes: _, ...rest } = run;
  return rest;
}
