/** Where the CPUs of a machine sit, and how far apart two of them are. */

/** How a machine is built; a group is the cores that share a last-level cache. */
export interface Topology {
  /** Hardware threads. */
  readonly threadsPerCore: number;
  /** Cores that share a last-level cache. */
  readonly coresPerGroup: number;
  /** Such groups on one socket. */
  readonly groupsPerSocket: number;
  /** Sockets of the machine. */
  readonly sockets: number;
}

/** How far apart two CPUs are, from near to far. */
export const DISTANCE = { sameCpu: 0, sameCore: 1, sameGroup: 2, otherGroup: 3, otherSocket: 4 } as const;

/**
 * CPUs are numbered as Linux does it: first one hardware thread of each core, group after group and socket after
 * socket, then the second threads in the same order. A machine that has too few is taken to be built with more cores in
 * each group: were its cores shared out again, CPUs would come to be neighbours that no machine has.
 */
export class Places {
  /** Core, group and socket of each CPU. */
  readonly core: Int32Array;
  readonly group: Int32Array;
  readonly socket: Int32Array;
  readonly nrGroups: number;

  constructor(readonly topology: Topology, nrCpus: number) {
    const { threadsPerCore, groupsPerSocket, sockets } = topology, groups = groupsPerSocket * sockets;
    const coresPerGroup = Math.max(topology.coresPerGroup, Math.ceil(nrCpus / (groups * threadsPerCore)));
    const cores = coresPerGroup * groups;
    this.core = Int32Array.from({ length: nrCpus }, (_, cpu) => cpu % cores);
    this.group = this.core.map((core) => Math.floor(core / coresPerGroup));
    this.socket = this.group.map((group) => Math.floor(group / groupsPerSocket));
    this.nrGroups = groupsPerSocket * sockets;
  }

  /** One of {@link DISTANCE}. */
  distance(a: number, b: number): number {
    if (a === b) return DISTANCE.sameCpu;
    if (this.core[a] === this.core[b]) return DISTANCE.sameCore;
    if (this.group[a] === this.group[b]) return DISTANCE.sameGroup;
    return this.socket[a] === this.socket[b] ? DISTANCE.otherGroup : DISTANCE.otherSocket;
  }
}
