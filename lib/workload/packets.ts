/** The packets that programs are handed where a workload names none, and whether a program looks at any. */
import {
  BPF_CLASS,
  classOf,
  type Insn,
  isAtomic,
  isCall,
  isExit,
  isHelperCall,
  isJump,
  isLoad,
  isStore,
  isWide,
} from "../isa/insn.ts";
import type { Program } from "../object/bpf_object.ts";
import { BPF_FUNC } from "../uapi/helpers.ts";
import { packetContext } from "../uapi/packet_contexts.ts";
import { programKind } from "../verifier/kernel/program_types.ts";
import { comparedConstants } from "./compared_constants.ts";

const ETH_P_IP = 0x0800, ETH_P_ARP = 0x0806, ETH_P_8021Q = 0x8100, ETH_P_IPV6 = 0x86dd;
const IPPROTO_ICMP = 1, IPPROTO_TCP = 6, IPPROTO_UDP = 17, IPPROTO_ICMPV6 = 58;

type Bytes = readonly number[];

const be16 = (value: number): Bytes => [(value >> 8) & 0xff, value & 0xff];
/** One's complement sum of 16-bit words (RFC 1071). */
function checksum(...parts: Bytes[]): Bytes {
  const bytes = parts.flat();
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return be16(~sum & 0xffff);
}
const patched = (
  bytes: Bytes,
  at: number,
  by: Bytes,
): Bytes => [...bytes.slice(0, at), ...by, ...bytes.slice(at + by.length)];

/** Addresses of the loopback device: all zero. */
const ethernet = (protocol: number, payload: Bytes): Bytes => [...new Array(12).fill(0), ...be16(protocol), ...payload];
const vlan = (id: number, protocol: number, payload: Bytes): Bytes => [...be16(id), ...be16(protocol), ...payload];

const SOURCE = [10, 0, 0, 1], TARGET = [10, 0, 0, 2];
const SOURCE_6 = [0xfd, ...new Array(14).fill(0), 1], TARGET_6 = [0xfd, ...new Array(14).fill(0), 2];

/** RFC 791, without options; the checksum of the payload stands at `sumAt` and covers addresses where `covers` says so. */
function ipv4(
  protocol: number,
  payload: Bytes,
  sumAt: number,
  covers: boolean,
  from: Bytes = SOURCE,
  to: Bytes = TARGET,
): Bytes {
  const header = [0x45, 0, ...be16(20 + payload.length), 0, 1, 0x40, 0, 64, protocol, 0, 0, ...from, ...to];
  const pseudo = covers ? [...from, ...to, 0, protocol, ...be16(payload.length)] : [];
  return [...patched(header, 10, checksum(header)), ...patched(payload, sumAt, checksum(pseudo, payload))];
}
/** RFC 8200. */
function ipv6(next: number, payload: Bytes, sumAt: number): Bytes {
  const header = [0x60, 0, 0, 0, ...be16(payload.length), next, 64, ...SOURCE_6, ...TARGET_6];
  const pseudo = [...SOURCE_6, ...TARGET_6, 0, 0, ...be16(payload.length), 0, 0, 0, next];
  return [...header, ...patched(payload, sumAt, checksum(pseudo, payload))];
}

const TEXT: Bytes = [...new TextEncoder().encode("GET / HTTP/1.1\r\nHost: interleave\r\n\r\n")];
const SYN = 0x02, ACK_PSH = 0x18;
/** RFC 9293, without options. */
const tcp = (source: number, target: number, flags: number, data: Bytes = []): Bytes => [
  ...[...be16(source), ...be16(target), 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0],
  ...data,
];
/** RFC 768. */
const udp = (source: number, target: number, data: Bytes): Bytes => [
  ...[...be16(source), ...be16(target), ...be16(8 + data.length), 0, 0],
  ...data,
];
const ECHO_DATA: Bytes = Array.from({ length: 32 }, (_, i) => i);
/** RFC 792, and RFC 4443. */
const echo = (type: number): Bytes => [type, 0, 0, 0, 0, 1, 0, 1, ...ECHO_DATA];
/** RFC 826: who has the target's address? */
const arp =
  (): Bytes => [0, 1, 8, 0, 6, 4, 0, 1, ...new Array(6).fill(0), ...SOURCE, ...new Array(6).fill(0), ...TARGET];
/** A query for the address of `a.` (RFC 1035). */
const DNS: Bytes = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 0, 0, 1, 0, 1];

const TCP_SUM = 16, UDP_SUM = 6, ICMP_SUM = 2;

/** By name; the first is what a program is handed that runs once. */
const PACKETS: Readonly<Record<string, Bytes>> = {
  "IPv4 TCP": ethernet(ETH_P_IP, ipv4(IPPROTO_TCP, tcp(40_000, 80, ACK_PSH, TEXT), TCP_SUM, true)),
  "IPv4 UDP": ethernet(ETH_P_IP, ipv4(IPPROTO_UDP, udp(40_001, 53, DNS), UDP_SUM, true)),
  "IPv4 ICMP": ethernet(ETH_P_IP, ipv4(IPPROTO_ICMP, echo(8), ICMP_SUM, false)),
  "IPv6 TCP": ethernet(ETH_P_IPV6, ipv6(IPPROTO_TCP, tcp(40_002, 443, SYN), TCP_SUM)),
  "IPv6 UDP": ethernet(ETH_P_IPV6, ipv6(IPPROTO_UDP, udp(40_003, 53, DNS), UDP_SUM)),
  "IPv6 ICMP": ethernet(ETH_P_IPV6, ipv6(IPPROTO_ICMPV6, echo(128), ICMP_SUM)),
  "VLAN IPv4 TCP": ethernet(ETH_P_8021Q, vlan(5, ETH_P_IP, ipv4(IPPROTO_TCP, tcp(40_004, 80, SYN), TCP_SUM, true))),
  "ARP": ethernet(ETH_P_ARP, arp()),
  "IPv4, cut off in its header": ethernet(ETH_P_IP, ipv4(IPPROTO_TCP, tcp(40_005, 80, SYN), TCP_SUM, true)).slice(
    0,
    24,
  ),
};

export const PACKET_NAMES: readonly string[] = Object.keys(PACKETS);
/** What the runs of a task are handed in turn. */
export const DEFAULT_PACKETS: readonly Uint8Array[] = Object.values(PACKETS).map((bytes) => Uint8Array.from(bytes));
export const FIRST_PACKET = DEFAULT_PACKETS[0];

/** At most so many packets are made of the numbers that a program compares things with. */
const MOST_ASKED_FOR = 12;
/** Numbers from here on are ports; smaller ones rather lengths, or protocols that the packets above have. */
const LEAST_PORT = 20;
const asked = new WeakMap<Program, readonly Uint8Array[]>(), defaults = new WeakSet([DEFAULT_PACKETS]);

/**
 * What a program's runs are handed in turn: the packets above, then some with ports, protocols and addresses that it
 * compares something with.
 */
export function defaultPackets(program: Program): readonly Uint8Array[] {
  let found = asked.get(program);
  if (!found) {
    const made = askedFor(program);
    asked.set(program, found = made.length > 0 ? [...DEFAULT_PACKETS, ...made] : DEFAULT_PACKETS);
    defaults.add(found);
  }
  return found;
}

/** In words, what the first of so many runs are handed, where it is what {@link defaultPackets} gave. */
export function packetsInWords(packets: readonly Uint8Array[], runs: number): string | undefined {
  if (!defaults.has(packets)) return undefined;
  const more = Math.min(packets.length, runs) - PACKET_NAMES.length;
  return [
    ...PACKET_NAMES.slice(0, runs),
    ...(more > 0 ? [`${more} with ports, protocols and addresses that the program compares something with`] : []),
  ].join("; ");
}

function askedFor(program: Program): Uint8Array[] {
  const constants = comparedConstants([program]), swapped = (value: number) => (value >> 8) | (value & 0xff) << 8;
  const known = [ETH_P_IP, ETH_P_ARP, ETH_P_8021Q, ETH_P_IPV6];
  // A number of 16 bits is a port as it stands in the packet, or turned round already.
  const ports = constants.filter((value) => value >= LEAST_PORT && value <= 0xffff && !known.includes(swapped(value)))
    .flatMap((value) => value % 256 === 0 ? [swapped(value)] : value < 256 ? [value] : [swapped(value), value])
    .filter((port) => !known.includes(port));
  const protocols = constants.filter((value) => value >= LEAST_PORT && value < 256);
  const addresses = constants.map((value) => value >>> 0).filter((value) => value > 0xff_ffff && value < 0xe000_0000);
  const packets = [
    ...[...new Set(ports)].flatMap((port) => [
      packet(ipv4(IPPROTO_UDP, udp(port, port, DNS), UDP_SUM, true)),
      packet(ipv4(IPPROTO_TCP, tcp(port, port, ACK_PSH, TEXT), TCP_SUM, true)),
    ]),
    ...addresses.map((value) => {
      const address = [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
      const header = ipv4(IPPROTO_TCP, tcp(40_006, 80, SYN), TCP_SUM, true, address, address);
      return packet(header);
    }),
    ...protocols.map((protocol) => packet(ipv4(protocol, ECHO_DATA, ICMP_SUM, false))),
  ];
  return packets.slice(0, MOST_ASKED_FOR);
}

const packet = (payload: Bytes): Uint8Array => Uint8Array.from(ethernet(ETH_P_IP, payload));

/** Helpers that act on a run's packet without being given the context. */
const REDIRECTS: readonly number[] = [
  BPF_FUNC.redirect,
  BPF_FUNC.redirect_map,
  BPF_FUNC.redirect_neigh,
  BPF_FUNC.redirect_peer,
];

/** Whether a program's runs are handed packets: those of types that get them, unless the program can't tell. */
export const seesPackets = (program: Program): boolean =>
  packetContext(programKind(program.section)?.type ?? -1) !== undefined &&
  (seesContext(program) || program.insns.some((insn) => isHelperCall(insn) && REDIRECTS.includes(insn.imm)));

/**
 * Whether a program can see its context: not where r1 is overwritten before anything reads it. Calls and jumps that come
 * first are taken for readers.
 */
function seesContext({ insns }: Program): boolean {
  for (let at = 0; at < insns.length; at += isWide(insns[at]) ? 2 : 1) {
    const insn = insns[at];
    if (isExit(insn)) return false;
    if (isCall(insn) || isJump(insn)) return true;
    if (readsR1(insn)) return true;
    if (insn.dst === 1 && !isStore(insn) && !isAtomic(insn)) return false;
  }
  return false;
}

const MOV_OPERATION = 0xb0;

function readsR1(insn: Insn): boolean {
  if (isWide(insn)) return false;
  if (isLoad(insn)) return insn.src === 1;
  if (isStore(insn) || isAtomic(insn)) return insn.dst === 1 || insn.src === 1;
  const isAlu = classOf(insn) === BPF_CLASS.ALU || classOf(insn) === BPF_CLASS.ALU64;
  const readsDst = insn.dst === 1 && !(isAlu && (insn.opcode & 0xf0) === MOV_OPERATION);
  return readsDst || ((insn.opcode & 0x08) !== 0 && insn.src === 1);
}
