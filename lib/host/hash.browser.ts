/** SHA-256 (FIPS 180-4) at once: a page's own, crypto.subtle, only answers later. */

/** The first 32 bits of the fractional part of a root: section 4.2.2 and 5.3.3 take those of the first primes. */
const fraction = (root: number): number => ((root - Math.floor(root)) * 2 ** 32) | 0;
const PRIMES = Array.from({ length: 310 }, (_, i) => i + 2).filter((n) => {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
});
const ROUND = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

const turn = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

/** SHA-256 of all parts, one after another, in hex. */
export function sha256Hex(...parts: readonly (string | Uint8Array)[]): string {
  const pieces = parts.map((part) => typeof part === "string" ? new TextEncoder().encode(part) : part);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const message = new Uint8Array(Math.ceil((length + 9) / 64) * 64), view = new DataView(message.buffer);
  let at = 0;
  for (const piece of pieces) {
    message.set(piece, at);
    at += piece.length;
  }
  message[length] = 0x80;
  view.setBigUint64(message.length - 8, BigInt(length) * 8n);
  const state = START.slice(), words = new Int32Array(64);
  for (let block = 0; block < message.length; block += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(block + 4 * i);
    for (let i = 16; i < 64; i++) {
      const w15 = words[i - 15], w2 = words[i - 2];
      const s0 = turn(w15, 7) ^ turn(w15, 18) ^ (w15 >>> 3), s1 = turn(w2, 17) ^ turn(w2, 19) ^ (w2 >>> 10);
      words[i] = words[i - 16] + s0 + words[i - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const sum1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25), chosen = (e & f) ^ (~e & g);
      const first = (h + sum1 + chosen + ROUND[i] + words[i]) | 0;
      const sum0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22), majority = (a & b) ^ (a & c) ^ (b & c);
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + sum0 + majority) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => state[i] += word);
  }
  return [...state].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}
