/** Where a text stops being JSON: JSON.parse tells the place of some mistakes only. */

/**
 * The offset of the first character that JSON (RFC 8259) does not allow, the text's length when something is missing
 * at its end, or undefined when the text is JSON.
 */
export function findJsonMistake(text: string): number | undefined {
  const space = /[ \t\r\n]*/y;
  const scalar =
    // deno-lint-ignore no-control-regex -- strings may not hold them
    /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
  let at = 0;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const takeSign = (signs: string): string | undefined => {
    take(space);
    const sign = text[at];
    if (sign === undefined || !signs.includes(sign)) return undefined;
    at++;
    return sign;
  };

  /** What begins here is wrong here, unless it is only cut off by the end of the text. */
  const mistake = (): number => {
    const start = at;
    take(/"[^"]*|\w+/y);
    return at === text.length ? at : start;
  };

  /** Brackets that are open, innermost last; no recursion, a file may nest as deep as it likes. */
  const open: string[] = [];
  let expected: "value" | "first" | "comma" = "value";
  for (;;) {
    if (expected === "comma") {
      if (open.length === 0) {
        take(space);
        return at === text.length ? undefined : at;
      }
      const sign = takeSign(`,${open.at(-1)}`);
      if (sign === undefined) return at;
      if (sign !== ",") {
        open.pop();
        continue;
      }
    } else if (expected === "first" && takeSign(open.at(-1)!)) {
      open.pop();
      expected = "comma";
      continue;
    }
    if (open.at(-1) === "}") {
      take(space);
      if (text[at] !== '"' || !take(scalar)) return mistake();
      if (!takeSign(":")) return at;
    }
    const bracket = takeSign("[{");
    if (bracket) open.push(bracket === "[" ? "]" : "}");
    else if (!take(scalar)) return mistake();
    expected = bracket ? "first" : "comma";
  }
}
