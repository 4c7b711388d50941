// SPDX-License-Identifier: Apache-2.0
//
// Collateral as an HTTP answer: bodies prepared once an item and form, and the headers that every dialect
// sends with them (DESIGN section 3).
#pragma once

#include <memory>
#include <optional>

#include "cache/collateral_cache.h"
#include "service/baselines/baseline.h"
#include "service/http/types.h"

namespace thimble {

// What the cache has for the request. nullopt: it may not wait, and would have to.
std::optional<Result<CacheAnswer>> AnswerFor(CollateralCache& cache, const CollateralKey& key,
                                             const http::Request& request, Instant now);

// The ways an item is sent. What a form looks like is each dialect's own.
enum class ItemForm : uint8_t { kJson, kHexCrl, kDerCrl, kPemCrl, kHexRootCrl, kDerCrlAlone, kVerbatim };

// The ready-to-send content of an item, made once for each form and kept with the cached item.
using ContentMaker = http::ContentPtr (*)(const CollateralItem& item, ItemForm form);
http::ContentPtr PreparedContent(const CacheAnswer& answer, ItemForm form, ContentMaker make);

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
