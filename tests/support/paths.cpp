// SPDX-License-Identifier: Apache-2.0
#include "tests/support/paths.h"

#include <cstdlib>

namespace thimble::test {

std::filesystem::path SourceDir() { return THIMBLE_SOURCE_DIR; }

std::filesystem::path CorpusDir() {
  const char* const named = std::getenv("THIMBLE_CORPUS");
  return named != nullptr ? std::filesystem::path(named) : SourceDir() / ".." / "shared" / "corpus";
}

}  // namespace thimble::test
