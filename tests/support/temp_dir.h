// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tcb/base/bytes.h"

namespace thimble::test {

// A new directory for one test, of a name that no other process has; removed with all that is in it at the end.
class TempDir {
 public:
  TempDir() : path_((std::filesystem::temp_directory_path() / "thimble-test-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot create " + path_);
  }
  ~TempDir() {
    std::error_code ignored;  // a directory that stays is no failure of what was tested in it
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  // Writes a file into it and gives its path.
  std::string Write(std::string_view name, std::string_view text) const {
    const std::string path = *this / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string Write(std::string_view name, ByteView bytes) const { return Write(name, AsText(bytes)); }

 private:
  std::string path_;
};

}  // namespace thimble::test
