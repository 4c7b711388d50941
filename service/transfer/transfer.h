// SPDX-License-Identifier: Apache-2.0
//
// Collateral in and out as one file, for `thimble export` and `import`. What comes in is authenticated item by item to the pinned anchors, and taken in one batch or not at all. Files of Intel's PCCS are
// taken, too: its sqlite database, and the bundle of its platformcollateral route.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/collateral_cache.h"
#include "cache/platform_registry.h"
#include "service/platforms/collateral_upload.h"
#include "service/support/clock.h"
#include "service/support/terminal.h"
#include "service/transfer/export_file.h"

namespace thimble {

struct ImportReport {
  struct Refused {
    std::string item, check, reason;
  };
  size_t taken = 0;    // new here
  size_t held = 0;     // were here already
  size_t past = 0;     // went into the history
  size_t waiting = 0;  // registrations, queued: their certificates are fetched by and by
  std::vector<Refused> refused;
  std::vector<std::string> lacks;  // "platform ... lacks intel/crl/root"
  std::optional<Instant> first_expiry;
};
std::string ImportJson(const ImportReport& report);
// Unavailable (upstream.answer) when it is not that JSON: it comes from a server.
Result<ImportReport> ParseImportJson(std::string_view json);
Lines ImportText(const ImportReport& report);

// Thread-safe. What it refers to outlives it.
class Transfer {
 public:
  Transfer(CollateralCache& cache, PlatformRegistry& registry, CollateralUpload& upload, const Clock& clock)
      : cache_(cache), registry_(registry), upload_(upload), clock_(clock) {}

  std::string Export(bool with_history);
  // Errors: request.invalid (not a file that is known), collateral.missing (an item ends sooner than `min_remaining`
  // from now), store.io. Nothing is taken then.
  Result<ImportReport> Import(std::string_view file, std::optional<Seconds> min_remaining);

 private:
  Result<ImportReport> ImportExport(std::string_view file, std::optional<Seconds> min_remaining);
  Result<ImportReport> ImportPlatforms(const PlatformBundle& bundle, const std::vector<std::string>& odd);
  Result<CollateralCache::Admission> Admit(const ExportedItem& offered, Instant now);
  void RecordLacks(const std::vector<CollateralCache::Admission>& admissions, ImportReport& report);

  CollateralCache& cache_;
  PlatformRegistry& registry_;
  CollateralUpload& upload_;
  const Clock& clock_;
};

}  // namespace thimble
