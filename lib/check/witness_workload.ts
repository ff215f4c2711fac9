/** The workload of a witness: as data that a file can hold, and as the searches take it. */
import type { UserActor } from "../maps/user_actor.ts";
import type { UserApi } from "../maps/user_space.ts";
import type { ExploreOptions } from "../search/explore.ts";
import { DEFAULT_PACKETS, PACKET_NAMES } from "../workload/packets.ts";
import type { Workload } from "../workload/workload.ts";
import { hex } from "../maps/value_layout.ts";
import type { WitnessWorkload } from "./finding.ts";
import type { UserPart } from "./user_part.ts";
import { t } from "../words/translation.ts";

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));

/**
 * The workload of a witness, as `simulate` and `explore` take it.
 *
 * @param part user space's part, of a witness that needs it
 */
export function toWorkload(workload: WitnessWorkload, part: UserPart = {}): Workload & Pick<ExploreOptions, "models"> {
  const { entries, programs, interrupts, standIns, user, packets, globals = {}, ...rest } = workload;
  const prepare = function* (api: UserApi) {
    for (const [name, value] of Object.entries(globals)) yield* api.writeGlobal(name, value);
    for (const { map, key, value } of entries) yield* api.update(map, bytesOf(key), bytesOf(value));
    if (user && part.prepare) yield* part.prepare(api);
  };
  const actors: readonly UserActor[] = user ? (part.user ?? []).filter(({ name }) => user.includes(name)) : [];
  const isPrepared = entries.length > 0 || Object.keys(globals).length > 0 || user && part.prepare;
  return {
    ...rest,
    programs: programs.map(({ ctx, ...run }) => ({ ...run, ...(ctx ? { ctx: Uint8Array.from(ctx) } : {}) })),
    ...(interrupts ? { interrupts: interrupts as Workload["interrupts"] } : {}),
    ...(packets ? { packets: packets.map(bytesOf) } : {}),
    ...(actors.length > 0 ? { user: actors } : {}),
    ...(isPrepared ? { prepare } : {}),
    ...(standIns.length > 0 ? { models: Object.fromEntries(standIns.map((name) => [name, () => 0n])) } : {}),
  };
}

/** The name of a packet that the project has, else its bytes. */
function packetText(packet: string): string {
  const known = DEFAULT_PACKETS.findIndex((one) => hex(one) === packet);
  return known < 0 ? packet : PACKET_NAMES[known];
}

/** A key of up to eight bytes as a number, as outcomes have it; a longer one in hexadecimal. */
const keyText = (key: string): string =>
  key.length > 16 ? key : `${BigInt(`0x${(key.match(/../g) ?? ["0"]).toReversed().join("")}`)}`;

/** The workload in words. */
export function workloadText(
  { programs, interrupts = [], entries, standIns, user = [], packets = [], globals = {}, memory }: WitnessWorkload,
): string {
  const runs = programs.map(({ prog, cpus, pid }) => {
    const on = cpus.length > 1 ? t`${prog} once on CPUs ${cpus.join(t` and `)}` : t`${prog} once on CPU ${cpus[0]}`;
    return pid === undefined ? on : t`${on} (process ${pid})`;
  });
  const nested = interrupts.map(({ prog, kind }) => t`${prog} in between (${kind ?? t`interrupt`})`);
  const actors = user.map((name) => t`user space's ${name}`);
  const parts = [
    [...runs, ...nested, ...actors].join(", "),
    ...Object.entries(globals).map(([name, value]) => t`${name} is ${value}`),
    ...(entries.length > 0
      ? [t`there before: ${entries.map(({ map, key }) => `${map}[${keyText(key)}]`).join(", ")}`]
      : []),
    ...(packets.length > 0 ? [t`packet: ${packets.map(packetText).join(", ")}`] : []),
    ...(programs.some(({ ctx }) => ctx) ? [t`a context of numbers`] : []),
    ...(standIns.length > 0 ? [t`${standIns.join(", ")}: 0, for want of a model`] : []),
    ...(memory ? [t`memory as the kernel's BPF memory model allows it`] : []),
  ];
  return parts.join("; ");
}
