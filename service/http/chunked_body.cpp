// SPDX-License-Identifier: Apache-2.0
#include "service/http/chunked_body.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "service/http/head.h"

namespace thimble::http {
namespace {

constexpr size_t kMaxLine = 1024;

void SkipBlanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

bool TakeToken(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), IsTokenChar);
  const auto size = static_cast<size_t>(end - text.begin());
  text.remove_prefix(size);
  return size > 0;
}

// RFC 9110 section 5.6.4. The opening quote is there.
bool TakeQuotedString(std::string_view& text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
    if (text[i] == '\\') ++i;
    if (i == text.size() || !IsValueChar(text[i])) return false;
  }
  return false;
}

bool TakeExtensionValue(std::string_view& text) {
  SkipBlanks(text);
  return text.starts_with('"') ? TakeQuotedString(text) : TakeToken(text);
}

// chunk-ext of RFC 9112 section 7.1.1. White space stands before a mark alone, not at the end of the line.
bool AreExtensions(std::string_view text) {
  while (!text.empty()) {
    SkipBlanks(text);
    if (!text.starts_with(';')) return false;
    text.remove_prefix(1);
    SkipBlanks(text);
    if (!TakeToken(text)) return false;
    std::string_view after = text;
    SkipBlanks(after);
    if (!after.starts_with('=')) continue;
    text = after.substr(1);
    if (!TakeExtensionValue(text)) return false;
  }
  return true;
}

struct Line {
  ChunkedBody::Progress progress = ChunkedBody::Progress::kMore;  // kDone: it is there
  std::string_view text = {};                                     // without its end
};

// Ends with CRLF and nothing else: a bare line feed would end it for another reader of these bytes, here or there.
Line TakeLine(std::string_view& rest) {
  const size_t feed = rest.find('\n');
  if (std::min(feed, rest.size()) > kMaxLine) return {ChunkedBody::Progress::kBad};
  if (feed == std::string_view::npos) return {};
  if (feed == 0 || rest[feed - 1] != '\r') return {ChunkedBody::Progress::kBad};
  const Line line{ChunkedBody::Progress::kDone, rest.substr(0, feed - 1)};
  rest.remove_prefix(feed + 1);
  return line;
}

}  // namespace

ChunkedBody::Progress ChunkedBody::Take(std::string& input, std::string& body) {
  std::string_view rest = input;
  Part before;
  Progress progress;
  size_t left;
  do {
    before = part_;
    left = rest.size();
    progress = TakePart(rest, body);
  } while (progress == Progress::kMore && (rest.size() != left || part_ != before));
  input.erase(0, input.size() - rest.size());
  return progress;
}

ChunkedBody::Progress ChunkedBody::TakePart(std::string_view& rest, std::string& body) {
  switch (part_) {
    case Part::kSize:
      return TakeSize(rest, body.size());
    case Part::kContent:
      TakeContent(rest, body);
      return Progress::kMore;
    case Part::kContentEnd:
      return TakeContentEnd(rest);
    case Part::kTrailers:
      break;
  }
  return TakeTrailer(rest);
}

ChunkedBody::Progress ChunkedBody::TakeSize(std::string_view& rest, size_t so_far) {
  const Line line = TakeLine(rest);
  if (line.progress != Progress::kDone) return line.progress;
  const char* const end = line.text.data() + line.text.size();
  const auto size = std::from_chars(line.text.data(), end, missing_, 16);
  const std::string_view extensions(size.ptr, static_cast<size_t>(end - size.ptr));
  if (size.ec != std::errc() || !AreExtensions(extensions)) return Progress::kBad;
  forgotten_ += extensions.size();
  if (forgotten_ > kMaxHeadBytes) return Progress::kBad;
  if (missing_ > max_body_ - so_far) return Progress::kTooLong;
  part_ = missing_ == 0 ? Part::kTrailers : Part::kContent;
  return Progress::kMore;
}

void ChunkedBody::TakeContent(std::string_view& rest, std::string& body) {
  const auto size = static_cast<size_t>(std::min<uint64_t>(missing_, rest.size()));
  body.append(rest.substr(0, size));
  rest.remove_prefix(size);
  missing_ -= size;
  if (missing_ == 0) part_ = Part::kContentEnd;
}

ChunkedBody::Progress ChunkedBody::TakeContentEnd(std::string_view& rest) {
  constexpr std::string_view kEnd = "\r\n";
  if (!kEnd.starts_with(rest.substr(0, kEnd.size()))) return Progress::kBad;
  if (rest.size() < kEnd.size()) return Progress::kMore;
  rest.remove_prefix(kEnd.size());
  part_ = Part::kSize;
  return Progress::kMore;
}

ChunkedBody::Progress ChunkedBody::TakeTrailer(std::string_view& rest) {
  const Line line = TakeLine(rest);
  if (line.progress != Progress::kDone || line.text.empty()) return line.progress;
  forgotten_ += line.text.size();
  return forgotten_ <= kMaxHeadBytes && IsFieldLine(line.text) ? Progress::kMore : Progress::kBad;
}

}  // namespace thimble::http
