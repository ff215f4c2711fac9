/** The profiles that come with Interleave, by name. */
import { assetText } from "../host/assets.ts";
import { readText } from "../host/files.ts";
import { parseJson } from "../words/json_text.ts";
import { checkProfile, type Profile, ProfileError } from "./profile.ts";

/**
 * Names of the shipped profiles; each is a JSON file in `profiles/`.
 *
 * @example
 * ```ts
 * import { profileNamed, PROFILES } from "interleave";
 * const machines = PROFILES.map((name) => profileNamed(name).machine);
 * if (machines.length === 0) throw new Error("there is at least one");
 * ```
 */
export const PROFILES = ["xeon-kvm", "emerald-rapids-kvm", "xeon-8176", "epyc-milan", "skylake", "graviton2"] as const;
/** The name of a shipped profile. */
export type ProfileName = typeof PROFILES[number];

const loaded = new Map<string, Profile>();

/**
 * A shipped profile by its name, or one in a JSON file by its path (`interleave calibrate --out` writes one).
 *
 * @param name one of {@link PROFILES}, or a path that ends in `.json`
 * @returns times in nanoseconds, counts, and the topology of the machine
 * @throws ProfileError when there is none of this name, or the file holds none
 *
 * @example
 * ```ts
 * import { bpf, profileNamed, simulate } from "interleave";
 * const slow = { ...profileNamed("xeon-kvm"), name: "slow atomics", atomicNs: 50 };
 * const counter = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }`;
 * const run = await simulate(counter, { cpus: 1, invocations: 100, profile: slow });
 * if (!(run.nsPerOp! > 50)) throw new Error("an atomic cannot be faster than that");
 * ```
 */
export function profileNamed(name: string): Profile {
  const known = loaded.get(name);
  if (known) return known;
  if (typeof name !== "string") throw new ProfileError(`a profile is asked for by name, not by ${typeof name}`);
  if (name.endsWith(".json")) return fromFile(name);
  if (!(PROFILES as readonly string[]).includes(name)) {
    throw new ProfileError(
      `no profile is called ${name}; there are ${PROFILES.join(", ")}, and those you write yourself`,
    );
  }
  const text = assetText(`cost/profiles/${name}.json`);
  const profile = checkProfile(JSON.parse(text) as Profile);
  loaded.set(name, profile);
  return profile;
}

function fromFile(path: string): Profile {
  let text: string;
  try {
    text = readText(path);
  } catch {
    throw new ProfileError(`no profile can be read from ${path}; interleave calibrate --out ${path} makes one`);
  }
  try {
    return checkProfile(parseJson(text) as Profile);
  } catch (error) {
    throw new ProfileError(`${path}: ${error instanceof Error ? error.message : error}`);
  }
}
