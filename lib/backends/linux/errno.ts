/** Names of the error numbers that bpf(2) answers with (include/uapi/asm-generic/errno*.h, include/linux/errno.h). */
const NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  3: "ESRCH",
  4: "EINTR",
  7: "E2BIG",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  16: "EBUSY",
  17: "EEXIST",
  19: "ENODEV",
  22: "EINVAL",
  24: "EMFILE",
  28: "ENOSPC",
  34: "ERANGE",
  35: "EDEADLK",
  38: "ENOSYS",
  84: "EILSEQ",
  90: "EMSGSIZE",
  95: "EOPNOTSUPP",
  110: "ETIMEDOUT",
  524: "ENOTSUPP",
};

/** `EINVAL` for 22; the number itself as text when it has no name here. */
export const errnoName = (errno: number): string => NAMES[Math.abs(errno)] ?? `errno ${Math.abs(errno)}`;
