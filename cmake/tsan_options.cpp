// SPDX-License-Identifier: Apache-2.0
//
// RocksDB comes without ThreadSanitizer's instrumentation: what it synchronises inside would be reported as a race.
extern "C" const char* __tsan_default_options() { return "ignore_noninstrumented_modules=1"; }
