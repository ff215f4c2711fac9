/** A walk that is slow enough sees one key before the first turn and another one after the second. */
export default () => 2;
