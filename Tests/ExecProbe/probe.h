// A program that looks closely at its netlink sockets and prints what it finds: the same on a local kernel and under
// `nlgate exec`.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Prints NAME and either the result or the errno's name.
long tell(const char *name, long result);
// RTM_GETLINK for lo, sent with `flags` of sendto; returns what sendto does.
ssize_t ask_link(int fd, uint32_t sequence);
int open_route(int type);

void probe_options(void);
void probe_receive(void);
void probe_signals(void);
void probe_copies(void);
void probe_hostile(void);
void probe_races(void);
void probe_lost(void);
void probe_threads(int count);
void probe_forks(int count);
void probe_reopen(int count);
