// SPDX-License-Identifier: Apache-2.0
#include "tests/cache/store_contract.h"

#include "cache/memory_store.h"
#include "cache/overlay_store.h"
#include "cache/rocks_store.h"

namespace thimble::test {
namespace {

std::unique_ptr<Store> OpenRocks(const TempDir& directory) {
  auto opened = RocksStore::Open(directory / "store");
  EXPECT_TRUE(opened.ok()) << opened.error().message;
  return opened.ok() ? std::move(opened).value() : nullptr;
}

const StoreMaker kMakers[] = {
    {"memory", [](const TempDir&) { return std::make_unique<MemoryStore>(); }},
    {"overlay",
     [](const TempDir&) { return std::make_unique<OverlayStore>(std::make_shared<MemoryStore>()); }},
    {"rocks", OpenRocks, true}};

INSTANTIATE_TEST_SUITE_P(All, StoreContract, testing::ValuesIn(kMakers),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace thimble::test
