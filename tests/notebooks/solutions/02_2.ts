/** All take their numbers and load 0; CPU 1 swaps 3 in; CPU 2 finds 3 where it expected 0, and gives up. */
export default () => "0*2 1*2 2*2 1 2";
