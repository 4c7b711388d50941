// SPDX-License-Identifier: Apache-2.0
//
// Metrics in Prometheus' text form, version 0.0.4.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace thimble {

class PrometheusText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // Says what the samples that follow are: "counter", "gauge" or "histogram".
  void Metric(std::string_view name, std::string_view type, std::string_view help);
  // A sample of the metric; `suffix` is "_bucket", "_sum", "_count" of a histogram's.
  void Sample(Labels labels, double value, std::string_view suffix = "");

  std::string Take() { return std::move(text_); }

 private:
  std::string text_, name_;
};

}  // namespace thimble
