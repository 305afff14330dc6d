// What `nlgate selftest` needs from C: a place of its own, processes to try things in, and system calls made by a
// process that is being traced. Only `nlgate` links it. All parameters and results are values, so that Swift needs no
// pointer. Every function returns a negative errno on failure unless it says otherwise.
#pragma once
#include <stdint.h>
#include <sys/syscall.h>

// Landlock's ABI number, 0 without Landlock.
int cst_landlock_abi(void);
// 1 when the kernel knows PR_SET_MDWE, else 0.
int cst_knows_mdwe(void);

// A network namespace of the caller's own, with the loopback interface up.
int cst_new_network(void);
// A mount namespace of the caller's own, and an empty file system in one of its directories: the working directory.
int cst_new_files(int place);
// The directories for cst_new_files, as numbers: 0 is /mnt, then /srv, /media, /opt, /tmp.
enum { CST_PLACES = 5 };

// A child without any confinement that waits; with `uid` other than 0 it is that user's. Returns its pid.
int cst_waiting_child(uint32_t uid);
// 0 when a process of that user can trace the process.
int cst_trace_as(uint32_t uid, int pid);
// 0 when a process of that user can connect to the socket in the working directory: 0 admin.sock, 1 s.sock.
int cst_connect_as(uint32_t uid, int name);

// Attaches to a process and stops it; it is killed when the caller ends.
int cst_attach(int pid);
// Lets the stopped process run until it waits in a system call, and stops it there.
int cst_settle(int pid);
// Lets it go on where it was.
int cst_detach(int pid);
// Kills and reaps a child, or a process that is being traced.
void cst_end(int pid);

// How a traced process is after a step.
struct cst_step {
    int64_t value;   // the call's result, negative for an errno
    int32_t signal;  // the signal that ended the process, 0 when it lives or has exited
    int32_t exit;    // -1, or the status it has exited with
    int32_t fault;   // 0, or the errno of tracing itself
};
// The stopped process makes this system call, with six arguments, and stops again.
struct cst_step cst_call(int pid, int64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                         uint64_t f);
// The same by the 32-bit entry, without arguments (x86_64 only).
struct cst_step cst_call_32(int pid, int32_t number);
// The stopped process runs until it is about to make this call, with this first argument unless that is -1, and with
// `third` with a third argument other than 0. The value is 1 then.
struct cst_step cst_run_to(int pid, int64_t number, int64_t first, int third);
// The call that it is about to make is left out, and answers `value`; the process stops behind it.
struct cst_step cst_leave_out(int pid, int64_t value);

// Memory of the stopped process that is free to use, 2048 bytes; 0 on failure.
uint64_t cst_memory(int pid);
int cst_poke(int pid, uint64_t address, uint64_t word);
// 0 also on failure.
uint64_t cst_peek(int pid, uint64_t address);
