/** Listings in a cell's text, as far as a look at it can tell. */

const LISTING = /\bbpf(?:\.with\([^`]*?\))?`[^`]*`/g;

/** Whether a text has a listing that another one has not. */
export function hasOtherListing(text: string, original: string): boolean {
  const known = new Set(original.match(LISTING));
  return (text.match(LISTING) ?? []).some((listing) => !known.has(listing));
}
