#include "CSelftest.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int cst_landlock_abi(void) {
    // LANDLOCK_CREATE_RULESET_VERSION
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1U);
    return abi < 0 ? 0 : (int)abi;
}

// PR_GET_MDWE
int cst_knows_mdwe(void) { return prctl(66, 0, 0, 0, 0) >= 0; }

int cst_new_network(void) {
    if (unshare(CLONE_NEWNET) < 0) return -errno;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int r = ioctl(fd, SIOCSIFFLAGS, &loopback) < 0 ? -errno : 0;
    close(fd);
    return r;
}

int cst_new_files(int place) {
    static const char *const places[CST_PLACES] = {"/mnt", "/srv", "/media", "/opt", "/tmp"};
    if (place < 0 || place >= CST_PLACES) return -EINVAL;
    if (access(places[place], X_OK) < 0) return -errno;
    if (unshare(CLONE_NEWNS) < 0) return -errno;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return -errno;
    if (mount("selftest", places[place], "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=16m") < 0)
        return -errno;
    return chdir(places[place]) < 0 ? -errno : 0;
}

static int become(uint32_t uid) {
    if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, uid, uid, uid) < 0) return -errno;
    return syscall(SYS_setresuid, uid, uid, uid) < 0 ? -errno : 0;
}

static int wait_for_end(pid_t pid, int *status) {
    while (waitpid(pid, status, __WALL) < 0)
        if (errno != EINTR) return -errno;
    return 0;
}

int cst_waiting_child(uint32_t uid) {
    pid_t parent = getpid(), pid = fork();
    if (pid != 0) return pid < 0 ? -errno : pid;
    // What it does to its mounts, its semaphores and its host name stays with it.
    if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) < 0) _exit(1);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) _exit(1);
    if (uid != 0 && (become(uid) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0)) _exit(1);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent) _exit(1);
    for (;;) syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

// What `attempt` answers in a child that is another user.
static int as_user(uint32_t uid, int (*attempt)(int), int argument) {
    pid_t pid = fork();
    if (pid < 0) return -errno;
    if (pid == 0) _exit(become(uid) < 0 ? 255 : attempt(argument));
    int status, r = wait_for_end(pid, &status);
    if (r < 0) return r;
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 255) return -ECANCELED;
    return -WEXITSTATUS(status);
}

static int trace(int pid) { return ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 ? errno : 0; }

static int connect_to(int name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, name == 0 ? "admin.sock" : "s.sock");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return errno;
    return connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ? errno : 0;
}

int cst_trace_as(uint32_t uid, int pid) { return as_user(uid, trace, pid); }

int cst_connect_as(uint32_t uid, int name) { return as_user(uid, connect_to, name); }
