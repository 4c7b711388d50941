// SPDX-License-Identifier: Apache-2.0
//
// How many requests each route answered with which code, and how long it took. A request costs two readings of the
// clock and three additions.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "service/http/router.h"
#include "service/support/counters.h"
#include "service/support/prometheus_text.h"

namespace thimble {

// Thread-safe. Made when the router is filled.
class RequestMetrics {
 public:
  // `dialect_of` says whose form a path is in.
  RequestMetrics(const http::Router& router, std::string_view (*dialect_of)(std::string_view path));

  // `route` null: a path or method that does not exist.
  void Count(const http::Route* route, int status, std::chrono::nanoseconds took);

  // A request with parameters that its route passes by.
  void CountIgnored() { counters_.Add(places_.size() * kCountersAPlace); }

  void Write(PrometheusText& out) const;

 private:
  struct Place {
    std::string dialect, method, path;
  };
  static constexpr size_t kCountersAPlace = 36;
  void WriteLatencies(PrometheusText& out, size_t route) const;

  std::vector<Place> places_;  // by Route::number; the last is for what does not exist
  Counters counters_;  // for each place: codes, buckets, the sum of the nanoseconds; then those ignored
};

}  // namespace thimble
