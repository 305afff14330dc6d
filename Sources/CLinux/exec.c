#include "nlg_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "nlg_sys.h"

#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif

// PIDFD_THREAD of Linux 6.9.
#define THREAD_FLAG O_EXCL

struct report {
    int step;
    int error;
};

static void report(int socket, int step, int error) {
    struct report r = {step, error};
    ssize_t ignored = write(socket, &r, sizeof r);
    (void)ignored;
}

static void normal_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void run_stage(int socket, const struct sock_fprog *program, char *const *argv) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return report(socket, NLG_STAGE_FILTER, errno);
    long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, program);
    if (listener < 0) return report(socket, NLG_STAGE_FILTER, errno);
    // Low numbers are not trapped, so this works with the filter in force.
    struct report ready = {0, 0};
    if (nlg_send_with_fd(socket, &ready, sizeof ready, (int)listener) < 0)
        return report(socket, NLG_STAGE_LISTENER, errno);
    close((int)listener);
    normal_signals();
    execvp(argv[0], argv);
    report(socket, NLG_STAGE_EXEC, errno);
}

pid_t nlg_stage_start(const void *instructions, unsigned count, char *const *argv, int *listener, int *step) {
    int ends[2];
    struct sock_fprog program = {.len = (unsigned short)count, .filter = (struct sock_filter *)instructions};
    *step = NLG_STAGE_FORK;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        run_stage(ends[1], &program, argv);
        _exit(127);
    }
    int saved = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        errno = saved;
        return -1;
    }
    struct report r = {NLG_STAGE_LISTENER, EPROTO};
    *listener = -1;
    struct pollfd readable = {.fd = ends[0], .events = POLLIN};
    while (poll(&readable, 1, -1) < 0 && errno == EINTR) {}
    ssize_t n = nlg_recv_with_fd(ends[0], &r, sizeof r, listener);
    // The socket closes when the command runs; before that it may say why it doesn't.
    if (n == sizeof r && r.step == 0 && *listener >= 0) {
        do n = read(ends[0], &r, sizeof r);
        while (n < 0 && errno == EINTR);
        if (n != sizeof r) r.step = 0;
    } else if (n != sizeof r || r.step == 0) {
        r = (struct report){NLG_STAGE_LISTENER, n < 0 ? errno : EPROTO};
    }
    close(ends[0]);
    if (r.step == 0) return pid;
    if (*listener >= 0) close(*listener);
    *listener = -1;
    *step = r.step;
    errno = r.error;
    return -1;
}

// The kernel's struct may grow.
union notification {
    struct seccomp_notif notif;
    char room[512];
};
union response {
    struct seccomp_notif_resp resp;
    char room[512];
};

int nlg_notify_receive(int listener, struct nlg_notification *out) {
    union notification n;
    memset(&n, 0, sizeof n);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n.notif) < 0) return -1;
    out->id = n.notif.id;
    out->thread = n.notif.pid;
    out->number = n.notif.data.nr;
    out->instruction = n.notif.data.instruction_pointer;
    for (int i = 0; i < 6; i++) out->arguments[i] = n.notif.data.args[i];
    return 0;
}

static int answer(int listener, uint64_t id, int64_t value, int32_t error, uint32_t flags) {
    union response r;
    memset(&r, 0, sizeof r);
    r.resp.id = id;
    r.resp.val = value;
    r.resp.error = error;
    r.resp.flags = flags;
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r.resp);
}

int nlg_notify_answer(int listener, uint64_t id, int64_t value, int32_t error) {
    return answer(listener, id, value, error, 0);
}

int nlg_notify_continue(int listener, uint64_t id) {
    return answer(listener, id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

int nlg_notify_valid(int listener, uint64_t id) { return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id); }

int nlg_notify_install(int listener, uint64_t id, int source, int number, int cloexec) {
    struct seccomp_notif_addfd add = {
        .id = id,
        .flags = SECCOMP_ADDFD_FLAG_SETFD | SECCOMP_ADDFD_FLAG_SEND,
        .srcfd = (uint32_t)source,
        .newfd = (uint32_t)number,
        .newfd_flags = cloexec ? O_CLOEXEC : 0,
    };
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
}

static int whole(ssize_t moved, size_t count) {
    if (moved == (ssize_t)count) return 0;
    if (moved >= 0) errno = EFAULT;
    return -1;
}

int nlg_process_read(pid_t thread, uint64_t address, void *bytes, size_t count) {
    struct iovec here = {bytes, count}, there = {(void *)(uintptr_t)address, count};
    return count == 0 ? 0 : whole(process_vm_readv(thread, &here, 1, &there, 1, 0), count);
}

int nlg_process_write(pid_t thread, uint64_t address, const void *bytes, size_t count) {
    struct iovec here = {(void *)bytes, count}, there = {(void *)(uintptr_t)address, count};
    return count == 0 ? 0 : whole(process_vm_writev(thread, &here, 1, &there, 1, 0), count);
}

static pid_t process_of(pid_t thread) {
    char path[48], line[128];
    snprintf(path, sizeof path, "/proc/%d/status", (int)thread);
    FILE *file = fopen(path, "re");
    int process = -1;
    if (file == NULL) return -1;
    while (process < 0 && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "Tgid:", 5) == 0) process = (int)strtol(line + 5, NULL, 10);
    }
    fclose(file);
    return process;
}

int nlg_thread_open(pid_t thread) {
    int fd = (int)syscall(SYS_pidfd_open, thread, THREAD_FLAG);
    if (fd >= 0 || errno != EINVAL) return fd;
    pid_t process = process_of(thread);
    if (process < 0) {
        errno = ESRCH;
        return -1;
    }
    return (int)syscall(SYS_pidfd_open, process, 0);
}

int nlg_thread_descriptor(int pidfd, int number) { return (int)syscall(SYS_pidfd_getfd, pidfd, number, 0); }

int nlg_inode(int fd, uint64_t *inode) {
    struct stat s;
    if (fstat(fd, &s) < 0) return -1;
    *inode = S_ISSOCK(s.st_mode) ? s.st_ino : 0;
    return 0;
}

int nlg_is_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : (flags & O_NONBLOCK) != 0;
}

int64_t nlg_receive_timeout(int fd) {
    struct timeval t = {0, 0};
    socklen_t length = sizeof t;
    if (getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, &length) < 0) return 0;
    return (int64_t)t.tv_sec * 1000 + (t.tv_usec + 999) / 1000;
}

int nlg_packet_pair(int out[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out); }

ssize_t nlg_take_packet(int fd, void *bytes, size_t capacity, int peek) {
    return recv(fd, bytes, capacity, MSG_DONTWAIT | MSG_TRUNC | (peek ? MSG_PEEK : 0));
}
