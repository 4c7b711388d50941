// SPDX-License-Identifier: Apache-2.0
//
// A data directory with a journal of registrations, and how it is damaged.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cache/memory_store.h"
#include "cache/platform_registry.h"
#include "service/platforms/registration_recovery.h"
#include "tests/cache/platforms.h"
#include "tests/support/temp_dir.h"

namespace thimble::test {

using Entries = std::map<std::string, std::string>;

inline Entries EntriesIn(Store& store, std::string_view prefix = "registry/") {
  Entries entries;
  EXPECT_TRUE(store
                  .Scan(prefix,
                        [&](std::string_view name, std::string_view value) {
                          entries[std::string(name)] = value;
                          return true;
                        })
                  .ok());
  return entries;
}

inline std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}
inline void Write(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

// All bits of line feeds and tabs, and every eight hundredth or so of the rest.
inline std::vector<size_t> BitsOf(std::string_view text) {
  std::vector<size_t> bits;
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    const char byte = text.at(bit / 8);
    if (byte == '\n' || byte == '\t' || bit % 811 == 0) bits.push_back(bit);
  }
  return bits;
}
inline std::string Flipped(std::string text, size_t bit) {
  text.at(bit / 8) = static_cast<char>(text.at(bit / 8) ^ (1 << (bit % 8)));
  return text;
}

// A data directory of which the store is in memory.
class Data {
 public:
  Data() { Start(); }

  // As a process that begins finds them.
  void Start() {
    registry_.reset();
    journal_.reset();
    auto recovered = RecoverRegistrations(*store, directory.path(), Instant(Seconds(1'780'000'000)));
    ASSERT_TRUE(recovered.ok()) << recovered.error().message;
    journal_ = std::move(recovered->journal);
    found = std::move(recovered->findings);
    registry_ = std::make_unique<PlatformRegistry>(store, journal_.get());
    ASSERT_TRUE(registry_->CountPlatforms().ok());
    ASSERT_TRUE(registry_->ForgetLevels(found.from_journal).ok());
  }
  Status Register(int i) {
    const Registration registration = ByPpid(Id(i));
    return registry_->Edit([&](RegistryEdit& edit) -> Status {
      TRY(edit.Remember(registration));
      return edit.Enqueue(registration, QueuedRegistration::Why::kNew);
    });
  }
  Status Settle(int i) {
    return registry_->Edit([&](RegistryEdit& edit) { return edit.Settle(Id(i), {}); });
  }
  Status Bind(int i) {
    return registry_->Edit([&](RegistryEdit& edit) -> Status {
      TRY(edit.Bind(Id(i), {}));
      return edit.RecordLevels(Id(i), {intel::PckTcb{}});
    });
  }
  Status Forget(int i) {
    return registry_->Edit([&](RegistryEdit& edit) -> Status {
      TRY(edit.Forget(Id(i)));
      return {};
    });
  }
  std::optional<Platform> Find(int i) const { return registry_->Find(Id(i)).value(); }
  static intel::PlatformId Id(int i) { return test::Id(StrCat("AB", i)); }
  std::string path() const { return directory / "registrations.journal"; }
  bool AllIsWell() const {
    return found.to_store == 0 && found.to_journal == 0 && found.damaged_lines == 0 && found.lost == 0 &&
           !found.journal_missing && found.earlier_losses.empty();
  }
  size_t platforms() const { return registry_->platforms(); }

  test::TempDir directory;
  std::shared_ptr<Store> store = std::make_shared<MemoryStore>();
  RegistrationFindings found;

 private:
  std::unique_ptr<RegistrationJournal> journal_;
  std::unique_ptr<PlatformRegistry> registry_;
};

inline Data& Registered(Data& data, int count) {
  for (int i = 0; i < count; ++i) EXPECT_TRUE(data.Register(i).ok());
  return data;
}

}  // namespace thimble::test
