/** Both store and load while both stores wait; then the buffers are flushed, and both note what they saw. */
export default () => "0*2 1*2 f0 f1 1 0";
