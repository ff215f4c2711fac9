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

  /** @param mayWait for each instruction, whether its store may wait in an empty store buffer; undefined without any */
  constructor(readonly image: Image, readonly mayWait: Uint8Array | undefined) {}

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
      mayWait: this.mayWait,
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
 * number of tasks, whether there are store buffers and how much room objects of the programs' own take, so that plans that
 * agree in these, in their programs and in what waits in the buffers have the same code.
 *
 * @throws ByteCodeError when a program's byte code is not well formed or not supported
 */
export function codeOf(
  { object, programs, nrCpus, allCpus, tasks, delays }: Plan,
  addresses: AddressBook,
  memory: Memory,
): Code {
  let images = kept.get(object);
  if (!images) kept.set(object, images = new Map());
  const which = programs.map((program) => object.programs.indexOf(program));
  const waiting = memory.buffers && delays ? `, stores that wait: ${[...delays].join(" ")}` : "";
  const key = `${which} on ${nrCpus} of ${allCpus} CPUs, ${tasks.length} tasks${waiting}, ` +
    `${memory.regionCount} regions, marks at ${memory.coverage}`;
  let code = images.get(key);
  if (!code) {
    const image = linkImage(object, programs, addresses);
    code = new Code(image, memory.buffers && storesThatMayWait(image, delays));
  }
  images.delete(key);
  images.set(key, code);
  if (images.size > MOST_IMAGES) images.delete(images.keys().next().value!);
  return code;
}

/** For each instruction of an image, 1 where its store, or those of the helper that it calls, may wait in a buffer. */
function storesThatMayWait(image: Image, delays: Plan["delays"]): Uint8Array {
  const waits = new Uint8Array(image.insns.length);
  for (const { name, start } of image.programs) {
    for (const insn of delays?.get(name) ?? []) waits[start + insn] = 1;
  }
  return waits;
}
