// SPDX-License-Identifier: Apache-2.0
#include "service/support/prometheus_text.h"

#include <array>
#include <charconv>

#include "tcb/base/text.h"

namespace thimble {
namespace {

std::string Escape(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string Number(double value) {
  std::array<char, 64> text;
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
  return std::string(text.data(), written.ptr);
}

}  // namespace

void PrometheusText::Metric(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += StrCat("# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
}

void PrometheusText::Sample(Labels labels, double value, std::string_view suffix) {
  text_ += StrCat(name_, suffix);
  char before = '{';
  for (const auto& [label, text] : labels) {
    text_ += StrCat(before, label, "=\"", Escape(text), "\"");
    before = ',';
  }
  text_ += StrCat(labels.size() > 0 ? "} " : " ", Number(value), "\n");
}

}  // namespace thimble
