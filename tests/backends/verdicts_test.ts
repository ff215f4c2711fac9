/** The verifier of the simulator against the running kernel's, on every listing of the book and of the tests. */
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { linuxVerify } from "../../lib/backends/linux/verify.ts";
import { compile } from "../../lib/compile/compile.ts";
import { CompileError } from "../../lib/compile/compile_error.ts";
import { type ShippedListing, shippedListings } from "../../lib/tasks/shipped_listings.ts";
import { loadObject, ObjectError } from "../../lib/object/load.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const project = fileURLToPath(new URL("../../", import.meta.url));
const availability = linuxAvailable();

async function objectOf({ source, options, stem }: ShippedListing) {
  try {
    return loadObject(await compile(source, options), options.name ?? stem, source);
  } catch (error) {
    // some listings are there to show what the compiler says, or the reader of object files
    if (error instanceof CompileError || error instanceof ObjectError) return undefined;
    throw error;
  }
}

describe("the running kernel", () => {
  const test = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;
  test(`has our verdicts on every listing${reason}`, async () => {
    const agreement = new KernelAgreement("verdicts on listings of the book and the tests");
    for (const listing of shippedListings(project)) {
      const object = await objectOf(listing);
      for (const { name } of object?.programs ?? []) {
        const [ours] = verify(object!, { program: name });
        agreement.verdict(`${listing.stem} ${name}`, ours, () => linuxVerify(object!, { program: name }));
      }
    }
    agreement.judge();
  });
});
