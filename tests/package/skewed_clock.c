// SPDX-License-Identifier: Apache-2.0
//
// Preloaded: the wall clock is off by as many seconds as the file $CLOCK_OFFSET says at the moment. Other clocks are as they are.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec* at) {
  const int result = (int)syscall(SYS_clock_gettime, id, at);
  if (result != 0 || id != CLOCK_REALTIME) return result;
  const char* path = getenv("CLOCK_OFFSET");
  FILE* file = path ? fopen(path, "r") : NULL;
  long offset = 0;
  if (file && fscanf(file, "%ld", &offset) == 1) at->tv_sec += offset;
  if (file) fclose(file);
  return result;
}
