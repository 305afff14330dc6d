// What a hostile process does with a socket and what no library of ours offers.
#define _GNU_SOURCE
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int deliver(int socket, const uint8_t *bytes, size_t length, void *control, size_t control_length) {
    struct iovec iov = {.iov_base = (void *)bytes, .iov_len = length};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = control_length};
    return sendmsg(socket, &m, MSG_NOSIGNAL) == (ssize_t)length ? 0 : -1;
}

int hostile_send(int socket, const uint8_t *bytes, size_t length, int fd, int count) {
    int descriptors[16];
    union {
        char bytes[CMSG_SPACE(sizeof descriptors)];
        struct cmsghdr align;
    } control;
    if (count < 1 || count > 16) return -1;
    memset(&control, 0, sizeof control);
    for (int i = 0; i < count; i++) descriptors[i] = fd;
    size_t size = (size_t)count * sizeof(int);
    struct cmsghdr *c = &control.align;
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(c), descriptors, size);
    return deliver(socket, bytes, length, control.bytes, CMSG_SPACE(size));
}

int hostile_send_credentials(int socket, const uint8_t *bytes, size_t length) {
    struct ucred own = {.pid = getpid(), .uid = getuid(), .gid = getgid()};
    union {
        char bytes[CMSG_SPACE(sizeof own)];
        struct cmsghdr align;
    } control;
    memset(&control, 0, sizeof control);
    struct cmsghdr *c = &control.align;
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_CREDENTIALS;
    c->cmsg_len = CMSG_LEN(sizeof own);
    memcpy(CMSG_DATA(c), &own, sizeof own);
    return deliver(socket, bytes, length, control.bytes, CMSG_SPACE(sizeof own));
}

static uint8_t page[4096] __attribute__((aligned(4096)));

// The page itself travels, not a copy of it.
static int send_page(int socket, const uint8_t *bytes, size_t length) {
    int ends[2];
    if (length > sizeof page || pipe(ends) != 0) return -1;
    memcpy(page, bytes, length);
    struct iovec iov = {.iov_base = page, .iov_len = length};
    int sent = vmsplice(ends[1], &iov, 1, 0) == (ssize_t)length &&
               splice(ends[0], NULL, socket, NULL, length, 0) == (ssize_t)length;
    close(ends[0]);
    close(ends[1]);
    return sent ? 0 : -1;
}

int hostile_send_and_change(int socket, const uint8_t *first, const uint8_t *second, size_t length) {
    int result = send_page(socket, first, length);
    memcpy(page, second, length);
    return result;
}

int hostile_send_and_flip(int socket, const uint8_t *first, const uint8_t *second, size_t length, int seconds) {
    if (send_page(socket, first, length) != 0) return -1;
    struct pollfd answer = {.fd = socket, .events = POLLIN};
    time_t end = time(NULL) + seconds;
    while (poll(&answer, 1, 0) == 0) {
        if (time(NULL) > end) return -1;
        for (int round = 0; round < 64; round++) {
            memcpy(page, second, length);
            atomic_signal_fence(memory_order_seq_cst);
            memcpy(page, first, length);
            atomic_signal_fence(memory_order_seq_cst);
        }
    }
    return 0;
}

int hostile_zerocopy(int socket) {
    int on = 1;
    return setsockopt(socket, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof on) == 0 ? 0 : errno;
}

int hostile_netlink_to(int protocol, uint32_t port_id, const uint8_t *bytes, size_t length) {
    int socket_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (socket_fd < 0) return -1;
    struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_pid = port_id};
    ssize_t sent = sendto(socket_fd, bytes, length, 0, (struct sockaddr *)&to, sizeof to);
    close(socket_fd);
    return sent == (ssize_t)length ? 0 : -1;
}

static int32_t ask(int protocol, const uint8_t *request, uint32_t length) {
    static uint8_t answer[65536] __attribute__((aligned(8)));
    struct timeval patience = {.tv_sec = 2};
    int socket_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (socket_fd < 0) return errno;
    setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    int32_t code = -1;
    if (send(socket_fd, request, length, 0) < 0) {
        code = errno;
    } else if (recv(socket_fd, answer, sizeof answer, 0) >= (ssize_t)sizeof(struct nlmsghdr) + 4) {
        struct nlmsghdr *header = (struct nlmsghdr *)answer;
        int ends = header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE;
        code = ends ? -*(int32_t *)NLMSG_DATA(header) : 0;
    }
    close(socket_fd);
    return code;
}

int hostile_ask_uncapped(int protocol, const uint8_t *requests, const uint32_t *lengths, int count, int32_t *codes) {
    int ends[2];
    if (pipe(ends) != 0) return -1;
    pid_t child = fork();
    if (child < 0) return -1;
    if (child == 0) {
        struct __user_cap_header_struct version = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct none[2];
        memset(none, 0, sizeof none);
        if (unshare(CLONE_NEWNET) != 0 || syscall(SYS_capset, &version, none) != 0) _exit(1);
        for (int i = 0; i < count; i++) {
            int32_t code = ask(protocol, requests, lengths[i]);
            requests += lengths[i];
            if (write(ends[1], &code, sizeof code) != sizeof code) _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    int got = 0;
    while (got < count && read(ends[0], &codes[got], sizeof codes[got]) == sizeof codes[got]) got++;
    close(ends[0]);
    int status = 1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return got == count && status == 0 ? 0 : -1;
}
