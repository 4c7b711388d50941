// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/transcript.h"

#include <algorithm>
#include <stdexcept>

#include "tcb/base/ascii.h"
#include "tcb/base/text.h"

namespace thimble::test {
namespace {

std::string Expanded(std::string_view text, const Values& values) {
  std::string out;
  while (!text.empty()) {
    const size_t open = text.find('{');
    const size_t close = open == std::string_view::npos ? open : text.find('}', open);
    const std::string_view name =
        close == std::string_view::npos ? "" : text.substr(open + 1, close - open - 1);
    const bool is_name =
        !name.empty() && std::ranges::all_of(name, [](char c) { return IsAlnum(c) || c == '_'; });
    if (!is_name) {
      const size_t end = open == std::string_view::npos ? text.size() : open + 1;
      out += text.substr(0, end);
      text.remove_prefix(end);
      continue;
    }
    const auto value = values.find(name);
    if (value == values.end()) throw std::runtime_error(StrCat("no value {", name, "}"));
    out += StrCat(text.substr(0, open), value->second);
    text.remove_prefix(close + 1);
  }
  return out;
}

class Reader {
 public:
  explicit Reader(const Values& values) : values_(values) {}

  void Read(std::string_view line) {
    if (line.starts_with("@config ")) {
      out_.config += StrCat(Expanded(line.substr(8), values_), "\n");
    } else if (line.starts_with("@vendor ")) {
      modes_.emplace_back(line.substr(8));
    } else if (line.starts_with("== ")) {
      out_.exchanges.emplace_back().title = line.substr(3);
      out_.exchanges.back().vendor_modes = std::exchange(modes_, {});
      part_ = Part::kRequestLine;
    } else if (line.starts_with('>')) {
      Request(Content(line));
    } else if (line.starts_with('<')) {
      Answer(Content(line));
    } else if (!line.empty() && !line.starts_with('#')) {
      throw std::runtime_error("not a line of a transcript");
    }
  }
  Transcript Take() { return std::move(out_); }

 private:
  enum class Part : uint8_t {
    kNone,
    kRequestLine,
    kRequestHead,
    kRequestBody,
    kStatus,
    kAnswerHead,
    kAnswerBody
  };

  std::string Content(std::string_view line) const {
    return Expanded(line.size() < 2 ? "" : line.substr(2), values_);
  }
  static void AddLine(std::string& body, bool& begun, const std::string& line) {
    body += StrCat(begun ? "\n" : "", line);
    begun = true;
  }

  void Request(const std::string& line) {
    Exchange& exchange = out_.exchanges.at(out_.exchanges.size() - 1);
    if (part_ == Part::kRequestLine) {
      const size_t space = line.find(' ');
      if (space == std::string::npos) throw std::runtime_error("not METHOD TARGET");
      exchange.method = line.substr(0, space);
      exchange.target = line.substr(space + 1);
      part_ = Part::kRequestHead;
    } else if (part_ == Part::kRequestHead) {
      line.empty() ? StartBody(Part::kRequestBody) : exchange.headers.push_back(line);
    } else if (part_ == Part::kRequestBody) {
      AddLine(exchange.body, begun_, line);
    } else {
      throw std::runtime_error("a request after its answer");
    }
  }

  void Answer(const std::string& line) {
    Exchange& exchange = out_.exchanges.at(out_.exchanges.size() - 1);
    if (part_ == Part::kRequestHead || part_ == Part::kRequestBody) {
      exchange.status = std::stoi(line);
      part_ = Part::kAnswerHead;
    } else if (part_ == Part::kAnswerHead && line.empty()) {
      StartBody(Part::kAnswerBody);
    } else if (part_ == Part::kAnswerHead) {
      const size_t colon = line.find(": ");
      if (colon == std::string::npos) throw std::runtime_error("not NAME: VALUE");
      exchange.answer_headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    } else if (part_ == Part::kAnswerBody) {
      AddLine(exchange.answer_body, begun_, line);
    } else {
      throw std::runtime_error("an answer without its request");
    }
  }

  void StartBody(Part part) {
    part_ = part;
    begun_ = false;
  }

  const Values& values_;
  Transcript out_;
  std::vector<std::string> modes_;
  Part part_ = Part::kNone;
  bool begun_ = false;  // the body
};

}  // namespace

const std::vector<std::string> kStandingHeaders = {"Date",       "Content-Length", "Connection",
                                                   "Keep-Alive", "Request-ID",     "X-Thimble-Detail"};

Transcript ParseTranscript(std::string_view text, const Values& values) {
  Reader reader(values);
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    try {
      reader.Read(line);
    } catch (const std::exception& error) {
      throw std::runtime_error(StrCat("line ", number, ": ", error.what()));
    }
  }
  return reader.Take();
}

bool Matches(std::string_view pattern, std::string_view text) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  text.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  while (true) {
    const size_t next = pattern.find('*');
    if (next == std::string_view::npos) return text.ends_with(pattern);
    const size_t at = text.find(pattern.substr(0, next));
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + next);
    pattern.remove_prefix(next + 1);
  }
}

std::string DifferenceFrom(const Exchange& expected, const RawAnswer& answer) {
  std::string out;
  if (answer.status != expected.status) {
    out += StrCat("status ", answer.status, ", not ", expected.status, "\n");
  }
  for (const auto& [name, pattern] : expected.answer_headers) {
    const auto value = answer.Header(name);
    if (!value || !Matches(pattern, *value)) {
      out += StrCat(name, ": ", value.value_or("(none)").substr(0, 200), ", not ", pattern, "\n");
    }
  }
  for (const auto& [name, value] : answer.headers) {
    const bool listed = std::ranges::any_of(expected.answer_headers,
                                            [&](const auto& header) { return header.first == name; });
    const bool standing = std::ranges::find(kStandingHeaders, name) != kStandingHeaders.end();
    if (!listed && !standing) out += StrCat("not expected: ", name, ": ", value.substr(0, 200), "\n");
  }
  if (!answer.Header("Request-ID")) out += "no Request-ID\n";
  if (!Matches(expected.answer_body, answer.body)) {
    out += StrCat("body: ", answer.body.substr(0, 400), "\n");
  }
  return out;
}

}  // namespace thimble::test
