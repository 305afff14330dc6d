// What a seccomp monitor needs: the stage that starts a watched program, notifications, and its memory and descriptors.
// Every function returns -1 and sets errno on failure unless it says otherwise.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

// Steps at which starting a watched program can fail.
enum { NLG_STAGE_FORK = 1, NLG_STAGE_FILTER = 2, NLG_STAGE_LISTENER = 3, NLG_STAGE_EXEC = 4 };

// Forks; the child gets the caller's signal mask and dispositions as they were at the start of the program, turns
// no_new_privs on, installs the filter of `count` instructions, hands its listener over and executes the command, which
// is looked up in PATH. Returns the pid with *listener open, or -1 with *step and errno.
pid_t nlg_stage_start(const void *_Nonnull instructions, unsigned count, char *_Nullable const *_Nonnull argv,
                      int *_Nonnull listener, int *_Nonnull step);

// struct seccomp_notif.
struct nlg_notification {
    uint64_t id;
    uint64_t instruction;
    uint64_t arguments[6];
    uint32_t thread;
    int32_t number;
};
int nlg_notify_receive(int listener, struct nlg_notification *_Nonnull out);
// A negative `error` is the call's errno; otherwise it returns `value`.
int nlg_notify_answer(int listener, uint64_t id, int64_t value, int32_t error);
// The kernel carries the call out as if there were no filter.
int nlg_notify_continue(int listener, uint64_t id);
// 0 while the thread still waits in this call.
int nlg_notify_valid(int listener, uint64_t id);
// Installs `source` as `number` in the thread's process and lets the call return it.
int nlg_notify_install(int listener, uint64_t id, int source, int number, int cloexec);

// A thread's memory; fewer bytes than asked for is EFAULT.
int nlg_process_read(pid_t thread, uint64_t address, void *_Nonnull bytes, size_t count);
int nlg_process_write(pid_t thread, uint64_t address, const void *_Nonnull bytes, size_t count);
// A pidfd of a thread, or where the kernel is older than 6.9 of its process.
int nlg_thread_open(pid_t thread);
int nlg_thread_descriptor(int pidfd, int number);

int nlg_inode(int fd, uint64_t *_Nonnull inode);
// 1 when reads and writes don't wait.
int nlg_is_nonblocking(int fd);
// SO_RCVTIMEO in milliseconds, 0 for none.
int64_t nlg_receive_timeout(int fd);
// A blocking, close-on-exec SOCK_SEQPACKET pair.
int nlg_packet_pair(int out[_Nonnull 2]);
// recv with MSG_DONTWAIT and MSG_TRUNC: the full length. `peek` leaves the message where it is.
ssize_t nlg_take_packet(int fd, void *_Nonnull bytes, size_t capacity, int peek);
