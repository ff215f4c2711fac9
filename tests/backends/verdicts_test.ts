/** The verifier of the simulator against the running kernel's, on every listing of the book and of the tests. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { linuxVerify } from "../../lib/backends/linux/verify.ts";
import { compile } from "../../lib/compile/compile.ts";
import { CompileError } from "../../lib/compile/compile_error.ts";
import { type ShippedListing, shippedListings } from "../../lib/tasks/shipped_listings.ts";
import { loadObject, ObjectError } from "../../lib/object/load.ts";
import { verify } from "../../lib/verifier/verify.ts";

const project = fileURLToPath(new URL("../../", import.meta.url));
const availability = linuxAvailable();

/** What both verifiers are to agree on; registers are numbered by the compiler's whim. */
const asked = (verdict: { verdict: string; errno: number; message: string }) => ({
  verdict: verdict.verdict,
  errno: verdict.errno,
  message: verdict.message.replace(/\bR\d+\b/g, "R"),
});

async function objectOf({ source, options, stem }: ShippedListing) {
  try {
    return loadObject(await compile(source, options), options.name ?? stem, source);
  } catch (error) {
    // some listings are there to show what the compiler says, or the reader of object files
    if (error instanceof CompileError || error instanceof ObjectError) return undefined;
    throw error;
  }
}

describe("verdicts of the running kernel", () => {
  for (const listing of shippedListings(project)) {
    const test = availability.available ? it : it.skip;
    const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;
    test(`${listing.stem}${reason}`, async () => {
      const object = await objectOf(listing);
      for (const { name } of object?.programs ?? []) {
        const kernel = linuxVerify(object!, { program: name }), [ours] = verify(object!, { program: name });
        expect({ program: name, ...asked(ours) }).toEqual({ program: name, ...asked(kernel) });
      }
    });
  }
});
