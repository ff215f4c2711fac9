import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../lib/words/json_text.ts";

const mistakeIn = (text: string): string => {
  try {
    parseJson(text);
    return "none";
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    return (error as Error).message;
  }
};

const isJson = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("a mistake in JSON", () => {
  it("has a place wherever JSON.parse finds a mistake", () => {
    const changed = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom("", ",", "}", "]", '"', ":", "1", "-", "\\", " ", "\n", "x"),
    )
      .map(([text, place, piece]) => {
        const at = place % (text.length + 1);
        return text.slice(0, at) + piece + text.slice(at + (place % 2));
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), changed, fc.string(), fc.string({ unit: "binary" })), (text) => {
        expect(mistakeIn(text)).toMatch(isJson(text) ? /^none$/ : /line \d+, column \d+|the file is empty/);
      }),
      { numRuns: 2000 },
    );
  });

  it("is the end of what is cut off there, and nothing before it", () => {
    const whole = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()));
    fc.assert(
      fc.property(whole, fc.nat(), fc.constantFrom(0, 2), (value, place, indent) => {
        const text = JSON.stringify(value, null, indent), cut = text.slice(0, 1 + place % (text.length - 1));
        expect(mistakeIn(cut)).toMatch(/^the JSON breaks off at line \d+, column \d+; the file is incomplete$/);
      }),
      { numRuns: 2000 },
    );
  });

  it("is the character that does not belong", () => {
    expect(mistakeIn('{"a": [1, 2,]}')).toBe('broken JSON at line 1, column 13, in: {"a": [1, 2,]}');
    expect(mistakeIn('{"a": [1, 2,]')).toBe('broken JSON at line 1, column 13, in: {"a": [1, 2,]');
    expect(mistakeIn('{\n  "a": 1\n  "b": 2\n}')).toBe('broken JSON at line 3, column 3, in: "b": 2');
    expect(mistakeIn('{"a": [1')).toBe("the JSON breaks off at line 1, column 9; the file is incomplete");
    expect(mistakeIn("[] []")).toBe("broken JSON at line 1, column 4, in: [] []");
    expect(mistakeIn("[1, // one\n2]")).toBe("broken JSON at line 1, column 5, in: [1, // one");
  });

  it("is named for what it is where the file is empty or half merged", () => {
    expect(mistakeIn(" \n")).toBe("the file is empty");
    expect(mistakeIn('{\n<<<<<<< HEAD\n"a": 1\n=======\n"a": 2\n>>>>>>> other\n}')).toBe(
      "line 2 holds the marks of an unfinished merge",
    );
  });

  it("behind more brackets than the stack has room for has JSON.parse's words", () => {
    expect(mistakeIn("[".repeat(100_000))).toMatch(/^broken JSON: /);
    expect(parseJson("[".repeat(50_000) + "]".repeat(50_000))).toHaveLength(1);
  });
});
