/** Two in a hash, one in an array. */
export default () => 3;
