/** How texts change with the language: catalogue, templates, wrapped objects. */
import { describe, expect, it } from "vitest";
import { inLanguage, language, languageOf, setLanguage } from "../../lib/host/language.ts";
import { inCatalogue, t, translated } from "../../lib/words/translation.ts";

const steps = (n: number) => n === 1 ? t`${n} step not shown` : t`${n} steps not shown`;
const texts = translated({ step: "step", key: { load: "load", empty: "" }, columns: ["least", "most"], steps });
const claims = translated([{ id: "true", says: "true" }], ["says"]);

const CHINESE = { step: "步", load: "加载", most: "最多", "{0} steps not shown": "略去 {0} 步", true: "正确" };

describe("a text", () => {
  it("is English where no catalogue is used", () => {
    expect([texts.step, texts.key.load, texts.columns.join(), texts.steps(2)])
      .toEqual(["step", "load", "least,most", "2 steps not shown"]);
  });

  it("is what the catalogue has, at any depth, and English where it has none", () => {
    expect(inCatalogue(CHINESE, () => [texts.step, texts.key.load, texts.columns.join(), steps(2), steps(1)]))
      .toEqual(["步", "加载", "least,最多", "略去 2 步", "1 step not shown"]);
    expect(texts.step).toBe("step");
  });

  it("stays where it is a name for code", () => {
    const [claim] = inCatalogue(CHINESE, () => [...claims]);
    expect(claim).toEqual({ id: "true", says: "正确" });
  });

  it("keeps values that look like places", () => {
    const find = (what: string, where: string) => t`${what} in ${where}`;
    expect(inCatalogue({ "{0} in {1}": "{1} 中的 {0}" }, () => find("{1}", "a"))).toBe("a 中的 {1}");
  });

  it("has the names of no object's own methods", () => {
    const one = translated({ text: "toString" });
    expect(inCatalogue({}, () => one.text)).toBe("toString");
  });
});

describe("the language", () => {
  it("is known by the names that systems have for it", () => {
    expect(["zh", "zh_CN.UTF-8", "zh-Hans", "EN", "fr"].map(languageOf)).toEqual(["zh", "zh", "zh", "en", undefined]);
  });

  it("is chosen, and for one call only", () => {
    expect(inLanguage("zh", language)).toBe("zh");
    expect(language()).toBe("en");
    expect(() => inLanguage("zh", () => setLanguage("tlh"))).toThrow(/setLanguage\("tlh"\).*en, zh/);
    expect(language()).toBe("en");
  });
});
