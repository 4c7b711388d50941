// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace thimble::test {

// Where real inputs lie (tests/corpus/README.md): $THIMBLE_CORPUS, or ../shared/corpus beside the project. On machines
// that have none, the tests that read it are skipped.
std::filesystem::path CorpusRoot();

}  // namespace thimble::test
