/** What a loaded or refused object leaves behind; apart from Deno's own types, which users of the package lack. */

/** What loading came to: 0 or a positive errno, the verifier's log, and what libbpf said when the log is empty. */
export interface LoadOutcome {
  readonly errno: number;
  readonly log: string;
  readonly messages: string;
}
