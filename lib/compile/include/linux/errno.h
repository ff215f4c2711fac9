/* What helpers return, negated. */
#ifndef INTERLEAVE_LINUX_ERRNO_H
#define INTERLEAVE_LINUX_ERRNO_H

#define EPERM 1
#define ENOENT 2
#define EINTR 4
#define E2BIG 7
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define EINVAL 22
#define ENOSPC 28
#define ERANGE 34
#define EDEADLK 35
#define EOPNOTSUPP 95
#define ETIMEDOUT 110

#endif
