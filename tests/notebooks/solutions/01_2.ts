/** CPU 0 loads 0; CPU 1's first run; CPU 0 stores 1; CPU 1 loads 1; CPU 0's second run; CPU 1 stores 2. */
export default () => "0 1*2 0 1 0*2 1";
