/** Changes when other bytes come out of the same IR: objects are kept under it. */
export const BACK_END_VERSION = 1;
