// SPDX-License-Identifier: Apache-2.0
//
// Collateral as an HTTP answer: bodies prepared once an item and form, and the headers that every dialect
// sends with them (DESIGN section 3).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "cache/collateral_cache.h"
#include "service/baselines/baseline.h"
#include "service/http/types.h"

namespace thimble {

// The ways an item is sent. What a form looks like is each dialect's own.
enum class ItemForm : uint8_t { kJson, kHexCrl, kDerCrl, kPemCrl, kHexCrlAlone, kDerCrlAlone, kVerbatim };

// The ready-to-send content of items, by item name and form. A content is kept as long as the item behind it
// is the one that is served. Thread-safe.
class PreparedContents {
 public:
  using Maker = std::shared_ptr<const http::Content> (*)(const CollateralItem& item, ItemForm form);

  std::shared_ptr<const http::Content> Get(const ItemPtr& item, ItemForm form, Maker make);

 private:
  struct Prepared {
    ItemPtr item;
    std::shared_ptr<const http::Content> content;
  };
  std::mutex mutex_;
  std::map<std::pair<std::string, ItemForm>, Prepared> prepared_;
};

// 200, or 304 when the request's If-None-Match names the item; with ETag, Cache-Control, Age,
// X-Thimble-Freshness, and Warning when the item is stale.
http::Response ItemResponse(const http::Request& request, const CacheAnswer& answer,
                            std::shared_ptr<const http::Content> content, Instant now);
// The same for a part of an item, which has a digest of its own.
http::Response PartResponse(const http::Request& request, const CacheAnswer& answer, const Digest256& part,
                            std::shared_ptr<const http::Content> content, Instant now);

// X-Thimble-Evaluation, the number of a TCB info or identity; and X-Thimble-Baseline, the name and version of the
// baseline that chose it, "default@3", unless the query did.
void AddEvaluationHeaders(http::Response& response, const CollateralItem& item, const BaselinePtr& baseline);

}  // namespace thimble
