/** `right`'s store may still wait: both can see 0, as without the barrier. */
export default () => 4;
