/** Two endings: torn 0 and torn 1. */
export default () => 1;
