// SPDX-License-Identifier: Apache-2.0
#include "service/http/request_metrics.h"

#include <algorithm>
#include <array>

namespace thimble {
namespace {

// Codes that are answered; any other counts as the last.
constexpr std::array kCodes = {200, 202, 204, 304, 400, 401, 403, 404, 405, 410, 413,
                               415, 422, 429, 460, 461, 462, 500, 501, 502, 503, 0};
struct Bucket {
  std::chrono::nanoseconds most;
  const char* label;  // in seconds
};
using std::chrono::microseconds;
using std::chrono::milliseconds;
constexpr std::array kBuckets = {Bucket{microseconds(10), "0.00001"},
                                 Bucket{microseconds(25), "0.000025"},
                                 Bucket{microseconds(50), "0.00005"},
                                 Bucket{microseconds(100), "0.0001"},
                                 Bucket{microseconds(250), "0.00025"},
                                 Bucket{milliseconds(1), "0.001"},
                                 Bucket{milliseconds(5), "0.005"},
                                 Bucket{milliseconds(25), "0.025"},
                                 Bucket{milliseconds(100), "0.1"},
                                 Bucket{milliseconds(500), "0.5"},
                                 Bucket{milliseconds(2500), "2.5"},
                                 Bucket{milliseconds(10000), "10"},
                                 Bucket{std::chrono::nanoseconds::max(), "+Inf"}};

constexpr size_t kFirstBucket = kCodes.size();
constexpr size_t kNanoseconds = kFirstBucket + kBuckets.size();

size_t CodeOf(int status) {
  const auto found = std::ranges::find(kCodes, status);
  return static_cast<size_t>(std::min(found, kCodes.end() - 1) - kCodes.begin());
}

size_t BucketOf(std::chrono::nanoseconds took) {
  size_t bucket = 0;
  while (took > kBuckets.at(bucket).most) ++bucket;
  return bucket;
}

std::string CodeName(size_t code) { return kCodes.at(code) == 0 ? "other" : std::to_string(kCodes.at(code)); }

}  // namespace

RequestMetrics::RequestMetrics(const http::Router& router,
                               std::string_view (*dialect_of)(std::string_view path))
    : places_(router.size() + 1), counters_((router.size() + 1) * kCountersAPlace + 1) {
  static_assert(kCountersAPlace == kNanoseconds + 1);
  router.ForEach([&](const http::Route& route) {
    places_.at(route.number) = {std::string(dialect_of(route.path)), route.method, route.path};
  });
  places_.back() = {"none", "any", "none"};
}

void RequestMetrics::Count(const http::Route* route, int status, std::chrono::nanoseconds took) {
  const size_t first = (route == nullptr ? places_.size() - 1 : route->number) * kCountersAPlace;
  counters_.Add(first + CodeOf(status));
  counters_.Add(first + kFirstBucket + BucketOf(took));
  counters_.Add(first + kNanoseconds, static_cast<uint64_t>(std::max<int64_t>(took.count(), 0)));
}

void RequestMetrics::Write(PrometheusText& out) const {
  out.Metric("thimble_requests_total", "counter", "Requests answered, by dialect, route and code.");
  for (size_t place = 0; place < places_.size(); ++place) {
    const auto& [dialect, method, path] = places_[place];
    for (size_t code = 0; code < kCodes.size(); ++code) {
      const uint64_t count = counters_.Sum(place * kCountersAPlace + code);
      if (count == 0) continue;
      out.Sample({{"dialect", dialect}, {"method", method}, {"route", path}, {"code", CodeName(code)}},
                 static_cast<double>(count));
    }
  }
  out.Metric("thimble_requests_with_ignored_parameters_total", "counter",
             "Requests with parameters that their route passes by (X-Thimble-Ignored).");
  out.Sample({}, static_cast<double>(counters_.Sum(places_.size() * kCountersAPlace)));
  out.Metric("thimble_request_seconds", "histogram", "Time from a request to its answer, by route.");
  for (size_t place = 0; place < places_.size(); ++place) WriteLatencies(out, place);
}

void RequestMetrics::WriteLatencies(PrometheusText& out, size_t place) const {
  const auto& [dialect, method, path] = places_[place];
  const size_t first = place * kCountersAPlace;
  std::array<uint64_t, kBuckets.size()> counts;
  uint64_t total = 0;
  for (size_t bucket = 0; bucket < kBuckets.size(); ++bucket) {
    total += counters_.Sum(first + kFirstBucket + bucket);
    counts.at(bucket) = total;
  }
  if (total == 0) return;
  for (size_t bucket = 0; bucket < kBuckets.size(); ++bucket) {
    out.Sample({{"dialect", dialect}, {"method", method}, {"route", path}, {"le", kBuckets.at(bucket).label}},
               static_cast<double>(counts.at(bucket)), "_bucket");
  }
  out.Sample({{"dialect", dialect}, {"method", method}, {"route", path}},
             static_cast<double>(counters_.Sum(first + kNanoseconds)) * 1e-9, "_sum");
  out.Sample({{"dialect", dialect}, {"method", method}, {"route", path}}, static_cast<double>(total),
             "_count");
}

}  // namespace thimble
