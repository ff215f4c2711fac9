/**
 * What a program uses that the simulator has no model of. A gap ends the run in which a program reaches it, and no other
 * run: many a gap stands behind a branch that is switched off.
 */
import { isHelperCall, isKfuncCall } from "../isa/insn.ts";
import { hasMapModel } from "../maps/create.ts";
import { type LineInfo, lineOf, type MapDef, type Program } from "../object/bpf_object.ts";
import { helperLabel, helperName } from "../uapi/helpers.ts";
import { mapTypeName } from "../uapi/map_types.ts";
import { kfuncNumber } from "./kfunc_models.ts";

/** One use of something without a model. */
export interface Gap {
  readonly program: string;
  /** Instruction of the program. */
  readonly insn: number;
  /** `bpf_get_current_comm`, or `map events (RINGBUF)`. */
  readonly what: string;
  readonly kind: "helper" | "kernel function" | "map";
  readonly line?: LineInfo;
}

/** A program came to something that the simulator has no model of. */
export class UnsupportedError extends Error {
  override name = "UnsupportedError";
  /** @param gaps all that the programs of the workload have, the one that was reached first */
  constructor(readonly gaps: readonly Gap[]) {
    super(describe(gaps));
  }
}

/**
 * Every gap of programs, in the order of their instructions.
 *
 * @param hasHelper whether a helper of this number has a model
 */
export function gapsOf(
  programs: readonly Program[],
  maps: readonly MapDef[],
  hasHelper: (id: number) => boolean,
): Gap[] {
  return programs.flatMap((program) => {
    const externs = new Map(program.relocations.map((one) => [one.insn, one]));
    return program.insns.flatMap((insn, index): Gap[] => {
      const at = { program: program.name, insn: index, line: lineOf(program, index) }, refers = externs.get(index);
      if (isHelperCall(insn) && !hasHelper(insn.imm)) {
        return [{ ...at, kind: "helper", what: helperName(insn.imm) ?? helperLabel(insn.imm) }];
      }
      if (isKfuncCall(insn) && refers?.kind === "extern" && kfuncNumber(refers.name) === undefined) {
        return [{ ...at, kind: "kernel function", what: refers.name }];
      }
      const map = refers?.kind === "map" ? maps[refers.map] : undefined;
      if (!map || hasMapModel(map.type)) return [];
      return [{ ...at, kind: "map", what: `map ${map.name} (${mapTypeName(map.type)})` }];
    });
  });
}

/**
 * The error for a program that has come to a gap at one of its calls: a function without a model, or a map whose own
 * message says so.
 */
export function gapReached(
  gaps: readonly Gap[],
  { program, insn, line, map }: Omit<Gap, "what" | "kind"> & { readonly map?: string },
): UnsupportedError {
  const here: Gap | undefined = map === undefined
    ? gaps.find((gap) => gap.program === program && gap.insn === insn)
    : { program, insn, line, kind: "map", what: map };
  return new UnsupportedError(here ? [here, ...gaps.filter((gap) => gap !== here)] : gaps);
}

function describe([first, ...rest]: readonly Gap[]): string {
  const others = [...new Map(rest.map((gap) => [`${gap.what} ${gap.program}`, gap])).values()]
    .filter((gap) => gap.what !== first.what || gap.program !== first.program);
  const own = first.kind === "helper" && first.what.startsWith("bpf_")
    ? `; a model of your own can stand in: { models: { ${first.what}: ... } }`
    : "";
  const verb = first.kind === "map" ? "uses" : "calls";
  return `${first.program} ${verb} ${first.what}, which the simulator does not model${where(first)}${own}` +
    (others.length === 0 ? "" : "\nAlso without a model, should a run come to them:") +
    others.map((gap) => `\n  ${gap.what} in ${gap.program}${where(gap)}`).join("");
}

const where = ({ line }: Gap): string => line ? ` (line ${line.line}: ${line.text.trim()})` : "";
