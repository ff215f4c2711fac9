/** Start and first look-up; the exchange; second look-up finds the other map; the swap waits for the run to end. */
export default () => "0*2 1*3 0*4 1";
