#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostile.h"

enum { block = 1 << 20 };

// Looks block by block; blocks overlap, because the bytes may lie across two.
static int range_has(int memory, unsigned long from, unsigned long to, const uint8_t *needle, size_t length,
                     uint8_t *buffer) {
    while (from + length <= to) {
        size_t wanted = to - from < block ? to - from : block;
        ssize_t count = pread(memory, buffer, wanted, (off_t)from);
        if (count < (ssize_t)length) {
            // A page that isn't there can't be read; the next ones may.
            from += 4096;
            continue;
        }
        if (memmem(buffer, (size_t)count, needle, length) != NULL) return 1;
        from += (size_t)count == to - from ? (size_t)count : (size_t)count - length + 1;
    }
    return 0;
}

int hostile_memory_has(int pid, const uint8_t *needle, size_t length) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "re");
    uint8_t *buffer = malloc(block);
    int found = memory < 0 || maps == NULL || buffer == NULL ? -1 : 0;
    char line[4096];
    while (found == 0 && fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to, inode;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &from, &to, rights, &inode) != 4) continue;
        // What is mapped from a file and can't be written is a program's text.
        if (rights[0] != 'r' || (inode != 0 && rights[1] != 'w')) continue;
        found = range_has(memory, from, to, needle, length, buffer);
    }
    free(buffer);
    if (maps != NULL) fclose(maps);
    if (memory >= 0) close(memory);
    return found;
}
