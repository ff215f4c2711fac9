/** The old value, as every fetch form does. */
export default () => 12;
