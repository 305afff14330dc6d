#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void tell_option(int fd, const char *name, int level, int option) {
    int value = -1;
    socklen_t length = sizeof value;
    if (tell(name, getsockopt(fd, level, option, &value, &length)) == 0) printf("  %d, %u bytes\n", value, length);
}

static void tell_name(int fd, const char *when) {
    struct sockaddr_nl name = {0};
    socklen_t length = sizeof name;
    tell(when, getsockname(fd, (struct sockaddr *)&name, &length));
    printf("  family %d, port %s, groups 0x%x, %u bytes\n", name.nl_family, name.nl_pid == 0 ? "0" : "set",
           name.nl_groups, length);
}

static long bind_to(int fd, uint32_t port, uint32_t groups) {
    struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_pid = port, .nl_groups = groups};
    return bind(fd, (struct sockaddr *)&name, sizeof name);
}

void probe_options(void) {
    tell("a stream", socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE));
    tell("no such protocol", socket(AF_NETLINK, SOCK_RAW, 99));
    int fd = open_route(SOCK_DGRAM | SOCK_CLOEXEC), on = 1, zero = 0;
    printf("close-on-exec %d, non-blocking %d\n", fcntl(fd, F_GETFD), (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    tell_option(fd, "SO_DOMAIN", SOL_SOCKET, SO_DOMAIN);
    tell_option(fd, "SO_TYPE", SOL_SOCKET, SO_TYPE);
    tell_option(fd, "SO_PROTOCOL", SOL_SOCKET, SO_PROTOCOL);
    tell_option(fd, "SO_ERROR", SOL_SOCKET, SO_ERROR);
    int size = 65536;
    tell("set SO_SNDBUF", setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size));
    tell_option(fd, "SO_SNDBUF", SOL_SOCKET, SO_SNDBUF);
    tell("set SO_RCVBUFFORCE", setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size));
    tell_option(fd, "SO_RCVBUF", SOL_SOCKET, SO_RCVBUF);
    tell_name(fd, "before bind");
    static const int options[] = {NETLINK_PKTINFO, NETLINK_BROADCAST_ERROR, NETLINK_NO_ENOBUFS,
                                  NETLINK_CAP_ACK, NETLINK_EXT_ACK,         NETLINK_GET_STRICT_CHK};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        tell_option(fd, "before", SOL_NETLINK, options[i]);
        tell("set", setsockopt(fd, SOL_NETLINK, options[i], &on, sizeof on));
        tell_option(fd, "after", SOL_NETLINK, options[i]);
    }
    tell("no such option", setsockopt(fd, SOL_NETLINK, 77, &on, sizeof on));
    tell("a short value", setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, 1));
    tell("no such level", setsockopt(fd, 77, 1, &on, sizeof on));
    tell("group 0", setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &zero, sizeof zero));
    struct sockaddr_nl name = {.nl_family = AF_NETLINK};
    tell("a short address", bind(fd, (struct sockaddr *)&name, 4));
    name.nl_family = AF_INET;
    tell("another family", bind(fd, (struct sockaddr *)&name, sizeof name));
    tell("bind", bind_to(fd, 0, RTMGRP_LINK | RTMGRP_IPV4_ROUTE));
    tell_name(fd, "after bind");
    tell("bind to another port", bind_to(fd, 12345, 0));
    tell("change the groups", bind_to(fd, 0, RTMGRP_LINK));
    int group = RTNLGRP_NEIGH;
    tell("join", setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group));
    tell("join again", setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group));
    tell_name(fd, "with groups");
    tell("leave", setsockopt(fd, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof group));
    tell_name(fd, "without it");
    int own = open_route(SOCK_RAW), other = open_route(SOCK_RAW);
    tell("a port of one's own", bind_to(own, 4000000000u, 0));
    tell("the same port", bind_to(other, 4000000000u, 0));
    struct sockaddr_nl peer = {.nl_family = AF_NETLINK};
    socklen_t length = sizeof peer;
    tell("connect", connect(own, (struct sockaddr *)&peer, sizeof peer));
    tell("getpeername", getpeername(own, (struct sockaddr *)&peer, &length));
    printf("  family %d, port %u, %u bytes\n", peer.nl_family, peer.nl_pid, length);
    char buffer[8192];
    tell("ask", ask_link(own, 7));
    tell("receive", recv(own, buffer, sizeof buffer, 0) > 0);
    struct nlmsghdr *header = (struct nlmsghdr *)buffer;
    printf("  type %d, sequence %u, port %u\n", header->nlmsg_type, header->nlmsg_seq, header->nlmsg_pid);
    tell("listen", listen(own, 1));
    tell("shutdown", shutdown(own, SHUT_RDWR));
    tell("send nothing", send(own, buffer, 0, 0));
    tell("out of band", send(own, buffer, 16, MSG_OOB));
    size_t huge = 64 << 20;
    char *much = calloc(1, huge);
    tell("send too much", send(own, much, huge, 0));
    free(much);
}

static struct sockaddr_nl from;
static char control[256];

static ssize_t receive(int fd, struct iovec *parts, int count, int flags) {
    memset(&from, 0xee, sizeof from);
    struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = parts,
                       .msg_iovlen = (size_t)count, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &m, flags);
    if (n < 0) {
        printf("recvmsg: %s\n", strerrorname_np(errno));
        return n;
    }
    printf("recvmsg: got %s, name %u bytes: family %d port %u groups %u; flags 0x%x; control %zu\n",
           n > 100 ? "much" : n > 0 ? "little" : "nothing", m.msg_namelen, from.nl_family, from.nl_pid,
           from.nl_groups, m.msg_flags, m.msg_controllen);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c))
        printf("  level %d type %d length %zu value %u\n", c->cmsg_level, c->cmsg_type, (size_t)c->cmsg_len,
               *(unsigned *)CMSG_DATA(c));
    return n;
}

void probe_receive(void) {
    static char big[65536];
    char first[16], second[32];
    struct iovec none = {NULL, 0}, whole = {big, sizeof big}, parts[] = {{first, 16}, {second, 32}};
    int fd = open_route(SOCK_RAW), on = 1;
    receive(fd, &whole, 1, MSG_DONTWAIT);
    ask_link(fd, 1);
    // The way of libnetlink: how large is it, then all of it.
    ssize_t size = receive(fd, &none, 1, MSG_PEEK | MSG_TRUNC);
    printf("the size is the same: %d\n", receive(fd, &whole, 1, 0) == size);
    ask_link(fd, 2);
    receive(fd, parts, 2, 0);
    struct nlmsghdr header;
    memcpy(&header, first, sizeof header);
    printf("sequence %u in the first part\n", header.nlmsg_seq);
    receive(fd, &whole, 1, MSG_DONTWAIT);
    setsockopt(fd, SOL_NETLINK, NETLINK_PKTINFO, &on, sizeof on);
    ask_link(fd, 3);
    receive(fd, &whole, 1, 0);
    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    ask_link(fd, 4);
    receive(fd, &whole, 1, 0);
    struct sockaddr_nl name;
    socklen_t length = sizeof name;
    ask_link(fd, 5);
    tell("recvfrom", recvfrom(fd, big, 20, 0, (struct sockaddr *)&name, &length));
    printf("  family %d, %u bytes\n", name.nl_family, length);
    ask_link(fd, 6);
    length = 2;
    printf("the full size: %d\n",
           recvfrom(fd, big, 20, MSG_TRUNC, (struct sockaddr *)&name, &length) == size);
    printf("  %u bytes\n", length);
    for (uint32_t i = 0; i < 3; i++) ask_link(fd, 10 + i);
    struct mmsghdr many[5];
    struct iovec vectors[5];
    static char buffers[5][8192];
    memset(many, 0, sizeof many);
    for (int i = 0; i < 5; i++) {
        vectors[i] = (struct iovec){buffers[i], sizeof buffers[i]};
        many[i].msg_hdr.msg_iov = &vectors[i];
        many[i].msg_hdr.msg_iovlen = 1;
    }
    long got = tell("recvmmsg", recvmmsg(fd, many, 5, MSG_DONTWAIT, NULL));
    for (long i = 0; i < got; i++)
        printf("  sequence %u, whole %d\n", ((struct nlmsghdr *)buffers[i])->nlmsg_seq, many[i].msg_len == size);
    struct {
        struct nlmsghdr header;
        struct ifinfomsg info;
    } asked[2];
    for (uint32_t i = 0; i < 2; i++) {
        memset(&asked[i], 0, sizeof asked[i]);
        asked[i].header = (struct nlmsghdr){sizeof asked[i], RTM_GETLINK, NLM_F_REQUEST, 50 + i, 0};
        asked[i].info.ifi_index = 1;
        vectors[i] = (struct iovec){&asked[i], sizeof asked[i]};
    }
    tell("sendmmsg", sendmmsg(fd, many, 2, 0));
    printf("  sent %u and %u\n", many[0].msg_len, many[1].msg_len);
    for (int i = 0; i < 2; i++) {
        printf("  received %d", recv(fd, big, sizeof big, MSG_DONTWAIT) == size);
        printf(", sequence %u\n", ((struct nlmsghdr *)big)->nlmsg_seq);
    }
    struct timeval patience = {.tv_usec = 50000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    receive(fd, &whole, 1, 0);
    tell("recv", recv(fd, big, sizeof big, 0));
    patience.tv_usec = 0;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    struct pollfd waiting = {.fd = fd, .events = POLLIN | POLLOUT};
    tell("poll", poll(&waiting, 1, 0));
    printf("  0x%x\n", waiting.revents);
    ask_link(fd, 20);
    // The answer is there when the send returns.
    tell("poll", poll(&waiting, 1, 0));
    printf("  0x%x\n", waiting.revents);
    printf("read: %d\n", read(fd, big, sizeof big) == size);
    memset(&header, 0, sizeof header);
    header = (struct nlmsghdr){sizeof header, NLMSG_NOOP, NLM_F_REQUEST | NLM_F_ACK, 30, 0};
    tell("write", write(fd, &header, sizeof header));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    tell("recv of a non-blocking socket", recv(open_route(SOCK_RAW | SOCK_NONBLOCK), big, sizeof big, 0));
}

static volatile sig_atomic_t signals;
static void count_signal(int signal) {
    (void)signal;
    signals++;
}

static void alarm_in(int milliseconds, int flags) {
    struct sigaction action = {.sa_handler = count_signal, .sa_flags = flags};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval timer = {.it_value = {.tv_usec = milliseconds * 1000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

void probe_signals(void) {
    static char big[65536];
    struct iovec whole = {big, sizeof big};
    int fd = open_route(SOCK_RAW);
    alarm_in(50, 0);
    receive(fd, &whole, 1, 0);
    printf("signals %d\n", (int)signals);
    // Another process's request reaches the same socket while this one is interrupted again and again.
    struct sigaction restarting = {.sa_handler = count_signal, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &restarting, NULL);
    struct itimerval often = {{.tv_usec = 2000}, {.tv_usec = 2000}};
    signals = 0;
    pid_t child = fork();
    if (child == 0) {
        usleep(200000);
        ask_link(fd, 77);
        _exit(0);
    }
    setitimer(ITIMER_REAL, &often, NULL);
    receive(fd, &whole, 1, 0);
    printf("sequence %u, interrupted %d\n", ((struct nlmsghdr *)big)->nlmsg_seq, signals > 10);
    // Nothing is sent twice.
    for (uint32_t i = 0; i < 50; i++) {
        while (ask_link(fd, 100 + i) < 0 && errno == EINTR) {}
        while (recv(fd, big, sizeof big, 0) < 0 && errno == EINTR) {}
        uint32_t sequence = ((struct nlmsghdr *)big)->nlmsg_seq;
        if (sequence != 100 + i) printf("%u instead of %u\n", sequence, 100 + i);
    }
    struct itimerval never = {{0}, {0}};
    setitimer(ITIMER_REAL, &never, NULL);
    receive(fd, &whole, 1, MSG_DONTWAIT);
    waitpid(child, NULL, 0);
}

void probe_copies(void) {
    static char big[65536];
    struct iovec whole = {big, sizeof big};
    int fd = open_route(SOCK_RAW);
    int copies[] = {dup(fd), fcntl(fd, F_DUPFD, 3), fcntl(fd, F_DUPFD_CLOEXEC, 3)};
    for (int i = 0; i < 3; i++) {
        printf("copy: open %d, close-on-exec %d\n", copies[i] >= 0, fcntl(copies[i], F_GETFD));
        ask_link(copies[i], (uint32_t)i);
        receive(fd, &whole, 1, 0);
    }
    close(fd);
    ask_link(copies[0], 9);
    receive(copies[1], &whole, 1, 0);
    int status;
    if (fork() == 0) {
        ask_link(copies[0], 10);
        _exit(receive(copies[0], &whole, 1, 0) > 0 ? 0 : 1);
    }
    wait(&status);
    tell("the child's", WEXITSTATUS(status));
    for (int i = 0; i < 3; i++) close(copies[i]);
    tell("after close", ask_link(copies[0], 11));
}
