#define _GNU_SOURCE
#include "CProbe.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
int64_t probe_syscall(int64_t number, const uint64_t a[6]) {
    register uint64_t r10 __asm__("r10") = a[3];
    register uint64_t r8 __asm__("r8") = a[4];
    register uint64_t r9 __asm__("r9") = a[5];
    int64_t result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

int64_t probe_int80(int32_t number) {
    int64_t result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"((int64_t)number), "b"(0), "c"(0), "d"(0) : "memory", "r8", "r9",
                     "r10", "r11");
    return result;
}
#else
int64_t probe_syscall(int64_t number, const uint64_t a[6]) {
    register uint64_t x8 __asm__("x8") = (uint64_t)number;
    register uint64_t x0 __asm__("x0") = a[0];
    register uint64_t x1 __asm__("x1") = a[1];
    register uint64_t x2 __asm__("x2") = a[2];
    register uint64_t x3 __asm__("x3") = a[3];
    register uint64_t x4 __asm__("x4") = a[4];
    register uint64_t x5 __asm__("x5") = a[5];
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return (int64_t)x0;
}

int64_t probe_int80(int32_t number) {
    (void)number;
    return -ENOSYS;
}
#endif

int probe_in_child(int (*body)(void *), void *context, int milliseconds) {
    pid_t pid = fork();
    if (pid < 0) return -1;
    if (pid == 0) {
        struct itimerval t = {.it_value = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000}};
        signal(SIGALRM, SIG_DFL);
        setitimer(ITIMER_REAL, &t, NULL);
        _exit(body(context));
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return status;
}

static void *sleep_forever(void *unused) {
    for (;;) pause();
    return unused;
}

int probe_start_thread(void) {
    pthread_t thread;
    return pthread_create(&thread, NULL, sleep_forever, NULL);
}

void probe_assert(void) {
    volatile int zero = 0;
    assert(zero != 0);
}

void probe_double_free(void) {
    char *volatile block = malloc(64);
    free(block);
    free(block);
}

int probe_overflow_stack(int depth) {
    volatile char frame[4096];
    frame[0] = (char)depth;
    return probe_overflow_stack(depth + 1) + frame[0];
}
