/** A module worker has no console of the reader's: errors name their line by this file name. */
export const CELL_FILE = "cell.ts";
