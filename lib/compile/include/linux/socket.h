/* Families and options of sockets, as programs on cgroups meet them. */
#ifndef INTERLEAVE_LINUX_SOCKET_H
#define INTERLEAVE_LINUX_SOCKET_H

typedef unsigned short __kernel_sa_family_t;

#ifndef AF_INET
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#endif
#define SOL_SOCKET 1
#define SOL_TCP 6
#define SO_REUSEADDR 2
#define SO_SNDBUF 7
#define SO_RCVBUF 8
#define SO_KEEPALIVE 9
#define SO_PRIORITY 12
#define SO_REUSEPORT 15
#define SO_MARK 36

#endif
