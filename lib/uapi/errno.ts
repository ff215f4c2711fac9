/**
 * Error numbers that bpf(2), helper functions and the verifier answer with (include/uapi/asm-generic/errno-base.h and
 * errno.h; ENOTSUPP is of include/linux/errno.h, which user space does not see).
 */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  EMFILE: 24,
  ENOSPC: 28,
  ERANGE: 34,
  EDEADLK: 35,
  ENOSYS: 38,
  EPROTO: 71,
  EILSEQ: 84,
  EMSGSIZE: 90,
  EOPNOTSUPP: 95,
  ETIMEDOUT: 110,
  ENOTSUPP: 524,
} as const;

/** Results from -MAX_ERRNO to -1 are errors (include/linux/err.h). */
export const MAX_ERRNO = 4095;

const NAMES = new Map<number, string>(Object.entries(ERRNO).map(([name, errno]) => [errno, name]));

/** `EINVAL` for 22 and for -22; `errno 200` for a number that the table lacks. */
export const errnoName = (errno: number): string => NAMES.get(Math.abs(errno)) ?? `errno ${Math.abs(errno)}`;
