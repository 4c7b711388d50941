// SPDX-License-Identifier: Apache-2.0
//
// Where tests find what is not built: the checkout, and the recorded vendor objects beside it.
#pragma once

#include <filesystem>

namespace thimble::test {

std::filesystem::path SourceDir();
// THIMBLE_CORPUS from the environment, else ../shared/corpus beside the checkout. It may be absent: then tests skip.
std::filesystem::path CorpusDir();

}  // namespace thimble::test
