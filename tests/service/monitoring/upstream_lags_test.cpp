// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/upstream_lags.h"

#include <gtest/gtest.h>

#include "service/monitoring/status_report.h"

namespace thimble {
namespace {

constexpr Instant kNow{Seconds(1'800'000'000)};
constexpr Seconds kDay{86'400};

UpstreamLag Lag(std::string upstream, std::string item, Seconds behind, Instant at = kNow) {
  return {std::move(upstream), std::move(item), behind, at};
}
std::string Metrics(const UpstreamLags& lags, Instant now = kNow) {
  PrometheusText out;
  lags.Write(out, now);
  std::string text = out.Take();
  return text.substr(text.find("gauge\n") + 6);
}

TEST(UpstreamLags, SayTheWorstOfEachUpstream) {
  UpstreamLags lags(2 * kDay);
  lags.Record(Lag("a", "one", 2 * kDay));
  lags.Record(Lag("a", "two", 5 * kDay));
  lags.Record(Lag("b", "one", 3 * kDay));
  lags.Record(Lag("c", "one", Seconds(0)));
  EXPECT_EQ(Metrics(lags),
            "thimble_upstream_lag_seconds{upstream=\"a\"} 432000\n"
            "thimble_upstream_lag_seconds{upstream=\"b\"} 259200\n");
  StatusReport report;
  report.items.resize(1);
  report.items[0].key = RootCaCrlKey{};
  report.lags = lags.Known(kNow);
  const std::string text = StatusText(report).text();
  EXPECT_NE(text.find("\nupstream a lags by 5d: two and 1 more\nupstream b lags by 3d: one\n"),
            std::string::npos)
      << text;
}

TEST(UpstreamLags, EndWhenAnUpstreamHasCaughtUp) {
  UpstreamLags lags(2 * kDay);
  lags.Record(Lag("a", "one", kDay));
  lags.Record(Lag("a", "one", Seconds(0)));
  EXPECT_TRUE(lags.Known(kNow).empty());
  EXPECT_EQ(Metrics(lags), "");
}

TEST(UpstreamLags, AreNotKnownForEver) {
  UpstreamLags lags(2 * kDay);
  lags.Record(Lag("a", "one", kDay));
  EXPECT_EQ(lags.Known(kNow + 2 * kDay - Seconds(1)).size(), 1u);
  EXPECT_TRUE(lags.Known(kNow + 2 * kDay).empty());
  EXPECT_TRUE(lags.Known(kNow - Seconds(1)).empty()) << "a clock that was ahead";
  lags.Forget();
  EXPECT_TRUE(lags.Known(kNow).empty());
}

TEST(UpstreamLags, AreToldInUnitsThatSuffice) {
  for (const auto& [behind, text] :
       {std::pair(Seconds(1), " 1s:"), std::pair(Seconds(3599), " 59m:"), std::pair(Seconds(3600), " 1h:"),
        std::pair(kDay, " 1d:"), std::pair(19 * kDay + Seconds(4 * 3600 + 59), " 19d 4h:")}) {
    StatusReport report;
    report.items.resize(1);
    report.items[0].key = RootCaCrlKey{};
    report.lags = {Lag("a", "one", behind)};
    EXPECT_NE(StatusText(report).text().find(text), std::string::npos) << StatusText(report).text();
  }
}

}  // namespace
}  // namespace thimble
