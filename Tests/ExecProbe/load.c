#include "probe.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int works(void) {
    char buffer[8192];
    int fd = open_route(SOCK_RAW);
    int good = fd >= 0 && ask_link(fd, 5) > 0 && recv(fd, buffer, sizeof buffer, 0) > 16;
    close(fd);
    return good;
}

void probe_hostile(void) {
    int fd = open_route(SOCK_RAW);
    void *bad[] = {(void *)8, (void *)-4096, (void *)0x7ffffffff000, mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)};
    char buffer[4096] = {0};
    for (int i = 0; i < 4; i++) {
        struct iovec there = {bad[i], 100}, many[2] = {{buffer, 16}, {bad[i], (size_t)1 << 62}};
        struct msghdr m = {.msg_iov = &there, .msg_iovlen = 1};
        struct msghdr names = {.msg_name = bad[i], .msg_namelen = 12, .msg_iov = &(struct iovec){buffer, 16}, .msg_iovlen = 1};
        struct msghdr lengths = {.msg_iov = many, .msg_iovlen = 2}, vectors = {.msg_iov = bad[i], .msg_iovlen = 1};
        struct msghdr count = {.msg_iov = many, .msg_iovlen = (size_t)1 << 60};
        socklen_t length = 12;
        tell("sendmsg", sendmsg(fd, bad[i], 0));
        tell("  of bytes", sendmsg(fd, &m, 0));
        tell("  to an address", sendmsg(fd, &names, 0));
        tell("  of vectors", sendmsg(fd, &vectors, 0));
        printf("  of lengths: refused %d\n", sendmsg(fd, &lengths, 0) < 0);
        tell("  of counts", sendmsg(fd, &count, 0));
        tell("sendto", sendto(fd, bad[i], 100, 0, NULL, 0));
        tell("bind", bind(fd, bad[i], 12));
        tell("getsockname", getsockname(fd, bad[i], &length));
        tell("  length", getsockname(fd, (struct sockaddr *)buffer, bad[i]));
        tell("setsockopt", setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, bad[i], 4));
        tell("getsockopt", getsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, bad[i], &length));
        ask_link(fd, 1);
        tell("recvmsg", recvmsg(fd, bad[i], MSG_DONTWAIT));
        while (recv(fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0) {}
        ask_link(fd, 1);
        tell("  into bytes", recvmsg(fd, &m, MSG_DONTWAIT));
        while (recv(fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0) {}
    }
    tell("on a closed descriptor", send(1000, buffer, 16, 0));
    tell("on no descriptor", send(-1, buffer, 16, 0));
    printf("works afterwards: %d\n", works());
}

static atomic_int stop;
static struct msghdr *shared;
static struct iovec *parts;
static char *page;

static void *disturb(void *unused) {
    (void)unused;
    for (unsigned i = 0; !atomic_load(&stop); i++) {
        parts->iov_len = (i & 1) ? 32 : (size_t)-1 >> (i & 15);
        parts->iov_base = (i & 2) ? page : (void *)(uintptr_t)(i * 4096);
        shared->msg_iovlen = (i & 4) ? 1 : i;
        shared->msg_name = (i & 8) ? NULL : (void *)(uintptr_t)i;
        mprotect(page, 4096, (i & 16) ? PROT_NONE : PROT_READ | PROT_WRITE);
    }
    return NULL;
}

void probe_races(void) {
    int fd = open_route(SOCK_RAW);
    shared = calloc(1, sizeof *shared);
    parts = calloc(1, sizeof *parts);
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    shared->msg_iov = parts;
    shared->msg_iovlen = 1;
    pthread_t thread;
    pthread_create(&thread, NULL, disturb, NULL);
    for (int i = 0; i < 1000; i++) {
        sendmsg(fd, shared, 0);
        recvmsg(fd, shared, MSG_DONTWAIT);
    }
    atomic_store(&stop, 1);
    pthread_join(thread, NULL);
    // A descriptor that is closed and opened anew while others use it.
    atomic_store(&stop, 0);
    for (int i = 0; i < 200; i++) {
        int other = open_route(SOCK_RAW);
        ask_link(other, 1);
        close(other);
        tell("closed", ask_link(other, 1) < 0 ? 0 : 1);
    }
    printf("works afterwards: %d\n", works());
}

static int common;
static atomic_int answers, failures;

static void *ask_often(void *number) {
    char buffer[8192];
    for (int i = 0; i < 10; i++) {
        if (ask_link(common, (uint32_t)(uintptr_t)number) < 0) atomic_fetch_add(&failures, 1);
        if (recv(common, buffer, sizeof buffer, 0) > 16) atomic_fetch_add(&answers, 1);
        struct sockaddr_nl name;
        socklen_t length = sizeof name;
        if (ask_link(common, 1) < 0) atomic_fetch_add(&failures, 1);
        if (recvfrom(common, buffer, sizeof buffer, 0, (struct sockaddr *)&name, &length) > 16)
            atomic_fetch_add(&answers, 1);
    }
    return NULL;
}

void probe_lost(void) {
    char buffer[8192];
    struct iovec whole = {buffer, sizeof buffer};
    struct msghdr m = {.msg_iov = &whole, .msg_iovlen = 1};
    struct sockaddr_nl name;
    socklen_t length = sizeof name;
    int fd = open_route(SOCK_RAW);
    puts("ready");
    tell("recvmsg", recvmsg(fd, &m, 0));
    tell("send", ask_link(fd, 1));
    tell("recvmsg again", recvmsg(fd, &m, 0));
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int ready = poll(&wait, 1, -1);
    printf("poll: %d, readable %d\n", ready, (wait.revents & POLLIN) != 0);
    tell("read", read(fd, buffer, sizeof buffer));
    tell("getsockname", getsockname(fd, (struct sockaddr *)&name, &length));
}

void probe_threads(int count) {
    pthread_t *threads = calloc((size_t)count, sizeof *threads);
    common = open_route(SOCK_RAW);
    for (int i = 0; i < count; i++) pthread_create(&threads[i], NULL, ask_often, (void *)(uintptr_t)i);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
    printf("answers %d, failures %d\n", answers, failures);
}

void probe_forks(int count) {
    int good = 0, status;
    for (int i = 0; i < count; i++) {
        if (fork() == 0) _exit(works() ? 0 : 1);
    }
    while (wait(&status) > 0) good += status == 0;
    printf("good %d\n", good);
}

void probe_reopen(int count) {
    int first = -1, good = 0;
    for (int i = 0; i < count; i++) {
        int fd = open_route(SOCK_RAW);
        if (first < 0) first = fd;
        good += fd == first;
        close(fd);
    }
    printf("the same number %d times\n", good);
}
