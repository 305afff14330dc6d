#pragma once
#include <stddef.h>
#include <stdint.h>

// Sends one packet with `count` copies of the descriptor `fd` in one SCM_RIGHTS; 0 when it was sent.
int hostile_send(int socket, const uint8_t *_Nonnull bytes, size_t length, int fd, int count);
// Sends one packet with this process's credentials; 0 when it was sent.
int hostile_send_credentials(int socket, const uint8_t *_Nonnull bytes, size_t length);
// Sends the `first` bytes as a packet by vmsplice and splice, then overwrites the memory that they lie in with `second`,
// of the same length; 0 when both were done.
int hostile_send_and_change(int socket, const uint8_t *_Nonnull first, const uint8_t *_Nonnull second, size_t length);
// The same, but the memory has the one and the other by turns until the peer answers or hangs up; -1 when it does neither
// within so many seconds.
int hostile_send_and_flip(int socket, const uint8_t *_Nonnull first, const uint8_t *_Nonnull second, size_t length,
                          int seconds);
// The errno of asking this socket for MSG_ZEROCOPY, 0 when it may be used.
int hostile_zerocopy(int socket);
// 1 when the bytes stand anywhere in memory of this process that can be written and read, or isn't of a file; 0 when they
// don't; -1 when the memory can't be looked at.
int hostile_memory_has(int pid, const uint8_t *_Nonnull needle, size_t length);
// Sends one datagram to the netlink socket with this port id in the caller's namespace; 0 when it was delivered.
int hostile_netlink_to(int protocol, uint32_t port_id, const uint8_t *_Nonnull bytes, size_t length);
// Sends netlink requests one after the other, each on a socket of its own, from a process without any capability in a
// network namespace of its own. `codes` gets the errno of each first answer: 0 for data or success, -1 for none at all.
int hostile_ask_uncapped(int protocol, const uint8_t *_Nonnull requests, const uint32_t *_Nonnull lengths, int count,
                         int32_t *_Nonnull codes);
