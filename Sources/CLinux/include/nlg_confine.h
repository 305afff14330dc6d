// prctl, Landlock, namespaces, credentials and spawning: what confinement needs from C.
// Every function returns -1 and sets errno on failure unless it says otherwise.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// facts
int nlg_kernel_release(int *_Nonnull major, int *_Nonnull minor);
int nlg_landlock_abi(void);
// The index-th string of the environment, NULL past the end.
const char *_Nullable nlg_environment(int index);
// The open descriptors in rising order, without the one that lists them; returns how many there are.
int nlg_list_descriptors(int *_Nonnull out, int capacity);
// FD_CLOEXEC or 0.
int nlg_descriptor_flags(int fd);
// S_IFMT part of the mode and the size.
int nlg_file_type(int fd, uint32_t *_Nonnull type, uint64_t *_Nonnull size);
// Mode (all bits) and owner.
int nlg_file_owner(int fd, uint32_t *_Nonnull mode, uint32_t *_Nonnull owner);
// The number of a namespace, asked through a descriptor of /proc/self.
int nlg_namespace_id(int proc_self, const char *_Nonnull path, uint64_t *_Nonnull id);

// state
int nlg_prctl(int operation, unsigned long a, unsigned long b);
int nlg_death_signal(int *_Nonnull signal);
// Default actions but for SIGPIPE and SIGXFSZ, which are ignored; nothing blocked.
int nlg_normal_signals(void);
int nlg_signals_are_normal(void);
// umask 077, working directory /, a session of its own.
int nlg_normal_state(void);
int nlg_state_is_normal(void);
int nlg_set_limit(int resource, uint64_t soft, uint64_t hard);
int nlg_get_limit(int resource, uint64_t *_Nonnull soft, uint64_t *_Nonnull hard);

// Keeps every page, present and future, out of swap space.
int nlg_lock_memory(void);

// namespaces and root
int nlg_unshare(int flags);
int nlg_setns(int fd, int type);
int nlg_openat(int directory, const char *_Nonnull path, int flags);
int nlg_write_file_at(int directory, const char *_Nonnull path, const char *_Nonnull text);
int nlg_empty_root(void);
// 1 when the root directory is an empty read-only file system that is its own parent.
int nlg_root_is_empty(void);

// identity
int nlg_set_identity(uint32_t uid, uint32_t gid);

// Landlock
int nlg_landlock_restrict(uint64_t files, uint64_t network, uint64_t scopes, int abi);
// Behaviour tells what no call reports. Each returns 1 when Landlock refuses, 0 when it doesn't.
int nlg_landlock_refuses_files(void);
int nlg_landlock_refuses_tcp(void);
// An abstract listener, made before Landlock; afterwards a connection to it must be refused.
int nlg_abstract_listener(void);
int nlg_landlock_refuses_abstract(int listener);

// system call filters
int nlg_memory_file(void);
int nlg_seccomp_install(const void *_Nonnull instructions, unsigned count);

// programs
// A child gets at most this many descriptors.
enum { NLG_SPAWN_DESCRIPTORS = 64 };
int nlg_reexec(char *_Nullable const *_Nonnull argv, char *_Nullable const *_Nonnull environment);
// 0, 1 and 2 are open afterwards, and nothing above them.
int nlg_normal_descriptors(void);
// Starts the program behind the descriptor; the sources become 0, 1, 2, ... Returns the pid; on failure -1 and errno.
pid_t nlg_spawn(int image, char *_Nullable const *_Nonnull argv, char *_Nullable const *_Nonnull environment,
                const int *_Nonnull sources, int count);
