// What Swift can't call by itself: variadic functions, function-like macros, and structs that glibc hides
// without _GNU_SOURCE (which must never be defined here: it would change fd_set between modules).
// Every function returns -1 and sets errno on failure unless it says otherwise.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// One address of any family that nlgate listens on or connects to. Port and scope are in host byte order.
struct nlg_address {
    uint16_t family;    // AF_INET, AF_INET6, AF_UNIX
    uint16_t port;
    uint32_t scope;     // sin6_scope_id
    uint8_t ip[16];     // network byte order; IPv4 uses the first four
    uint16_t path_length;
    uint8_t path[108];  // AF_UNIX; a leading NUL means an abstract name
};

// sockets
int nlg_socket(int family, int type, int protocol);
int nlg_socketpair_seqpacket(int out[_Nonnull 2]);
int nlg_accept(int fd, struct nlg_address *_Nonnull peer);
int nlg_bind(int fd, const struct nlg_address *_Nonnull address);
int nlg_connect(int fd, const struct nlg_address *_Nonnull address);
int nlg_getsockname(int fd, struct nlg_address *_Nonnull address);
int nlg_getpeername(int fd, struct nlg_address *_Nonnull address);
int nlg_peercred(int fd, int32_t *_Nonnull pid, uint32_t *_Nonnull uid, uint32_t *_Nonnull gid);
int nlg_setsockopt_int(int fd, int level, int option, int value);
int nlg_getsockopt_int(int fd, int level, int option, int *_Nonnull value);
// Resolves host and port; returns the number of addresses written (at most capacity), or a negative EAI_ code.
int nlg_resolve(const char *_Nonnull host, const char *_Nonnull port, int passive, int numeric_only,
                struct nlg_address *_Nonnull out, int capacity);
const char *_Nonnull nlg_resolve_error(int code);

// One message with at most one descriptor (fd -1: none).
ssize_t nlg_send_with_fd(int socket, const void *_Nullable bytes, size_t count, int fd);
// Receives one message and at most one descriptor into *fd (-1: none), close-on-exec. More descriptors, or a
// message that doesn't fit: all descriptors are closed and errno is EPROTO.
ssize_t nlg_recv_with_fd(int socket, void *_Nonnull bytes, size_t capacity, int *_Nonnull fd);
// Receives one SEQPACKET message without ancillary data: descriptors are closed and errno is EPROTO.
ssize_t nlg_recv_packet(int socket, void *_Nonnull bytes, size_t capacity);

// netlink
int nlg_netlink_bind(int fd, uint32_t port_id);
int nlg_netlink_port_id(int fd, uint32_t *_Nonnull port_id);
// One datagram: the sender's port id, the multicast group (0 for unicast; needs NETLINK_PKTINFO), and the full
// length, which is larger than capacity when the datagram was cut.
ssize_t nlg_netlink_recv(int fd, void *_Nonnull bytes, size_t capacity, uint32_t *_Nonnull sender,
                         uint32_t *_Nonnull group);

// events
struct nlg_event {
    uint32_t events;
    uint64_t token;
};
int nlg_epoll_create(void);
int nlg_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t token);
int nlg_epoll_wait(int epoll, struct nlg_event *_Nonnull out, int capacity, int timeout_ms);
int nlg_poll(int fd, short events, int timeout_ms);
// Blocks the signals in the calling thread and returns a descriptor that reports them.
int nlg_signalfd(const int *_Nonnull signals, int count);
// The next pending signal number, or -1 with EAGAIN.
int nlg_signalfd_read(int fd);
// Blocks or unblocks one signal in the calling thread.
int nlg_block_signal(int signal, int on);
int nlg_ignore_sigpipe(void);

// processes
// The name that ps and pgrep show (PR_SET_NAME); at most 15 bytes are kept.
int nlg_set_name(const char *_Nonnull name);
int nlg_pidfd_open(pid_t pid);
int nlg_pidfd_send_signal(int pidfd, int signal);
// Reaps the process behind pidfd: 0 = still running, 1 = ended; status as waitpid reports it.
int nlg_pidfd_reap(int pidfd, int *_Nonnull status);

// time and chance
uint64_t nlg_monotonic_ms(void);
// The same, but time that the machine sleeps through counts.
uint64_t nlg_boottime_ms(void);
int nlg_getrandom(void *_Nonnull bytes, size_t count);

// files: fcntl and ioctl are variadic
int nlg_open(const char *_Nonnull path, int flags, uint32_t mode);
int nlg_set_cloexec(int fd, int on);
int nlg_set_nonblocking(int fd, int on);
int nlg_dup_above(int fd, int lowest);
// Interface index and name in the caller's namespace.
uint32_t nlg_if_index(const char *_Nonnull name);
