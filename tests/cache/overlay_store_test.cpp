// SPDX-License-Identifier: Apache-2.0
#include "cache/overlay_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "cache/memory_store.h"

namespace thimble {
namespace {

using Entries = std::map<std::string, std::string>;

Entries Scanned(Store& store, std::string_view prefix, size_t most = SIZE_MAX) {
  Entries entries;
  std::string last;
  EXPECT_TRUE(store
                  .Scan(prefix,
                        [&](std::string_view name, std::string_view value) {
                          EXPECT_LT(last, name) << "in ascending order";
                          last = name;
                          entries.emplace(name, value);
                          return entries.size() < most;
                        })
                  .ok());
  return entries;
}

// Whatever is written, it is one store for whoever reads, and the one below stays as it is.
TEST(OverlayStore, IsOneStoreAndLeavesTheOneBelow) {
  std::mt19937_64 random{14};
  const auto any = [&random] {
    return std::string(1, "ab"[random() % 2]) + "/" + std::to_string(random() % 30);
  };
  for (int run = 0; run < 200; ++run) {
    const auto below = std::make_shared<MemoryStore>();
    Entries all;
    for (int i = 0; i < 20; ++i) {
      const std::string name = any();
      ASSERT_TRUE(below->Apply({{name, "below"}}).ok());
      all[name] = "below";
    }
    const Entries before = all;
    OverlayStore store(below);
    for (int i = 0; i < 30; ++i) {
      const std::string name = any();
      const bool deletes = random() % 3 == 0;
      ASSERT_TRUE(store.Apply({{name, deletes ? std::nullopt : std::optional<std::string>("above")}}).ok());
      if (deletes) {
        all.erase(name);
      } else {
        all[name] = "above";
      }
    }
    ASSERT_EQ(Scanned(store, ""), all);
    for (const std::string_view prefix : {"a/", "b/", "b/1"}) {
      Entries expected;
      for (const auto& [name, value] : all)
        if (name.starts_with(prefix)) expected.emplace(name, value);
      ASSERT_EQ(Scanned(store, prefix), expected);
      const size_t most = std::max<size_t>(expected.size() / 2, 1);
      ASSERT_EQ(Scanned(store, prefix, most).size(), std::min(most, expected.size()));
    }
    for (int i = 0; i < 30; ++i) {
      const std::string name = any();
      const auto found = all.find(name);
      ASSERT_EQ(store.Get(name).value(),
                found == all.end() ? std::nullopt : std::optional<std::string>(found->second));
    }
    ASSERT_EQ(Scanned(*below, ""), before);
  }
}

}  // namespace
}  // namespace thimble
