/** Known kinds of races and mutants of correct programs: what is wrong is found, what is right is left in peace. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findRaces, type Races } from "../../lib/check/find_races.ts";
import { bpf } from "../../lib/compile/bpf.ts";

const listing = (name: string) => bpf.file(fileURLToPath(new URL(`./progs/${name}.bpf.c`, import.meta.url)));
const known = await listing("known_kinds"), mutants = await listing("mutants");
const words = ({ findings, accesses }: Races) => [
  ...findings.map(({ name, field, proof }) => `${name} ${field} ${proof.state}`).sort(),
  ...accesses.unseen.map(({ prog, why }) => `${prog}: ${why}`),
];
const isRight = (name: string) => name.endsWith("_right");

describe("kinds that public trackers tell of", () => {
  const kinds: readonly [string, string[], string[]][] = [
    ["an XDP counter's first packet", ["first_packet"], ["check-then-act by_protocol confirmed"]],
    ["sums of block I/O", ["io_done"], [
      "lost-update by_device.bytes confirmed",
      "lost-update by_device.requests confirmed",
    ]],
    ["a connection that is counted off twice", ["opened", "closed_once"], [
      "check-then-act connections.closed confirmed",
    ]],
    ["tokens that are taken and set to zero", ["refill", "take_all"], ["read-and-zero tokens.tokens confirmed"]],
  ];
  for (const [what, programs, found] of kinds) {
    it(what, async () => {
      expect(words(await findRaces(known, { programs }))).toEqual(found);
      const last = programs.at(-1)!, mended = [...programs.slice(0, -1), `${last}_right`];
      expect(words(await findRaces(known, { programs: mended }))).toEqual([]);
    });
  }

  it("are the whole listing", async () => {
    const right = known.programs.map(({ name }) => name).filter((name) => isRight(name) || /opened|refill/.test(name));
    expect(words(await findRaces(known, { programs: right }))).toEqual([]);
  });
});

it("a line that only some packets come to is reached by one of them", async () => {
  const [{ proof }] = (await findRaces(known, { programs: ["counts_ipv6"] })).findings;
  expect(proof.state === "confirmed" && proof.witness.how).toMatch(/packet: IPv6/);
});

describe("mutants", () => {
  const right = mutants.programs.map(({ name }) => name).filter(isRight);

  it("are made of programs that are right, one and all", async () => {
    expect(right.length).toBeGreaterThanOrEqual(10);
    expect(words(await findRaces(mutants, { programs: right }))).toEqual([]);
  });

  for (const name of right) {
    const mutant = name.replace("_right", "_mutant");
    it(`${mutant} is found beside all that is right`, async () => {
      const others = right.filter((one) => one !== name),
        races = await findRaces(mutants, {
          programs: [...others, mutant],
        });
      const confirmed = races.confirmed.filter(({ sites }) => sites.some(({ prog }) => prog === mutant));
      expect([races.exitCode, confirmed.length, words(races)]).not.toEqual([races.exitCode, 0, words(races)]);
      // Nothing else is blamed: each finding has the mutant on one of its sides.
      expect(races.findings.filter(({ sites }) => sites.every(({ prog }) => prog !== mutant))).toEqual([]);
    });
  }
});
