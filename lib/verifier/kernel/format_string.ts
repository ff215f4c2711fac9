/** Format strings as bpf_snprintf() takes them (kernel/bpf/helpers.c:bpf_bprintf_prepare). */

/** What may follow the `%`: width, then a conversion; words and addresses must end there. */
const CONVERSION =
  /^[0+\- ]*(?:[1-9][0-9]*)?(?:p(?:[ku]s(?=$|[\s!-/:-@[-`{-~])|[KxsSB]|[iI][46]|(?=$|[\s!-/:-@[-`{-~]))|s(?=$|[\s!-/:-@[-`{-~])|c|l{0,2}[iduxX])/;
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0e-\x1f\x7f]/;

/** Whether the kernel takes a format for so many arguments; fewer conversions than arguments are fine. */
export function isFormat(text: string, argumentCount: number): boolean {
  if (CONTROL.test(text)) return false;
  let conversions = 0;
  for (let at = text.indexOf("%"); at >= 0; at = text.indexOf("%", at)) {
    const rest = text.slice(at + 1);
    if (rest.startsWith("%")) {
      at += 2;
      continue;
    }
    const found = CONVERSION.exec(rest);
    if (!found || conversions >= argumentCount) return false;
    conversions++;
    at += 1 + found[0].length;
  }
  return true;
}
