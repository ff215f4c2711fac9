/* What `verify` says by the rules of 6.1 and 6.12, beside what kernels of these releases said. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectFolder, shippedFolders } from "../../lib/compile/folders.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { loadObject } from "../../lib/object/load.ts";
import { ObjectError } from "../../lib/object/object_error.ts";
import { type KernelRelease, RELEASES } from "../../lib/uapi/releases.ts";
import { recordedVerdict, recordedVerdicts } from "../../lib/verifier/kernel/recorded_verdicts.ts";
import { recordedByRelease, recordedText } from "../../lib/verifier/recorded_text.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { comparable } from "./message_comparison.ts";
import { objectOf } from "./recorded_programs.ts";

/** Followed for up to a million instructions: their verdicts on 6.18 are compared elsewhere. */
const LONG =
  /^(unbounded_by_input|loop_(million|volatile|count_unknown|unknown|big|mod)|for_index_sum|lp|alu|mixed|branches|memory)$/;

function objects(): BpfObject[] {
  const folders = [...shippedFolders(projectFolder!), join(projectFolder!, "tests", "verifier", "data", "objects")];
  return folders.flatMap((folder) => readdirSync(folder).map((name) => ({ folder, name })))
    .filter(({ name }) => name.endsWith(".o")).flatMap(({ folder, name }) => {
      try {
        return [loadObject(new Uint8Array(readFileSync(join(folder, name))), name)];
      } catch (error) {
        if (error instanceof ObjectError) return [];
        throw error;
      }
    });
}

interface Counts {
  recorded: number;
  unsupported: number;
  agreed: number;
  exact: number;
  readonly differing: string[];
}

function compare(kernel: KernelRelease): Counts {
  const counts: Counts = { recorded: 0, unsupported: 0, agreed: 0, exact: 0, differing: [] };
  for (const object of objects()) {
    for (const { name } of object.programs) {
      const said = recordedVerdict(object, name, kernel);
      if (!said || LONG.test(name)) continue;
      const [ours] = verify(object, { program: name, kernel });
      counts.recorded++;
      if (ours.verdict === "unsupported") counts.unsupported++;
      else if (ours.verdict !== said.verdict) counts.differing.push(`${object.name} ${name}`);
      else {
        counts.agreed++;
        if (ours.errno === said.errno && comparable(ours.message) === comparable(said.message)) counts.exact++;
      }
    }
  }
  return counts;
}

const percent = (part: number, whole: number): string => `${(100 * part / whole).toFixed(1)} %`;

describe("the rules of an older kernel, over every object of the project", () => {
  for (const kernel of ["6.1", "6.12"] as const) {
    it(`${kernel}: what is told is what that kernel said, but for one in a hundred`, () => {
      const { recorded, unsupported, agreed, exact, differing } = compare(kernel), judged = recorded - unsupported;
      console.log(
        `${kernel}: ${recorded} recorded, ${judged} judged, ${percent(agreed, judged)} agreed, ` +
          `${percent(exact, agreed)} of these in every word; not: ${differing.join(", ")}`,
      );
      expect(recorded).toBeGreaterThan(2000);
      // What is not borne out is not told: an eighth of the programs on 6.1, a sixteenth on 6.12.
      expect(unsupported / recorded).toBeLessThan(kernel === "6.1" ? 0.15 : 0.08);
      expect(agreed / judged).toBeGreaterThanOrEqual(0.99);
      expect(exact / agreed).toBeGreaterThanOrEqual(0.95);
    });
  }
});

const NULL_CHECK = "R# invalid mem access 'map_value_or_null'";

/** Object, program, and the message of each release; empty where it accepts. */
const DIFFERENCES: readonly [string, string, Readonly<Record<KernelRelease, string>>][] = [
  ["atomics.o", "array_key_zero", { "6.1": NULL_CHECK, "6.12": NULL_CHECK, "6.18": "" }],
  ["acquire_release.o", "la64", {
    "6.1": "BPF_ATOMIC uses invalid atomic opcode 100",
    "6.12": "BPF_ATOMIC uses invalid atomic opcode 100",
    "6.18": "",
  }],
  ["acquire_release.o", "la8", { "6.1": "unknown opcode d3", "6.12": "unknown opcode d3", "6.18": "" }],
  ["atomics.o", "bytes_add", {
    "6.1": "unknown opcode d3",
    "6.12": "unknown opcode d3",
    "6.18": "invalid atomic operand size",
  }],
  ["locks.o", "wrong_offset", {
    "6.1": "off 4 doesn't point to 'struct bpf_spin_lock'",
    "6.12": "off 4 doesn't point to 'struct bpf_spin_lock' that is at 0",
    "6.18": "off 4 doesn't point to 'struct bpf_spin_lock' that is at 0",
  }],
  ["functions_and_callbacks.o", "static_lock_split", { "6.1": "bpf_spin_unlock is missing", "6.12": "", "6.18": "" }],
  ["helpers_attacked.o", "timer_lock", { "6.1": "bpf_spin_unlock without taking a lock", "6.12": "", "6.18": "" }],
  ["everyday.o", "key_uninit", {
    "6.1": "invalid indirect read from stack R# off -4+0 size 4",
    "6.12": "",
    "6.18": "",
  }],
];

describe("a difference between kernels", () => {
  for (const [name, program, messages] of DIFFERENCES) {
    for (const kernel of RELEASES) {
      it(`${name} ${program} on ${kernel}: ${messages[kernel] || "accepted"}`, () => {
        const object = objectOf(name), said = recordedVerdict(object, program, kernel);
        expect(comparable(said?.message ?? "not recorded")).toBe(messages[kernel]);
        const [ours] = verify(object, { program, kernel });
        expect(ours.kernel).toBe(kernel);
        expect([ours.verdict, ours.errno, comparable(ours.message)]).toEqual([
          said?.verdict,
          said?.errno,
          messages[kernel],
        ]);
      });
    }
  }

  it("that is not known is not told", () => {
    const [verdict] = verify(objectOf("own_objects.o"), { kernel: "6.1" });
    expect(verdict.verdict).not.toBe("accept");
    expect(verdict.message).toMatch(/not found in kernel or module BTFs|what 6\.1 says of/);
  });
});

describe("recorded verdicts", () => {
  it("say whose they are", () => {
    const { kernels } = recordedVerdicts();
    expect(Object.keys(kernels)).toEqual([...RELEASES]);
    for (const release of RELEASES) {
      expect(kernels[release]?.release).toMatch(new RegExp(`^${release.replace(".", "\\.")}\\.`));
      expect(kernels[release]?.libbpf).toMatch(/^\d+\.\d+/);
    }
    expect(kernels["6.18"]?.functions).toContain("bpf_res_spin_lock");
    expect(kernels["6.12"]?.functions).not.toContain("bpf_res_spin_lock");
    expect(kernels["6.12"]?.functions).toContain("bpf_rcu_read_lock");
  });

  it("are found by the object's bytes", () => {
    const object = objectOf("atomics.o"), other = { ...object, bytes: object.bytes.slice() };
    expect(recordedText(recordedByRelease(object, "add_returns"))).toBe("recorded: accepted by 6.1, 6.12, 6.18");
    other.bytes[other.bytes.length - 1] ^= 1;
    expect(recordedText(recordedByRelease(other, "add_returns"))).toBe("6.1, 6.12, 6.18: not recorded");
    const sized = { ...object, maps: object.maps.map((map) => ({ ...map, maxEntries: map.maxEntries + 1 })) };
    expect(recordedText(recordedByRelease(sized, "add_returns"))).toBe("6.1, 6.12, 6.18: not recorded");
  });

  it("stand together where releases say the same", () => {
    const refused = { verdict: "reject", errno: 22, message: "unknown opcode d3" } as const;
    const accepted = { verdict: "accept", errno: 0, message: "" } as const;
    expect(recordedText({ "6.1": refused, "6.12": refused, "6.18": accepted }))
      .toBe("recorded: refused by 6.1, 6.12, EINVAL: unknown opcode d3; accepted by 6.18");
    expect(recordedText({ "6.1": undefined, "6.12": accepted, "6.18": accepted }))
      .toBe("recorded: accepted by 6.12, 6.18; 6.1: not recorded");
  });

  it("are of kernels that have rules here, and no others", () => {
    expect(() => verify(objectOf("atomics.o"), { kernel: "5.4" as KernelRelease })).toThrow(/5\.4.*6\.1, 6\.12, 6\.18/);
  });
});
