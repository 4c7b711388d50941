// SPDX-License-Identifier: Apache-2.0
#include "service/wiring/opened_store.h"

#include <filesystem>

#include "cache/memory_store.h"
#include "cache/overlay_store.h"
#include "cache/rocks_store.h"
#include "service/monitoring/store_damage.h"
#include "service/platforms/registration_recovery.h"
#include "service/support/clock.h"
#include "service/support/file.h"
#include "service/support/log.h"
#include "service/transfer/data_files.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

std::shared_ptr<WatchedStore> Watched(std::shared_ptr<Store> store) {
  return std::make_shared<WatchedStore>(std::move(store));
}

void LogFound(const RegistrationFindings& found) {
  if (found.finished != 0)
    LogInfo("registrations finished", {{"entries", found.finished}}, "the store was behind the journal");
  for (const std::string& sentence : Sentences(found)) LogError("registrations", {}, sentence);
}

// A store that was moved away took them along: the journal has registrations alone.
Status WarnOfLostBaselines(Store& store, const RegistrationFindings& found) {
  if (found.to_store == 0) return {};
  bool any = false;
  TRY(store.Scan("baseline/", [&any](std::string_view, std::string_view) {
    any = true;
    return false;
  }));
  if (!any) {
    LogWarning(
        "baselines", {},
        "the store was lost, and registrations came back from their journal; baselines are those of the "
        "configuration: what was promoted has to be promoted anew, or a backup restored");
  }
  return {};
}

}  // namespace

Result<OpenedStore> OpenStore(const Config& config, Storage storage) {
  if (storage == Storage::kMemory) return OpenedStore{Watched(std::make_shared<MemoryStore>()), {}, {}};
  const std::string& data = config.cache.data;
  TRY(CheckOnlyOurs(data, "data directory", OthersMay::kRead));
  std::error_code ignored;  // a directory that cannot be looked into cannot be opened either
  if (std::filesystem::exists(std::filesystem::path(data) / kRestorePart, ignored)) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(data, ": a restore into it was cut short: run `thimble restore` again")};
  }
  if (storage != Storage::kDisk && !RocksStore::IsIn(data)) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(data, " holds no store: `thimble serve`, `fetch`, `import` or `restore` makes one")};
  }
  if (storage == Storage::kReadOnly) {
    TRY_ASSIGN(auto below, RocksStore::OpenForReading(data));
    return OpenedStore{Watched(std::make_shared<OverlayStore>(std::move(below))), {}, {}};
  }
  TRY_ASSIGN(auto store, RocksStore::Open(data));
  if (store->torn_bytes() != 0)
    LogInfo("store", {{"torn_bytes", store->torn_bytes()}}, "a write that was cut short is dropped");
  TRY_ASSIGN(auto recovered, RecoverRegistrations(*store, data, Clock::WallTime()));
  LogFound(recovered.findings);
  TRY(WarnOfLostBaselines(*store, recovered.findings));
  return OpenedStore{Watched(std::move(store)), std::move(recovered.journal), std::move(recovered.findings)};
}

}  // namespace thimble
