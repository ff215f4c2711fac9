/** All take their numbers; CPUs 1 and 2 load 0; CPU 1 swaps 3 in; CPU 2 finds 3 where it expected 0, and gives up. */
export default () => "0 1 2 0 1*2 2*2";
