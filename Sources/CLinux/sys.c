#include "nlg_sys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static socklen_t to_sockaddr(const struct nlg_address *a, struct sockaddr_storage *out) {
    memset(out, 0, sizeof *out);
    if (a->family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(a->port);
        memcpy(&in->sin_addr, a->ip, 4);
        return sizeof *in;
    }
    if (a->family == AF_INET6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(a->port);
        in6->sin6_scope_id = a->scope;
        memcpy(&in6->sin6_addr, a->ip, 16);
        return sizeof *in6;
    }
    struct sockaddr_un *un = (struct sockaddr_un *)out;
    un->sun_family = AF_UNIX;
    size_t n = a->path_length < sizeof un->sun_path ? a->path_length : sizeof un->sun_path;
    memcpy(un->sun_path, a->path, n);
    // A path ends with its NUL; an abstract name is exactly as long as said.
    if (n > 0 && a->path[0] != 0 && n < sizeof un->sun_path) n++;
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

static void from_sockaddr(const struct sockaddr_storage *s, socklen_t length, struct nlg_address *a) {
    memset(a, 0, sizeof *a);
    a->family = s->ss_family;
    if (s->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)s;
        a->port = ntohs(in->sin_port);
        memcpy(a->ip, &in->sin_addr, 4);
    } else if (s->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)s;
        a->port = ntohs(in6->sin6_port);
        a->scope = in6->sin6_scope_id;
        memcpy(a->ip, &in6->sin6_addr, 16);
    } else if (s->ss_family == AF_UNIX && length > offsetof(struct sockaddr_un, sun_path)) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)s;
        size_t n = length - offsetof(struct sockaddr_un, sun_path);
        if (n > sizeof a->path) n = sizeof a->path;
        memcpy(a->path, un->sun_path, n);
        if (a->path[0] != 0 && a->path[n - 1] == 0) n--;
        a->path_length = (uint16_t)n;
    }
}

int nlg_socket(int family, int type, int protocol) { return socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol); }

int nlg_socketpair_seqpacket(int out[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, out);
}

int nlg_accept(int fd, struct nlg_address *peer) {
    struct sockaddr_storage s;
    socklen_t length = sizeof s;
    int r = accept4(fd, (struct sockaddr *)&s, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (r >= 0) from_sockaddr(&s, length, peer);
    return r;
}

int nlg_bind(int fd, const struct nlg_address *address) {
    struct sockaddr_storage s;
    socklen_t length = to_sockaddr(address, &s);
    return bind(fd, (struct sockaddr *)&s, length);
}

int nlg_connect(int fd, const struct nlg_address *address) {
    struct sockaddr_storage s;
    socklen_t length = to_sockaddr(address, &s);
    return connect(fd, (struct sockaddr *)&s, length);
}

int nlg_getsockname(int fd, struct nlg_address *address) {
    struct sockaddr_storage s;
    socklen_t length = sizeof s;
    int r = getsockname(fd, (struct sockaddr *)&s, &length);
    if (r == 0) from_sockaddr(&s, length, address);
    return r;
}

int nlg_getpeername(int fd, struct nlg_address *address) {
    struct sockaddr_storage s;
    socklen_t length = sizeof s;
    int r = getpeername(fd, (struct sockaddr *)&s, &length);
    if (r == 0) from_sockaddr(&s, length, address);
    return r;
}

int nlg_peercred(int fd, int32_t *pid, uint32_t *uid, uint32_t *gid) {
    struct ucred c;
    socklen_t length = sizeof c;
    int r = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &length);
    if (r == 0) {
        *pid = c.pid;
        *uid = c.uid;
        *gid = c.gid;
    }
    return r;
}

int nlg_setsockopt_int(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value);
}

int nlg_getsockopt_int(int fd, int level, int option, int *value) {
    socklen_t length = sizeof *value;
    return getsockopt(fd, level, option, value, &length);
}

int nlg_resolve(const char *host, const char *port, int passive, int numeric_only, struct nlg_address *out,
                int capacity) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *list = NULL;
    if (passive) hints.ai_flags |= AI_PASSIVE;
    if (numeric_only) hints.ai_flags |= AI_NUMERICHOST;
    int r = getaddrinfo(host, port, &hints, &list);
    if (r != 0) return r < 0 ? r : -r;
    int n = 0;
    for (struct addrinfo *i = list; i != NULL && n < capacity; i = i->ai_next) {
        if (i->ai_family != AF_INET && i->ai_family != AF_INET6) continue;
        struct sockaddr_storage s = {0};
        memcpy(&s, i->ai_addr, i->ai_addrlen);
        from_sockaddr(&s, i->ai_addrlen, &out[n++]);
    }
    freeaddrinfo(list);
    return n;
}

const char *nlg_resolve_error(int code) { return gai_strerror(code); }

ssize_t nlg_send_with_fd(int socket, const void *bytes, size_t count, int fd) {
    struct iovec iov = {.iov_base = (void *)bytes, .iov_len = count};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    if (fd >= 0) {
        memset(&control, 0, sizeof control);
        m.msg_control = control.bytes;
        m.msg_controllen = sizeof control.bytes;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    ssize_t r;
    do r = sendmsg(socket, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (r < 0 && errno == EINTR);
    return r;
}

// Takes at most one descriptor out of m; closes every other one. Returns how many arrived.
static int take_descriptors(struct msghdr *m, int *fd) {
    int count = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            count += 1000;  // credentials, pidfds: nobody of ours sends them
            continue;
        }
        int n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < n; i++) {
            int got;
            memcpy(&got, CMSG_DATA(c) + (size_t)i * sizeof(int), sizeof got);
            if (count++ == 0 && fd != NULL) *fd = got;
            else close(got);
        }
    }
    return count;
}

static ssize_t receive(int socket, void *bytes, size_t capacity, int *fd) {
    struct iovec iov = {.iov_base = bytes, .iov_len = capacity};
    union {
        char bytes[CMSG_SPACE(8 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t r;
    do r = recvmsg(socket, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (r < 0 && errno == EINTR);
    if (r < 0) return r;
    int first = -1;
    int count = m.msg_controllen > 0 ? take_descriptors(&m, &first) : 0;
    int allowed = fd != NULL ? 1 : 0;
    if (count > allowed || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        if (first >= 0) close(first);
        errno = EPROTO;
        return -1;
    }
    if (fd != NULL) *fd = first;
    return r;
}

ssize_t nlg_recv_with_fd(int socket, void *bytes, size_t capacity, int *fd) {
    *fd = -1;
    return receive(socket, bytes, capacity, fd);
}

ssize_t nlg_recv_packet(int socket, void *bytes, size_t capacity) { return receive(socket, bytes, capacity, NULL); }

int nlg_netlink_bind(int fd, uint32_t port_id) {
    struct sockaddr_nl s = {.nl_family = AF_NETLINK, .nl_pid = port_id};
    return bind(fd, (struct sockaddr *)&s, sizeof s);
}

int nlg_netlink_port_id(int fd, uint32_t *port_id) {
    struct sockaddr_nl s;
    socklen_t length = sizeof s;
    int r = getsockname(fd, (struct sockaddr *)&s, &length);
    if (r == 0) *port_id = s.nl_pid;
    return r;
}

ssize_t nlg_netlink_recv(int fd, void *bytes, size_t capacity, uint32_t *sender, uint32_t *group) {
    struct sockaddr_nl from = {0};
    struct iovec iov = {.iov_base = bytes, .iov_len = capacity};
    union {
        char bytes[CMSG_SPACE(sizeof(struct nl_pktinfo)) + CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr m = {.msg_name = &from,
                       .msg_namelen = sizeof from,
                       .msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof control.bytes};
    ssize_t r;
    do r = recvmsg(fd, &m, MSG_TRUNC | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (r < 0 && errno == EINTR);
    if (r < 0) return r;
    *sender = from.nl_pid;
    *group = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_level == SOL_NETLINK && c->cmsg_type == NETLINK_PKTINFO) {
            struct nl_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            *group = info.group;
        }
    }
    return r;
}

int nlg_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int nlg_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event e = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, operation, fd, &e);
}

int nlg_epoll_wait(int epoll, struct nlg_event *out, int capacity, int timeout_ms) {
    struct epoll_event events[64];
    if (capacity > 64) capacity = 64;
    int n = epoll_wait(epoll, events, capacity, timeout_ms);
    if (n < 0 && errno == EINTR) return 0;
    for (int i = 0; i < n; i++) {
        out[i].events = events[i].events;
        out[i].token = events[i].data.u64;
    }
    return n;
}

int nlg_poll(int fd, short events, int timeout_ms) {
    struct pollfd p = {.fd = fd, .events = events};
    int r = poll(&p, 1, timeout_ms);
    if (r <= 0) return r < 0 && errno == EINTR ? 0 : r;
    return p.revents;
}

int nlg_signalfd(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int nlg_signalfd_read(int fd) {
    struct signalfd_siginfo info;
    ssize_t r = read(fd, &info, sizeof info);
    return r == (ssize_t)sizeof info ? (int)info.ssi_signo : -1;
}

int nlg_block_signal(int signal, int on) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return sigprocmask(on ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

int nlg_ignore_sigpipe(void) {
    struct sigaction a = {.sa_handler = SIG_IGN};
    return sigaction(SIGPIPE, &a, NULL);
}

int nlg_set_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

int nlg_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int nlg_pidfd_send_signal(int pidfd, int signal) { return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0); }

int nlg_pidfd_reap(int pidfd, int *status) {
    siginfo_t info = {0};
    if (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0) return -1;
    if (info.si_pid == 0) return 0;
    *status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8
                                         : info.si_status | (info.si_code == CLD_DUMPED ? 0x80 : 0);
    return 1;
}

uint64_t nlg_monotonic_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t nlg_boottime_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int nlg_getrandom(void *bytes, size_t count) { return getrandom(bytes, count, 0) == (ssize_t)count ? 0 : -1; }

int nlg_open(const char *path, int flags, uint32_t mode) { return open(path, flags | O_CLOEXEC, (mode_t)mode); }

int nlg_set_cloexec(int fd, int on) { return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0); }

int nlg_set_nonblocking(int fd, int on) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return -1;
    return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int nlg_dup_above(int fd, int lowest) { return fcntl(fd, F_DUPFD_CLOEXEC, lowest); }

uint32_t nlg_if_index(const char *name) { return if_nametoindex(name); }
