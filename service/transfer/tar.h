// SPDX-License-Identifier: Apache-2.0
//
// Several files in one body: a POSIX ustar archive, which `tar -x` unpacks.
#pragma once

#include <string>
#include <string_view>

#include "tcb/base/time.h"

namespace thimble {

class TarWriter {
 public:
  explicit TarWriter(Instant modified) : modified_(modified) {}

  // `name` has at most 100 bytes.
  void Add(std::string_view name, std::string_view contents);
  std::string Finish() &&;

 private:
  const Instant modified_;
  std::string out_;
};

}  // namespace thimble
