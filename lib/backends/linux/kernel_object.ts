/** An object file in libbpf's hands: opened, loaded into the kernel, closed again. */
import type { BpfObject } from "../../object/bpf_object.ts";
import { BackendError } from "../../host/backend_error.ts";
import { errnoName } from "../../uapi/errno.ts";
import { kernelObjectName } from "../../object/kernel_names.ts";
import { addressOf, cString, errno, libbpf, libc, options, textAt } from "./libbpf.ts";
import { libbpfMessages } from "./libbpf_messages.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";
import type { LoadOutcome } from "./load_outcome.ts";

/** Room for the log of one program. The kernel writes only what it needs; untouched pages cost nothing. */
const LOG_BYTES = 64 << 20;
/** struct bpf_object_open_opts (tools/lib/bpf/libbpf.h) up to the text of a configuration. */
const OPEN_OPTS_BYTES = 48, OPEN_OPTS_NAME = 8, OPEN_OPTS_KCONFIG = 40;
const PROT_READ_WRITE = 3, MAP_PRIVATE_ANONYMOUS = 0x22;

/** A program as libbpf sees it. Handles are valid until the object is closed. */
export interface LoadableProgram {
  readonly name: string;
  readonly section: string;
  readonly handle: Deno.PointerObject;
}

/** A map of a loaded object. Sizes in bytes. */
export interface LoadedMap {
  /** The name in the object file; a data section is called `.bss`, `.data`, `.rodata` or `.data.x`. */
  readonly name: string;
  readonly fd: number;
  /** `BPF_MAP_TYPE_*`. */
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
}

/** An object file, and what the reader gave beyond it. */
export type LoadableObject = Pick<BpfObject, "bytes" | "name"> & Partial<Pick<BpfObject, "maps" | "kconfig">>;

export class KernelObject implements Disposable {
  readonly programs: readonly LoadableProgram[];
  #handle: Deno.PointerValue;
  #log: Deno.PointerValue = null;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly name: string;

  /**
   * Opens an object file; nothing reaches the kernel before {@link load}.
   *
   * @throws BackendError when libbpf cannot read the file
   */
  constructor(private readonly object: LoadableObject) {
    this.name = object.name;
    this.#bytes = new Uint8Array(object.bytes);
    this.#handle = this.#open();
    if (this.#handle === null) {
      const failed = errno();
      const messages = libbpfMessages(() => {
        this.#handle = this.#open();
        this.close();
      });
      throw new BackendError(`${this.name}: libbpf cannot open this object (${errnoName(failed)}). ${messages}`.trim());
    }
    const programs: LoadableProgram[] = [];
    for (const handle of walk((at) => libbpf().bpf_object__next_program(this.#handle, at))) {
      programs.push({
        name: textAt(libbpf().bpf_program__name(handle)),
        section: textAt(libbpf().bpf_program__section_name(handle)),
        handle,
      });
    }
    this.programs = programs;
  }

  /**
   * The program of this name.
   *
   * @throws BackendError naming the programs that there are
   */
  program(name: string): LoadableProgram {
    const found = this.programs.find((program) => program.name === name);
    if (found) return found;
    const names = this.programs.map((program) => program.name).join(", ");
    throw new BackendError(`${this.name} has no program "${name}"; it has ${names || "none"}`);
  }

  /**
   * Creates the maps and loads the named programs (and no others). Once per object: open it anew to load it again.
   *
   * @param logLevel 0: a log only of a refused program; 1 or 2: always, as the kernel's log levels
   */
  load(names: readonly string[], logLevel: 0 | 1 | 2 = 0): LoadOutcome {
    this.#log ??= libc().mmap(null, BigInt(LOG_BYTES), PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0n);
    for (const { name, handle } of this.programs) {
      libbpf().bpf_program__set_autoload(handle, names.includes(name));
      libbpf().bpf_program__set_log_buf(handle, this.#log, BigInt(LOG_BYTES));
      libbpf().bpf_program__set_log_level(handle, logLevel);
    }
    const failed = Math.abs(libbpf().bpf_object__load(this.#handle));
    const log = textAt(this.#log);
    return { errno: failed, log, messages: failed && !log ? this.#messagesOfFailedLoad(names) : "" };
  }

  /** The programs that are in the kernel. */
  loadedPrograms(): { readonly name: string; readonly fd: number }[] {
    return this.programs.map(({ name, handle }) => ({ name, fd: libbpf().bpf_program__fd(handle) }))
      .filter(({ fd }) => fd >= 0);
  }

  /** The maps of a loaded object. */
  maps(): LoadedMap[] {
    const maps: LoadedMap[] = [];
    for (const handle of walk((at) => libbpf().bpf_object__next_map(this.#handle, at))) {
      maps.push({
        name: sectionName(textAt(libbpf().bpf_map__name(handle))),
        fd: libbpf().bpf_map__fd(handle),
        type: libbpf().bpf_map__type(handle),
        keySize: libbpf().bpf_map__key_size(handle),
        valueSize: libbpf().bpf_map__value_size(handle),
        maxEntries: libbpf().bpf_map__max_entries(handle),
        flags: libbpf().bpf_map__map_flags(handle),
      });
    }
    return maps;
  }

  /** Closes every program, map and BTF of this object. May be called twice. */
  close(): void {
    if (this.#handle !== null) libbpf().bpf_object__close(this.#handle);
    if (this.#log !== null) libc().munmap(this.#log, BigInt(LOG_BYTES));
    this.#handle = this.#log = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(): Deno.PointerValue {
    const name = cString(kernelObjectName(this.name));
    const config = cString(this.object.kconfig ?? "");
    const given = options(OPEN_OPTS_BYTES, [
      [OPEN_OPTS_NAME, 8, addressOf(name)],
      [OPEN_OPTS_KCONFIG, 8, this.object.kconfig === undefined ? 0 : addressOf(config)],
    ]);
    const handle = libbpf().bpf_object__open_mem(this.#bytes, BigInt(this.#bytes.length), Deno.UnsafePointer.of(given));
    if (handle !== null) {
      withoutPins(handle);
      this.#resizeMaps(handle);
      this.#setVariables(handle);
    }
    return handle;
  }

  /** Sizes that the reader gave, or left to be given, are those of the object as it was read. */
  #resizeMaps(handle: Deno.PointerObject): void {
    for (const map of walk((at) => libbpf().bpf_object__next_map(handle, at))) {
      const def = this.object.maps?.find((one) => !one.data && one.name === textAt(libbpf().bpf_map__name(map)));
      if (!def || def.maxEntries === 0 || libbpf().bpf_map__max_entries(map) === def.maxEntries) continue;
      const failed = libbpf().bpf_map__set_max_entries(map, def.maxEntries);
      if (failed < 0) {
        throw new BackendError(`map ${def.name} cannot have ${def.maxEntries} entries: ${errnoName(failed)}`);
      }
    }
  }

  /** Data sections in which the reader set variables. */
  #setVariables(handle: Deno.PointerObject): void {
    for (const map of walk((at) => libbpf().bpf_object__next_map(handle, at))) {
      const name = sectionName(textAt(libbpf().bpf_map__name(map)));
      const data = this.object.maps?.find((one) => one.data?.isGiven && one.name === name)?.data;
      if (!data) continue;
      const failed = libbpf().bpf_map__set_initial_value(map, new Uint8Array(data.bytes), BigInt(data.bytes.length));
      if (failed < 0) throw new BackendError(`${this.name}: ${name} cannot be set: ${errnoName(failed)}`);
    }
  }

  /** What libbpf says when it fails before the verifier has spoken: a second try on a fresh handle, listened to. */
  #messagesOfFailedLoad(names: readonly string[]): string {
    return libbpfMessages(() => {
      const handle = this.#open();
      if (handle === null) return;
      for (const program of walk((at) => libbpf().bpf_object__next_program(handle, at))) {
        const name = textAt(libbpf().bpf_program__name(program));
        libbpf().bpf_program__set_autoload(program, names.includes(name));
      }
      libbpf().bpf_object__load(handle);
      libbpf().bpf_object__close(handle);
    });
  }
}

/**
 * A map with LIBBPF_PIN_BY_NAME would be the one that is pinned on this computer, and be pinned if there was none
 * (libbpf.c:bpf_object__create_maps): a map that is loaded here is a new one, and ends here.
 *
 * @throws BackendError when libbpf keeps a path, with the object closed
 */
function withoutPins(object: Deno.PointerObject): void {
  for (const map of walk((at) => libbpf().bpf_object__next_map(object, at))) {
    const failed = libbpf().bpf_map__set_pin_path(map, null);
    if (failed === 0 && libbpf().bpf_map__pin_path(map) === null) continue;
    const name = textAt(libbpf().bpf_map__name(map));
    libbpf().bpf_object__close(object);
    throw new BackendError(`libbpf would take map ${name} from where it is pinned on this computer: not loaded`);
  }
}

/** libbpf puts the object's name before a data section's. */
const sectionName = (name: string): string => name.includes(".") ? name.slice(name.indexOf(".")) : name;

/** Programs that have to be loaded for the named ones: libbpf puts those of program arrays into their slots. */
export function programsToLoad(
  { maps = [], programs = [] }: Partial<Pick<BpfObject, "maps" | "programs">>,
  names: readonly string[],
): readonly string[] {
  const arrays = maps.filter((map) => map.type === BPF_MAP_TYPE.PROG_ARRAY);
  return [...new Set([...names, ...arrays.flatMap(({ slots = [] }) => slots.map(({ map }) => programs[map].name))])];
}

function* walk(next: (at: Deno.PointerValue) => Deno.PointerValue): Generator<Deno.PointerObject> {
  for (let at = next(null); at !== null; at = next(at)) yield at;
}
