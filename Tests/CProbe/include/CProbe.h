// Raw system calls and crashes, for the probe that the confinement tests seal. Never linked into a product.
#pragma once
#include <stdint.h>

// The kernel's own answer: a value, or a negative errno.
int64_t probe_syscall(int64_t number, const uint64_t arguments[_Nonnull 6]);
// The same through the 32-bit entry (x86_64 only; elsewhere -38).
int64_t probe_int80(int32_t number);

// Forks; the child runs body(context) and ends with its result, or by SIGALRM after `milliseconds`.
// Returns the wait status.
int probe_in_child(int (*_Nonnull body)(void *_Nullable context), void *_Nullable context, int milliseconds);
// A second thread that lives until the process ends.
int probe_start_thread(void);

void probe_assert(void);
void probe_double_free(void);
int probe_overflow_stack(int depth);
