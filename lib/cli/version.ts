/** Which version of the project this is. */
import { readFileSync } from "node:fs";

/** Where it stands: in a checkout, and in a package, whose files are one folder deeper or not. */
const PLACES = ["../../deno.json", "../../package.json", "../../../package.json"];

export function version(): string {
  for (const place of PLACES) {
    try {
      const { version } = JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8"));
      if (typeof version === "string") return version;
    } catch {
      // The next place may have it.
    }
  }
  return "unknown";
}
