// SPDX-License-Identifier: Apache-2.0
//
// The status page: GET /, and POST /evidence, which answers with an explained verdict. Made on the server, whole without
// scripts, with nothing from elsewhere. It changes nothing; what it shows of single platforms, their ids above all, is for
// the administrator: over the Unix socket or with a client certificate (http/roles.h), never by a cookie.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/collateral_cache.h"
#include "cache/platform_registry.h"
#include "cache/seen_platforms.h"
#include "service/api/health_api.h"
#include "service/baselines/baseline_book.h"
#include "service/baselines/floor_book.h"
#include "service/http/router.h"
#include "service/monitoring/recent_changes.h"
#include "service/monitoring/verdict_hours.h"
#include "service/page/sections.h"
#include "service/support/clock.h"

namespace thimble {

// Where it looks; each outlives the page.
struct PageSources {
  HealthApi& health;
  CollateralCache& cache;
  const SeenPlatforms& seen;
  PlatformRegistry& registry;
  const BaselineBook& baselines;
  FloorBook& floors;
  const VerdictHours& verdicts;
  const Clock& clock;
  std::function<std::vector<page::UpstreamLine>()> upstreams;
  // Thimble's own routes: what the page has judged or computed goes the way of every other request.
  std::function<http::Response(const http::Request&, RoleSet)> ask;
  std::function<RoleSet(const http::Request&)> roles_of;
};

// Thread-safe. It outlives the router that it is added to.
class StatusPage {
 public:
  explicit StatusPage(PageSources sources) : sources_(std::move(sources)) {}

  void AddTo(http::Router& router);

 private:
  http::Response Status(const http::Request& request, const http::Query& query);
  http::Response Judge(const http::Request& request);
  page::View Look(RoleSet roles, const std::optional<intel::Fmspc>& only);
  html::Html Found(std::string_view term, Ids ids, Instant now);
  html::Html FoundChip(std::string_view hwid, Instant now);
  html::Html FoundQe(std::string_view qe_id);
  std::string Impact(std::string_view set, const http::Request& request, RoleSet roles);

  const PageSources sources_;
  ChangeFinder changes_;
};

}  // namespace thimble
