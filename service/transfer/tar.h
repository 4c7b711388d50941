// SPDX-License-Identifier: Apache-2.0
//
// Several files in one body: a POSIX ustar archive, which `tar -x` unpacks.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble {

class TarWriter {
 public:
  explicit TarWriter(Instant modified);
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  void Add(std::string_view name, std::string_view contents);
  // Internal, with the name of the first file that could not be added.
  Result<std::string> Finish() &&;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace thimble
