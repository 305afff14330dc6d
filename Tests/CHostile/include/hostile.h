#pragma once
#include <stddef.h>
#include <stdint.h>

// Sends one packet with `count` copies of the descriptor `fd` in one SCM_RIGHTS; 0 when it was sent.
int hostile_send(int socket, const uint8_t *_Nonnull bytes, size_t length, int fd, int count);
// Sends one packet with this process's credentials; 0 when it was sent.
int hostile_send_credentials(int socket, const uint8_t *_Nonnull bytes, size_t length);
