/** Start and load; the whole interrupt; then the store of the old value plus one. */
export default () => "0*2 1*2 0";
