/** A scenario as a reader would write it: a C listing and a workload, to be run in a cell. */
import { textOfCall, valueOf } from "./actor.ts";
import type { Role, Scenario } from "./draw.ts";
import { cpuOf, nameOf } from "./predict.ts";
import { listingOf } from "./program.ts";

/** The listing: all maps, and the scenario's programs. */
function cOfScenario({ section, roles }: Scenario, maps: string): string {
  const programs = roles.flatMap(({ items }, role) => items ? [listingOf(nameOf(role), section, items, role)] : []);
  return [maps.replace(/^SEC\("tc"\) int nothing.*\n/m, "").trimEnd(), ...programs].join("\n\n") + "\n";
}

/** A cell that explores it. */
export function cellOfScenario(scenario: Scenario, maps: string, cpus: number): string {
  const { roles, initial } = scenario;
  const programs = roles.flatMap((role, index) => programOf(role, index, roles));
  const interrupts = roles.flatMap((role, index) =>
    role.kind === "interrupt" ? [`{ prog: "${nameOf(index)}", cpu: ${1 - index}, count: ${role.invocations} }`] : []
  );
  const actors = roles.flatMap((role, index) => {
    if (role.kind !== "actor") return [];
    const calls = role.calls.map((call) => `        yield* tried(${textOfCall(call, nameOf(index), cpus)}),`);
    return [
      `    { name: "u${index}", cpu: ${index}, *body(user) {\n      return [\n${calls.join("\n")}\n      ];\n    } },`,
    ];
  });
  const prepared = initial.map(({ map, key, value }) => {
    const text = JSON.stringify(valueOf(map, value, cpus)).replaceAll('"', "");
    return `    yield* user.update("${map}", ${key}, ${text});`;
  });
  return [
    `const listing = await bpf\`${cOfScenario(scenario, maps).replaceAll("\\", "\\\\")}\`;`,
    "const tried = function* (call) {",
    "  try { return yield* call; } catch (error) { return [error.code, error.count]; }",
    "};",
    "await show(await explore(listing, {",
    `  cpus: ${cpus},`,
    `  programs: [${programs.join(", ")}],`,
    `  interrupts: [${interrupts.join(", ")}],`,
    "  *prepare(user) {",
    ...prepared,
    "  },",
    "  user: [",
    ...actors,
    "  ],",
    "}));",
  ].join("\n");
}

function programOf(role: Role, index: number, roles: readonly Role[]): string[] {
  if (role.kind === "interrupt" || !role.items) return [];
  const invocations = role.kind === "program" ? role.invocations : 0;
  return [`{ prog: "${nameOf(index)}", cpus: [${cpuOf(roles, index)}], invocations: ${invocations} }`];
}
