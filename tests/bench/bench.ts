/** `deno task bench`: everything that has a speed to keep. */
import { benchAnswer } from "./answer_bench.ts";
import { benchCostAccuracy, benchSweep } from "./cost_accuracy.ts";
import { benchCpu } from "./cpu_bench.ts";
import { benchVerifier } from "./verifier_bench.ts";

await benchCpu();
await benchVerifier();
await benchSweep();
await benchCostAccuracy();
await benchAnswer();
