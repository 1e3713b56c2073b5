/* For tests: lets the next writes or syncs of files whose names end with "-wal" fail with EIO, as counters
   in a mapped file say: calls to pass and calls to fail, of syncs and then of writes. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile int *counters;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAILING_FILES");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file >= 0) {
        void *found = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        counters = found == MAP_FAILED ? NULL : found;
        close(file);
    }
}

static int fails(int file, int at) {
    char link[64], path[4096];
    if (!counters || counters[at + 1] <= 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 4 || memcmp(path + length - 4, "-wal", 4)) return 0;
    if (counters[at] > 0) { counters[at]--; return 0; }
    counters[at + 1]--;
    errno = EIO;
    return 1;
}

#define REAL(name) __typeof__(name) *real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

int fsync(int file) { REAL(fsync); return fails(file, 0) ? -1 : real(file); }
int fdatasync(int file) { REAL(fdatasync); return fails(file, 0) ? -1 : real(file); }
ssize_t write(int file, const void *data, size_t size) {
    REAL(write); return fails(file, 2) ? -1 : real(file, data, size);
}
ssize_t pwrite(int file, const void *data, size_t size, off_t at) {
    REAL(pwrite); return fails(file, 2) ? -1 : real(file, data, size, at);
}
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) {
    REAL(pwrite64); return fails(file, 2) ? -1 : real(file, data, size, at);
}
