/** One value of 24 bytes for each of 64 possible CPUs. */
export default () => 64 * 24;
