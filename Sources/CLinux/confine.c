#include "nlg_confine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

// Newer than the oldest headers that this builds with.
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

// linux/landlock.h as of ABI 6; older headers have only the first field.
struct landlock_rules {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};
_Static_assert(sizeof(struct landlock_rules) == 24, "the kernel's landlock_ruleset_attr");

extern char **environ;

static int close_keeping_errno(int fd) {
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int nlg_kernel_release(int *major, int *minor) {
    struct utsname u;
    if (uname(&u) < 0) return -1;
    if (sscanf(u.release, "%d.%d", major, minor) == 2) return 0;
    errno = EINVAL;
    return -1;
}

int nlg_landlock_abi(void) { return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1U); }

const char *nlg_environment(int index) {
    if (environ == NULL) return NULL;
    for (int i = 0; i < index; i++)
        if (environ[i] == NULL) return NULL;
    return environ[index];
}

int nlg_list_descriptors(int *out, int capacity) {
    DIR *d = opendir("/proc/self/fd");
    if (d == NULL) return -1;
    int count = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] < '0' || e->d_name[0] > '9') continue;
        int fd = atoi(e->d_name);
        if (fd == dirfd(d)) continue;
        if (count < capacity) out[count] = fd;
        count++;
    }
    closedir(d);
    return count;
}

int nlg_descriptor_flags(int fd) { return fcntl(fd, F_GETFD); }

int nlg_file_type(int fd, uint32_t *type, uint64_t *size) {
    struct stat s;
    if (fstat(fd, &s) < 0) return -1;
    *type = s.st_mode & S_IFMT;
    *size = (uint64_t)s.st_size;
    return 0;
}

int nlg_file_owner(int fd, uint32_t *mode, uint32_t *owner) {
    struct stat s;
    if (fstat(fd, &s) < 0) return -1;
    *mode = s.st_mode;
    *owner = s.st_uid;
    return 0;
}

int nlg_namespace_id(int proc_self, const char *path, uint64_t *id) {
    struct stat s;
    int r = path[0] == 0 ? fstat(proc_self, &s) : fstatat(proc_self, path, &s, 0);
    if (r < 0) return -1;
    *id = s.st_ino;
    return 0;
}

int nlg_prctl(int operation, unsigned long a, unsigned long b) { return prctl(operation, a, b, 0UL, 0UL); }

int nlg_death_signal(int *signal) { return prctl(PR_GET_PDEATHSIG, signal, 0UL, 0UL, 0UL); }

static int is_ignored_by_us(int signal) { return signal == SIGPIPE || signal == SIGXFSZ; }

// The C library keeps 32 and 33 for itself and refuses them.
static int is_settable(int signal) { return signal != SIGKILL && signal != SIGSTOP && signal != 32 && signal != 33; }

int nlg_normal_signals(void) {
    for (int s = 1; s <= 64; s++) {
        struct sigaction a = {.sa_handler = is_ignored_by_us(s) ? SIG_IGN : SIG_DFL};
        if (is_settable(s) && sigaction(s, &a, NULL) < 0) return -1;
    }
    // The C library's own two can be inherited as ignored, and only the kernel resets them.
    for (int s = 32; s <= 33; s++) {
        unsigned long action[4] = {0};  // handler, flags, restorer, mask
        if (syscall(SYS_rt_sigaction, s, NULL, action, 8) < 0) return -1;
        if (action[0] != (unsigned long)SIG_IGN) continue;
        action[0] = (unsigned long)SIG_DFL;
        if (syscall(SYS_rt_sigaction, s, action, NULL, 8) < 0) return -1;
    }
    sigset_t none;
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

int nlg_signals_are_normal(void) {
    for (int s = 1; s <= 64; s++) {
        struct sigaction a;
        if (!is_settable(s)) continue;
        if (sigaction(s, NULL, &a) < 0) return -1;
        if (a.sa_handler != (is_ignored_by_us(s) ? SIG_IGN : SIG_DFL)) return 0;
    }
    return 1;
}

int nlg_normal_state(void) {
    umask(077);
    if (chdir("/") < 0) return -1;
    return getsid(0) == getpid() || setsid() >= 0 ? 0 : -1;
}

int nlg_state_is_normal(void) {
    mode_t mask = umask(077);
    char directory[2];
    long r = syscall(SYS_getcwd, directory, sizeof directory);
    return mask == 077 && r > 0 && directory[0] == '/' && getsid(0) == getpid();
}

int nlg_set_limit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit l = {.rlim_cur = soft, .rlim_max = hard};
    return setrlimit(resource, &l);
}

int nlg_get_limit(int resource, uint64_t *soft, uint64_t *hard) {
    struct rlimit l;
    if (getrlimit(resource, &l) < 0) return -1;
    *soft = l.rlim_cur;
    *hard = l.rlim_max;
    return 0;
}

int nlg_lock_memory(void) { return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT); }

int nlg_unshare(int flags) { return unshare(flags); }

int nlg_setns(int fd, int type) { return setns(fd, type); }

int nlg_openat(int directory, const char *path, int flags) { return openat(directory, path, flags | O_CLOEXEC); }

int nlg_write_file_at(int directory, const char *path, const char *text) {
    int fd = openat(directory, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t n = write(fd, text, strlen(text));
    if (n != (ssize_t)strlen(text)) return close_keeping_errno(fd);
    return close(fd);
}

int nlg_empty_root(void) {
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return -1;
    // Any directory serves as the place; this one is always there. One inode is the root itself.
    if (mount("tmpfs", "/proc", "tmpfs", flags, "size=4k,nr_inodes=1,mode=0555") < 0) return -1;
    if (chdir("/proc") < 0) return -1;
    if (syscall(SYS_pivot_root, ".", ".") < 0) return -1;
    if (umount2(".", MNT_DETACH) < 0) return -1;
    if (mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | flags, NULL) < 0) return -1;
    return chdir("/");
}

int nlg_root_is_empty(void) {
    struct statfs f;
    struct stat root, parent;
    if (statfs("/", &f) < 0 || stat("/", &root) < 0 || stat("/..", &parent) < 0) return -1;
    if (f.f_type != TMPFS_MAGIC || (f.f_flags & ST_RDONLY) == 0) return 0;
    if (root.st_ino != parent.st_ino || root.st_dev != parent.st_dev) return 0;
    // An empty directory has no subdirectory links, and one inode leaves no room for a file.
    return root.st_nlink == 2 && f.f_files == 1 && f.f_ffree == 0;
}

int nlg_set_identity(uint32_t uid, uint32_t gid) {
    if (setgroups(0, NULL) < 0) return -1;
    if (setresgid(gid, gid, gid) < 0) return -1;
    return setresuid(uid, uid, uid);
}

int nlg_landlock_restrict(uint64_t files, uint64_t network, uint64_t scopes, int abi) {
    struct landlock_rules rules = {.handled_access_fs = files, .handled_access_net = network, .scoped = scopes};
    size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
    int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0U);
    if (fd < 0) return -1;
    if (syscall(SYS_landlock_restrict_self, fd, 0U) < 0) return close_keeping_errno(fd);
    return close(fd);
}

int nlg_landlock_refuses_files(void) {
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno == EACCES;
    close(fd);
    return 0;
}

int nlg_landlock_refuses_tcp(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int refused = bind(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno == EACCES;
    close(fd);
    return refused;
}

int nlg_abstract_listener(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    // An address of the family alone asks the kernel for an unused abstract name.
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (bind(fd, (struct sockaddr *)&name, sizeof name.sun_family) < 0) return close_keeping_errno(fd);
    if (listen(fd, 1) < 0) return close_keeping_errno(fd);
    return fd;
}

int nlg_landlock_refuses_abstract(int listener) {
    struct sockaddr_un name;
    socklen_t length = sizeof name;
    if (getsockname(listener, (struct sockaddr *)&name, &length) < 0) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int refused = connect(fd, (struct sockaddr *)&name, length) < 0 && errno == EPERM;
    close(fd);
    return refused;
}

int nlg_memory_file(void) {
    int fd = memfd_create("filter", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    return fd < 0 && errno == EINVAL ? memfd_create("filter", MFD_CLOEXEC) : fd;
}

int nlg_seccomp_install(const void *instructions, unsigned count) {
    struct sock_fprog program = {.len = (unsigned short)count, .filter = (struct sock_filter *)instructions};
    long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
    if (r <= 0) return (int)r;
    errno = ESRCH;  // the number of a thread that could not follow
    return -1;
}

int nlg_reexec(char *const *argv, char *const *environment) { return execve("/proc/self/exe", argv, environment); }

int nlg_normal_descriptors(void) {
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) continue;
        int opened = open("/dev/null", O_RDWR);
        if (opened != fd) return -1;
    }
    return close_range(3, ~0U, 0);
}

// What has to be undone after posix_spawn, whether it worked or not.
struct spawning {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

// The sources were moved above the image first, so that no source is a target and the image survives until exec.
static int plan_descriptors(struct spawning *s, int image, const int *sources, int count) {
    int r = 0;
    for (int i = 0; i < count && r == 0; i++) r = posix_spawn_file_actions_adddup2(&s->actions, sources[i], i);
    for (int i = count; i < image && r == 0; i++) r = posix_spawn_file_actions_addclose(&s->actions, i);
    return r != 0 ? r : posix_spawn_file_actions_addclosefrom_np(&s->actions, image + 1);
}

static int plan_attributes(struct spawning *s) {
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int r = posix_spawnattr_setsigdefault(&s->attributes, &all);
    if (r == 0) r = posix_spawnattr_setsigmask(&s->attributes, &none);
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID;
    return r != 0 ? r : posix_spawnattr_setflags(&s->attributes, flags);
}

static pid_t spawn_moved(int image, char *const *argv, char *const *environment, const int *sources, int count) {
    struct spawning s;
    char path[32];
    pid_t pid = -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", image);
    int r = posix_spawn_file_actions_init(&s.actions);
    if (r == 0) {
        r = posix_spawnattr_init(&s.attributes);
        if (r == 0) {
            r = plan_descriptors(&s, image, sources, count);
            if (r == 0) r = plan_attributes(&s);
            if (r == 0) r = posix_spawn(&pid, path, &s.actions, &s.attributes, argv, environment);
            posix_spawnattr_destroy(&s.attributes);
        }
        posix_spawn_file_actions_destroy(&s.actions);
    }
    errno = r;
    return r == 0 ? pid : -1;
}

pid_t nlg_spawn(int image, char *const *argv, char *const *environment, const int *sources, int count) {
    int moved[NLG_SPAWN_DESCRIPTORS];
    if (count < 0 || count > NLG_SPAWN_DESCRIPTORS) {
        errno = E2BIG;
        return -1;
    }
    int program = fcntl(image, F_DUPFD_CLOEXEC, NLG_SPAWN_DESCRIPTORS);
    if (program < 0) return -1;
    int ready = 0;
    while (ready < count) {
        moved[ready] = fcntl(sources[ready], F_DUPFD_CLOEXEC, program + 1);
        if (moved[ready] < 0) break;
        ready++;
    }
    pid_t pid = ready == count ? spawn_moved(program, argv, environment, moved, count) : -1;
    int saved = errno;
    while (ready > 0) close(moved[--ready]);
    close(program);
    errno = saved;
    return pid;
}
