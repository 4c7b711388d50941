// SPDX-License-Identifier: Apache-2.0
//
// A process of its own that has a store open, for the tests of locks and kills:  store_child DIRECTORY hold|write
// Prints a byte when the store is open, and with `write` one after each batch that was written. Ends by itself after
// half a minute.
#include <unistd.h>

#include <string>

#include "cache/rocks_store.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  alarm(30);
  const auto store = thimble::RocksStore::Open(argv[1]);
  if (!store.ok()) return 1;
  const bool writes = std::string(argv[2]) == "write";
  for (int i = 0;; ++i) {
    if (::write(STDOUT_FILENO, ".", 1) != 1) return 1;
    if (!writes) ::pause();
    const std::string name = std::to_string(i);
    if (!(*store)->Apply({{"a/" + name, name}, {"b/" + name, name}}).ok()) return 1;
  }
}
