/** Lock, load, store count; the reader loads both; the writer goes on. */
export default () => "0*3 1*4 0*2";
