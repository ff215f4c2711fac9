/** Packets from files: hexadecimal text, raw bytes, or what tcpdump writes (pcap, draft-ietf-opsawg-pcap). */
import { WorkloadError } from "../cpu/workload_error.ts";

const PCAP_MICROSECONDS = 0xa1b2_c3d4, PCAP_NANOSECONDS = 0xa1b2_3c4d, PCAPNG = 0x0a0d_0d0a;
const FILE_HEADER_BYTES = 24, PACKET_HEADER_BYTES = 16, LINKTYPE_ETHERNET = 1;

/** The bytes that hexadecimal digits stand for; blanks, colons and `0x` between them count for nothing. */
export function hexBytes(text: string): Uint8Array | undefined {
  const digits = text.replace(/0x|[\s:,_]/gi, "");
  if (digits === "" || digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return undefined;
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/**
 * The packets in a file: all of a pcap file; one of each line of hexadecimal digits; else the file's bytes are one packet.
 *
 * @param name of the file, for messages
 * @throws WorkloadError for a pcap file that is damaged or not of Ethernet
 */
export function packetsIn(bytes: Uint8Array, name: string): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = bytes.length >= 4 ? view.getUint32(0, true) : 0,
    swapped = bytes.length >= 4 ? view.getUint32(0, false) : 0;
  if (magic === PCAPNG) {
    throw new WorkloadError(`${name} is a pcapng file: tcpdump -r ${name} -w packets.pcap makes a pcap file of it`);
  }
  for (const [found, littleEndian] of [[magic, true], [swapped, false]] as const) {
    if (found === PCAP_MICROSECONDS || found === PCAP_NANOSECONDS) return pcapPackets(view, littleEndian, name);
  }
  const isText = bytes.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127));
  if (!isText) return [bytes];
  const lines = new TextDecoder().decode(bytes).split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, i) => {
    const packet = hexBytes(line);
    if (packet) return packet;
    throw new WorkloadError(`${name}: line ${i + 1} is no packet: it must have two hexadecimal digits for each byte`);
  });
}

function pcapPackets(view: DataView, littleEndian: boolean, name: string): Uint8Array[] {
  const damaged = (why: string) => new WorkloadError(`${name} is a damaged pcap file: ${why}`);
  if (view.byteLength < FILE_HEADER_BYTES) throw damaged("it ends in its header");
  const linkType = view.getUint32(20, littleEndian) & 0xffff;
  if (linkType !== LINKTYPE_ETHERNET) {
    throw new WorkloadError(`${name} has packets of link type ${linkType}: only Ethernet (1) is taken`);
  }
  const packets: Uint8Array[] = [];
  for (let at = FILE_HEADER_BYTES; at < view.byteLength;) {
    if (at + PACKET_HEADER_BYTES > view.byteLength) {
      throw damaged(`it ends in the header of packet ${packets.length + 1}`);
    }
    const captured = view.getUint32(at + 8, littleEndian), start = at + PACKET_HEADER_BYTES;
    if (start + captured > view.byteLength) throw damaged(`it ends in packet ${packets.length + 1}`);
    packets.push(new Uint8Array(view.buffer, view.byteOffset + start, captured).slice());
    at = start + captured;
  }
  if (packets.length === 0) throw new WorkloadError(`${name} has no packet`);
  return packets;
}
