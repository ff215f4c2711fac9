/** The beginning and the end of a log that may be too long to be read. */
const FIRST_LINES = 1_000, LAST_LINES = 10_000;

export class LogWindow {
  #open = "";
  #lines = 0;
  /** The last lines, as a ring. */
  readonly #last: string[] = [];
  #next = 0;

  /** @param out gets the first lines as they come, the last ones at the end */
  constructor(readonly out: (text: string) => void, readonly first = FIRST_LINES, readonly most = LAST_LINES) {}

  write(text: string): void {
    const lines = (this.#open + text).split("\n");
    this.#open = lines.pop()!;
    for (const line of lines) this.#add(`${line}\n`);
  }

  #add(line: string): void {
    this.#lines++;
    if (this.#lines <= this.first) return this.out(line);
    this.#last[this.#next] = line;
    this.#next = (this.#next + 1) % this.most;
  }

  end(): void {
    if (this.#open) this.#add(this.#open);
    const left = this.#lines - this.first - this.#last.length;
    if (left > 0) this.out(`... ${left.toLocaleString("en-US")} lines left out ...\n`);
    for (const line of this.#last.slice(this.#next)) this.out(line);
    for (const line of this.#last.slice(0, this.#next)) this.out(line);
  }
}
