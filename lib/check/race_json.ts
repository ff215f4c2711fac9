/** Findings as data, for programs: a schema of its own, and SARIF and JUnit for what others read. */
import { fingerprint, isNote, type RaceFinding, type Site } from "./finding.ts";
import type { Races } from "./find_races.ts";

/** Rises when a field changes its meaning or goes. */
export const SCHEMA = 1;

const fileName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const siteJson = ({ prog, insn, line, label }: Site) => ({
  program: prog,
  ...(line ? { file: fileName(line.file), line: line.line, column: line.column, text: line.text.trim() } : {}),
  ...(insn < 0 ? {} : { insn }),
  label,
});

export function findingJson(finding: RaceFinding) {
  const { name, map, field, sites, reason, help, repair, chapter, claims, proof, allowed } = finding;
  return {
    ...{ name, map, field, reason, state: proof.state, sites: sites.map(siteJson), help },
    ...(repair ? { repair } : {}),
    ...{ chapter, claims },
    ...(proof.state === "confirmed" ? { witness: proof.witness } : { why: proof.why }),
    ...(allowed === undefined ? {} : { allowed }),
    fingerprint: fingerprint(finding),
  };
}

export const racesJson = ({ name, findings, accesses, exitCode }: Races) => ({
  schema: SCHEMA,
  object: fileName(name),
  exitCode,
  findings: findings.map(findingJson),
  notFollowed: accesses.unseen,
});

const messageOf = ({ reason, proof, help }: RaceFinding): string =>
  `${reason} (${proof.state === "confirmed" ? "confirmed by a search" : `possible: ${proof.why}`}). Help: ${help}.`;

/** SARIF 2.1.0 (OASIS), as code scanning reads it. */
export function racesSarif(all: readonly Races[]): object {
  const findings = all.flatMap(({ findings }) => findings);
  const names = [...new Set(findings.map(({ name }) => name))].sort();
  const location = ({ line, label }: Site, id?: number) => ({
    ...(id === undefined ? {} : { id }),
    physicalLocation: {
      artifactLocation: { uri: line ? encodeURI(line.file.replace(/^\.\//, "")) : "unknown" },
      ...(line ? { region: { startLine: line.line, startColumn: Math.max(1, line.column) } } : {}),
    },
    message: { text: label },
  });
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{
      tool: {
        driver: {
          name: "interleave",
          rules: names.map((id) => {
            const { help } = findings.find(({ name }) => name === id)!;
            return { id, shortDescription: { text: id.replaceAll("-", " ") }, help: { text: help } };
          }),
        },
      },
      results: findings.map((finding) => ({
        ruleId: finding.name,
        ruleIndex: names.indexOf(finding.name),
        level: isNote(finding) ? "note" : finding.proof.state === "confirmed" ? "error" : "warning",
        message: { text: messageOf(finding) },
        locations: [location(finding.sites[0])],
        relatedLocations: finding.sites.slice(1).map((site, id) => location(site, id)),
        partialFingerprints: { "interleave/v1": fingerprint(finding) },
        ...(finding.allowed === undefined
          ? {}
          : { suppressions: [{ kind: "inSource", justification: finding.allowed }] }),
      })),
    }],
  };
}

const escapeXml = (text: string): string =>
  text.replace(/[<>&"']/g, (one) => `&#${one.charCodeAt(0)};`).replace(/[^\t\n\r\x20-\uFFFD]/g, "");

/** JUnit's XML: a case for each program of each object; a confirmed race fails it, a possible one is an error of none. */
export function racesJunit(all: readonly Races[]): string {
  const suites = all.map((races) => {
    const cases = races.accesses.programs.map(({ program }) => {
      const own = races.open.filter(({ sites }) => sites[0].prog === program.name);
      const inner = own.map((finding) => {
        const [{ line }] = finding.sites, at = line ? `${fileName(line.file)}:${line.line}: ` : "";
        const text = escapeXml(`${at}${finding.field}: ${messageOf(finding)}`);
        return finding.proof.state === "confirmed"
          ? `      <failure type="${finding.name}" message="${text}"/>\n`
          : `      <system-out>${text}</system-out>\n`;
      });
      return `    <testcase classname="${escapeXml(fileName(races.name))}" name="${escapeXml(program.name)}">\n${
        inner.join("")
      }    </testcase>\n`;
    });
    const failures = races.accesses.programs.reduce(
      (sum, { program }) => sum + races.confirmed.filter(({ sites }) => sites[0].prog === program.name).length,
      0,
    );
    return `  <testsuite name="${escapeXml(fileName(races.name))}" tests="${cases.length}" failures="${failures}">\n${
      cases.join("")
    }  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="interleave check">\n${
    suites.join("")
  }</testsuites>\n`;
}
