/** Finds the one line that matters in the log of the kernel's verifier. */

/** Lines that tell where the verifier was or what it counted, not what was wrong. */
const NOT_A_MESSAGE: readonly RegExp[] = [
  /^\d+: /, // an instruction and the state after it: `3: (85) call bpf_map_lookup_elem#1 ; R0_w=...`
  /^; /, // its C line
  /^from \d+ to \d+/,
  /^R\d+(_\w+)?=/, // the state of the registers
  /^func#\d+ @\d+/,
  /^(processed|verification time|stack depth|mark_precise|Live regs before insn|Validating|Func#)/,
  /^(caller:|callee:|frame\d+:|returning from callee|to caller|propagating )/,
  /^\s/,
];

/**
 * The verifier's complaint: the last line of its log that is neither an instruction nor a state nor a statistic. A
 * complaint that the kernel breaks over lines after a comma or a preposition is given as one.
 */
export function verifierMessage(log: string): string {
  // The one complaint that goes on at the end of an instruction's line.
  const endless = /infinite loop detected at insn \d+/.exec(log);
  if (endless) return endless[0];
  const lines = log.split("\n").filter((line) => line && !NOT_A_MESSAGE.some((pattern) => pattern.test(line)));
  let message = lines.at(-1)?.trim() ?? "";
  for (let at = lines.length - 2; at >= 0 && /(,| or in)$/.test(lines[at].trim()); at--) {
    message = `${lines[at].trim()} ${message}`;
  }
  return message;
}
