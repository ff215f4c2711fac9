/** Loads instructions of our own into the kernel, with just enough BTF for callbacks. */
import { encode } from "../../isa/insn.ts";
import { BackendError } from "../../host/backend_error.ts";
import { errnoName } from "../../uapi/errno.ts";
import type { LinkedProgram } from "./harness.ts";
import { addressOf, cString, libbpf, libc, options } from "./libbpf.ts";
import { verifierMessage } from "./verifier_log.ts";

const LOG_BYTES = 1 << 20;
/** Offsets of struct bpf_prog_load_opts (tools/lib/bpf/bpf.h). */
const OPTS = {
  bytes: 104,
  progBtfFd: 16,
  progFlags: 20,
  funcInfo: 56,
  funcInfoCnt: 64,
  funcInfoRecSize: 68,
  logLevel: 88,
  logSize: 92,
  logBuf: 96,
} as const;

/**
 * Loads a linked program under a type.
 *
 * @returns its fd, to be closed by the caller
 * @throws ProgramRefused with the verifier's message
 */
export function loadProgram(type: number, program: LinkedProgram, license: string, flags = 0): number {
  const btf = functionBtf(program.starts.length);
  const btfFd = libbpf().bpf_btf_load(btf, BigInt(btf.length), options(8));
  if (btfFd < 0) throw new BackendError(`the kernel refuses the BTF of our harness: ${errnoName(btfFd)}`);
  try {
    const insns = new Uint8Array(encode(program.insns));
    const funcInfo = new Uint8Array(program.starts.length * 8);
    const view = new DataView(funcInfo.buffer);
    program.starts.forEach((start, index) => {
      view.setUint32(index * 8, start, true);
      view.setUint32(index * 8 + 4, FIRST_FUNC_ID + index, true);
    });
    const load = (log?: Uint8Array<ArrayBuffer>) =>
      libbpf().bpf_prog_load(
        type,
        cString("interleave"),
        cString(license),
        insns,
        BigInt(program.insns.length),
        options(OPTS.bytes, [
          [OPTS.progBtfFd, 4, btfFd],
          [OPTS.progFlags, 4, flags],
          [OPTS.funcInfo, 8, addressOf(funcInfo)],
          [OPTS.funcInfoCnt, 4, program.starts.length],
          [OPTS.funcInfoRecSize, 4, 8],
          ...(log
            ? [[OPTS.logLevel, 4, 1], [OPTS.logSize, 4, LOG_BYTES], [OPTS.logBuf, 8, addressOf(log)]] as const
            : []),
        ]),
      );
    const fd = load();
    if (fd >= 0) return fd;
    const log = new Uint8Array(LOG_BYTES);
    const again = load(log);
    if (again >= 0) return again;
    const text = new TextDecoder().decode(log.subarray(0, log.indexOf(0)));
    throw new ProgramRefused(-again, verifierMessage(text) || errnoName(again), text);
  } finally {
    libc().close(btfFd);
  }
}

/** The kernel's verifier refuses a program. */
export class ProgramRefused extends Error {
  override name = "ProgramRefused";
  constructor(readonly errno: number, message: string, readonly log: string) {
    super(message);
  }
}

const FIRST_FUNC_ID = 3;
const BTF_HEADER_BYTES = 24;

/**
 * BTF with one `int f(void)` for each function: the verifier takes callbacks only from programs whose functions have
 * types, and of those static ones it only asks that they be static (Documentation/bpf/btf.rst, "BTF_KIND_FUNC").
 */
function functionBtf(functions: number): Uint8Array<ArrayBuffer> {
  const INT = 1, FUNC = 12, FUNC_PROTO = 13, STATIC = 0, GLOBAL = 1;
  const strings: number[] = [0];
  const addString = (text: string) => {
    const at = strings.length;
    strings.push(...cString(text));
    return at;
  };
  const types: number[] = [];
  types.push(addString("int"), INT << 24, 4, (1 << 24) | 32); // id 1: signed, 32 bits
  types.push(0, FUNC_PROTO << 24, 1); // id 2: returns int
  for (let index = 0; index < functions; index++) {
    types.push(addString(index === 0 ? "harness" : `f${index}`), (FUNC << 24) | (index === 0 ? GLOBAL : STATIC), 2);
  }
  const typeBytes = types.length * 4;
  const bytes = new Uint8Array(BTF_HEADER_BYTES + typeBytes + strings.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, true);
  view.setUint8(2, 1);
  view.setUint32(4, BTF_HEADER_BYTES, true);
  [0, typeBytes, typeBytes, strings.length].forEach((field, index) => view.setUint32(8 + index * 4, field, true));
  types.forEach((word, index) => view.setUint32(BTF_HEADER_BYTES + index * 4, word, true));
  bytes.set(strings, BTF_HEADER_BYTES + typeBytes);
  return bytes;
}
