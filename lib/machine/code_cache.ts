/**
 * Linked images and their translations, kept by object: a run, its repetition, the serial run beside it and all the
 * machines of a search are the same code on memories of their own.
 */
import type { Memory } from "../cpu/memory.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { translate, type Translation } from "../translate/translate.ts";
import type { Plan } from "../workload/plan.ts";
import { type AddressBook, type Image, linkImage } from "./image.ts";

/** Images that are kept for each object: as many shapes of its workloads (numbers of CPUs, of tasks) in turn. */
const MOST_IMAGES = 8;

/**
 * What translates an image: `step` performs visible operations itself, `external` leaves them to the machine's owner,
 * `random` and `recorded` take many steps in one call (translate_random.ts).
 */
export type CodeVariant = "step" | "external" | "random" | "recorded";

/** An image and what it was translated to so far. */
export class Code {
  readonly #translations = new Map<CodeVariant, Translation>();

  constructor(readonly image: Image) {}

  /** @param memory of a machine that this code was linked for: all of them have the same layout and regions */
  translation(variant: CodeVariant, memory: Memory): Translation {
    let known = this.#translations.get(variant);
    if (known) return known;
    const isRandom = variant === "random" || variant === "recorded";
    known = translate(this.image.insns, this.image.entries, {
      layout: memory.layout,
      memory,
      packetLoads: this.image.packetLoads,
      arena: this.image.arena,
      // a loop of arithmetic with a branch would take half as long again
      coverage: isRandom ? undefined : memory.coverage,
      external: variant === "external",
      random: isRandom,
      recording: variant === "recorded" ? memory.recording : undefined,
    });
    this.#translations.set(variant, known);
    return known;
  }
}

const kept = new WeakMap<BpfObject, Map<string, Code>>();

/**
 * The code of a plan's programs.
 *
 * Addresses of maps, stacks and contexts stand in the code. They follow from the object's maps, the numbers of CPUs, the
 * number of tasks, whether there are store buffers and how much room objects of the programs' own take, so that plans that agree in these and in their programs have the same code.
 *
 * @throws ByteCodeError when a program's byte code is not well formed or not supported
 */
export function codeOf(
  { object, programs, nrCpus, allCpus, tasks }: Plan,
  addresses: AddressBook,
  buffered: boolean,
  memory: Memory,
): Code {
  let images = kept.get(object);
  if (!images) kept.set(object, images = new Map());
  const which = programs.map((program) => object.programs.indexOf(program));
  const key = `${which} on ${nrCpus} of ${allCpus} CPUs, ${tasks.length} tasks${buffered ? ", store buffers" : ""}, ` +
    `${memory.regionCount} regions, marks at ${memory.coverage}`;
  const code = images.get(key) ?? new Code(linkImage(object, programs, addresses));
  images.delete(key);
  images.set(key, code);
  if (images.size > MOST_IMAGES) images.delete(images.keys().next().value!);
  return code;
}
