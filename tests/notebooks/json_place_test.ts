import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findJsonMistake } from "../../lib/jupyter/json_place.ts";

describe("the place of a mistake in JSON", () => {
  it("is none exactly where JSON.parse finds none", () => {
    const isJson = (text: string) => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
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
      fc.property(fc.oneof(fc.json(), changed, fc.string()), (text) => {
        expect(findJsonMistake(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 2000 },
    );
  });

  it("is the character that does not belong", () => {
    expect(findJsonMistake('{"a": [1, 2,]}')).toBe(12);
    expect(findJsonMistake('{"a": 1 "b": 2}')).toBe(8);
    expect(findJsonMistake('{"a": [1')).toBe(8);
    expect(findJsonMistake("[] []")).toBe(3);
  });
});
