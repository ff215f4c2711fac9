/** The reader finds the element; CPU 0 replaces it, then fills it anew; the reader reads half and half. */
export default () => "1*4 0*13 1*2";
