// SPDX-License-Identifier: Apache-2.0
//
// A writer of its own, for the test that kills it:  shared_writer URL ITEMS VERSION
// Writes its version of each item, unless there is a newer one; a newer one that comes between wins. Exit code 0: all are
// done.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string>

#include "service/shared/postgres_store.h"

namespace thimble {
namespace {

bool WriteUnlessNewer(Store& store, const std::string& name, int version) {
  while (true) {
    const auto held = store.Get(name);
    if (!held.ok()) return false;
    if (*held && std::stoi(**held) >= version) return true;
    const auto written = store.ApplyIf({{name, Store::VersionOf(*held)}}, {{name, std::to_string(version)}});
    if (!written.ok()) return false;
    if (*written) return true;
  }
}

}  // namespace
}  // namespace thimble

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it tries for ever otherwise
  thimble::Database database({argv[1], ""});
  thimble::PostgresStore store(database);
  const int items = std::stoi(argv[2]);
  for (int i = 0; i < items; ++i) {
    while (!thimble::WriteUnlessNewer(store, "item/" + std::to_string(i), std::stoi(argv[3])))
      ::usleep(10'000);
  }
  return 0;
}
