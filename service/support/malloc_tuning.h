// SPDX-License-Identifier: Apache-2.0
//
// How glibc's allocator is set for a server.
#pragma once

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace thimble {

// By default the heap is given back to the system whenever its top 128 KiB are free, and fetched again by page faults:
// parsing one TCB info frees more than that, which would cost a tenth of its verification. Before any thread starts.
inline void KeepFreedMemory() {
#if defined(__GLIBC__)
  mallopt(M_TRIM_THRESHOLD, 32 << 20);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

}  // namespace thimble
