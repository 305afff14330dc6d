// A process that is traced makes system calls: its registers are those of a call, it is let go for exactly that call, and
// what it answers is read from them. The kernel decides as it does about every call of that process.
#include "CSelftest.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

// PTRACE_O_TRACESYSGOOD marks the stops at system calls.
#define SYSCALL_STOP (SIGTRAP | 0x80)
#define SECONDS 10
// Options of tracing: always, and while the process makes a call for us.
#define ALWAYS ((long)PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD)
#define CALLING (ALWAYS | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK)

#if defined(__x86_64__)
typedef struct user_regs_struct registers;
#define PC(r) (r)->rip
#define SP(r) (r)->rsp
#define RESULT(r) (r)->rax
#define INSTRUCTION_SIZE 2
static bool is_call(uint64_t word) { return (word & 0xffff) == 0x050f; }
static void set_call(registers *r, int64_t number, const uint64_t a[6]) {
    r->rax = (uint64_t)number;
    r->orig_rax = -1ULL;
    r->rdi = a[0], r->rsi = a[1], r->rdx = a[2], r->r10 = a[3], r->r8 = a[4], r->r9 = a[5];
}
// Whatever call the process was stopped in is made again.
static void rewind_call(registers *r, uint64_t site) {
    if ((int64_t)r->orig_rax < 0) return;
    r->rip = site;
    r->rax = r->orig_rax;
    r->orig_rax = -1ULL;
}
#else
typedef struct user_pt_regs registers;
#define PC(r) (r)->pc
#define SP(r) (r)->sp
#define RESULT(r) (r)->regs[0]
#define INSTRUCTION_SIZE 4
static bool is_call(uint64_t word) { return (word & 0xffffffff) == 0xd4000001; }
static void set_call(registers *r, int64_t number, const uint64_t a[6]) {
    r->regs[8] = (uint64_t)number;
    for (int i = 0; i < 6; i++) r->regs[i] = a[i];
}
// The kernel has done so before the process stopped.
static void rewind_call(registers *r, uint64_t site) { (void)r, (void)site; }
#endif

static int read_registers(int pid, registers *r) {
    struct iovec v = {r, sizeof *r};
    return ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &v) < 0 ? -errno : 0;
}

static int write_registers(int pid, registers *r) {
    struct iovec v = {r, sizeof *r};
    return ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &v) < 0 ? -errno : 0;
}

static void on_alarm(int signal) { (void)signal; }

// waitpid with a deadline.
static int wait_for(int pid, int *status) {
    struct sigaction action = {.sa_handler = on_alarm}, before;
    // It comes again and again, because the first one may come before the call.
    struct itimerval on = {{0, 50000}, {SECONDS, 0}}, off = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &on, NULL);
    int r = waitpid(pid, status, __WALL) < 0 ? -(errno == EINTR ? ETIMEDOUT : errno) : 0;
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &before, NULL);
    return r;
}

static struct cst_step fault(int error) { return (struct cst_step){.exit = -1, .fault = error < 0 ? -error : error}; }

static struct cst_step ended(int status) {
    if (WIFSIGNALED(status)) return (struct cst_step){.signal = WTERMSIG(status), .exit = -1};
    return (struct cst_step){.exit = WEXITSTATUS(status)};
}

// A process that the traced one has made is of no use.
static void end_offspring(int pid) {
    unsigned long made = 0;
    if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &made) == 0 && made > 0) cst_end((int)made);
}

// Lets it go until the next stop at a system call, or its end; `*stopped` tells which.
static struct cst_step go(int pid, int request, bool *stopped) {
    int status, deliver = 0;
    *stopped = false;
    for (;;) {
        if (ptrace(request, pid, NULL, (void *)(long)deliver) < 0) return fault(errno);
        int r = wait_for(pid, &status);
        if (r < 0) return fault(r);
        if (!WIFSTOPPED(status)) return ended(status);
        if (WSTOPSIG(status) == SYSCALL_STOP) {
            *stopped = true;
            return (struct cst_step){.exit = -1};
        }
        int event = status >> 16;
        if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK)
            end_offspring(pid);
        // Signals of its own go on to the process; stops of ours don't.
        deliver = event != 0 || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    }
}

static uint64_t call_site(int pid, const registers *r) {
    for (int back = INSTRUCTION_SIZE; back >= 0; back -= INSTRUCTION_SIZE)
        if (is_call(cst_peek(pid, PC(r) - (unsigned)back))) return PC(r) - (unsigned)back;
    return 0;
}

// One more instruction: a process that the kernel has decided to end doesn't come to it.
static struct cst_step survive(int pid) {
    int status;
    for (;;) {
        if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0) return fault(errno);
        int r = wait_for(pid, &status);
        if (r < 0) return fault(r);
        if (!WIFSTOPPED(status)) return ended(status);
        if (status >> 8 == SIGTRAP) return (struct cst_step){.exit = -1};
    }
}

static struct cst_step call_at(int pid, registers *saved, uint64_t site, int64_t number, const uint64_t a[6]) {
    registers r = *saved;
    bool stopped;
    set_call(&r, number, a);
    PC(&r) = site;
    int error = write_registers(pid, &r);
    if (error < 0) return fault(error);
    if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)CALLING) < 0) return fault(errno);
    for (int stop = 0; stop < 2; stop++) {  // before the call, and behind it
        struct cst_step step = go(pid, PTRACE_SYSCALL, &stopped);
        if (!stopped) return step;
    }
    error = read_registers(pid, &r);
    if (error < 0) return fault(error);
    struct cst_step after = survive(pid);
    if (after.signal != 0 || after.exit >= 0 || after.fault != 0) return after;
    if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)ALWAYS) < 0) return fault(errno);
    rewind_call(saved, site);
    // After an exec there is nothing to go back to.
    if (number != SYS_execve && number != SYS_execveat) write_registers(pid, saved);
    return (struct cst_step){.value = (int64_t)RESULT(&r), .exit = -1};
}

struct cst_step cst_call(int pid, int64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                         uint64_t f) {
    registers saved;
    int error = read_registers(pid, &saved);
    if (error < 0) return fault(error);
    uint64_t site = call_site(pid, &saved);
    if (site == 0) return fault(ENOEXEC);
    return call_at(pid, &saved, site, number, (uint64_t[6]){a, b, c, d, e, f});
}

struct cst_step cst_call_32(int pid, int32_t number) {
#if defined(__x86_64__)
    registers saved;
    int error = read_registers(pid, &saved);
    if (error < 0) return fault(error);
    uint64_t site = call_site(pid, &saved), word = cst_peek(pid, site);
    // int 0x80 in the place of the syscall instruction, for the time of this call
    if (site == 0 || cst_poke(pid, site, (word & ~0xffffULL) | 0x80cd) < 0) return fault(ENOEXEC);
    struct cst_step step = call_at(pid, &saved, site, number, (uint64_t[6]){0});
    if (step.signal == 0) cst_poke(pid, site, word);
    return step;
#else
    (void)pid, (void)number;
    return fault(ENOSYS);
#endif
}

struct cst_step cst_run_to(int pid, int64_t number, int64_t first, int third) {
    bool stopped;
    for (;;) {
        struct cst_step step = go(pid, PTRACE_SYSCALL, &stopped);
        if (!stopped) return step;
        struct __ptrace_syscall_info info;
        if (ptrace((enum __ptrace_request)PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info) < 0)
            return fault(errno);
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == (uint64_t)number
            && (first < 0 || info.entry.args[0] == (uint64_t)first) && (!third || info.entry.args[2] != 0))
            return (struct cst_step){.value = 1, .exit = -1};
    }
}

struct cst_step cst_leave_out(int pid, int64_t value) {
    registers r;
    bool stopped;
    int error = read_registers(pid, &r);
    if (error < 0) return fault(error);
#if defined(__x86_64__)
    r.orig_rax = -1ULL;
    error = write_registers(pid, &r);
#else
    int none = -1;
    struct iovec v = {&none, sizeof none};
    error = ptrace(PTRACE_SETREGSET, pid, (void *)NT_ARM_SYSTEM_CALL, &v) < 0 ? -errno : 0;
#endif
    if (error < 0) return fault(error);
    struct cst_step step = go(pid, PTRACE_SYSCALL, &stopped);
    if (!stopped) return step;
    error = read_registers(pid, &r);
    if (error == 0) RESULT(&r) = (uint64_t)value;
    if (error == 0) error = write_registers(pid, &r);
    return error < 0 ? fault(error) : (struct cst_step){.value = value, .exit = -1};
}

int cst_attach(int pid) {
    int status;
    if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)ALWAYS) < 0) return -errno;
    if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0) return -errno;
    int r = wait_for(pid, &status);
    return r < 0 ? r : WIFSTOPPED(status) ? 0 : -ESRCH;
}

int cst_settle(int pid) {
    registers r;
    int status, error;
    for (int tries = 0; tries < SECONDS * 1000; tries++) {
        error = read_registers(pid, &r);
        if (error < 0 || call_site(pid, &r) != 0) return error;
        if (ptrace(PTRACE_CONT, pid, NULL, NULL) < 0) return -errno;
        usleep(1000);
        if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0) return -errno;
        error = wait_for(pid, &status);
        if (error < 0 || !WIFSTOPPED(status)) return error < 0 ? error : -ESRCH;
    }
    return -ETIMEDOUT;
}

int cst_detach(int pid) { return ptrace(PTRACE_DETACH, pid, NULL, NULL) < 0 ? -errno : 0; }

void cst_end(int pid) {
    int status;
    kill(pid, SIGKILL);
    do
        if (wait_for(pid, &status) < 0) return;
    while (WIFSTOPPED(status));
}

uint64_t cst_memory(int pid) {
    registers r;
    // Below what the function that is stopped may still use.
    return read_registers(pid, &r) < 0 ? 0 : (SP(&r) - 4096) & ~15ULL;
}

int cst_poke(int pid, uint64_t address, uint64_t word) {
    return ptrace(PTRACE_POKEDATA, pid, (void *)address, (void *)word) < 0 ? -errno : 0;
}

uint64_t cst_peek(int pid, uint64_t address) {
    errno = 0;
    long word = ptrace(PTRACE_PEEKDATA, pid, (void *)address, NULL);
    return errno == 0 ? (uint64_t)word : 0;
}
