// SPDX-License-Identifier: Apache-2.0
#include "tests/support/corpus.h"

#include <cstdlib>

namespace thimble::test {

std::filesystem::path CorpusRoot() {
  const char* const named = std::getenv("THIMBLE_CORPUS");
  if (named != nullptr && *named != '\0') return named;
  return std::filesystem::path(THIMBLE_SOURCE_DIR) / ".." / "shared" / "corpus";
}

}  // namespace thimble::test
