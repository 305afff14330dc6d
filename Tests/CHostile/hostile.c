// What a hostile process does with a socket and what no library of ours offers.
#define _GNU_SOURCE
#include "hostile.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
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

int hostile_send_and_change(int socket, const uint8_t *first, const uint8_t *second, size_t length) {
    static uint8_t page[4096] __attribute__((aligned(4096)));
    int ends[2];
    if (length > sizeof page || pipe(ends) != 0) return -1;
    memcpy(page, first, length);
    struct iovec iov = {.iov_base = page, .iov_len = length};
    int sent = vmsplice(ends[1], &iov, 1, 0) == (ssize_t)length &&
               splice(ends[0], NULL, socket, NULL, length, 0) == (ssize_t)length;
    memcpy(page, second, length);
    close(ends[0]);
    close(ends[1]);
    return sent ? 0 : -1;
}

int hostile_netlink_to(int protocol, uint32_t port_id, const uint8_t *bytes, size_t length) {
    int socket_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (socket_fd < 0) return -1;
    struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_pid = port_id};
    ssize_t sent = sendto(socket_fd, bytes, length, 0, (struct sockaddr *)&to, sizeof to);
    close(socket_fd);
    return sent == (ssize_t)length ? 0 : -1;
}
