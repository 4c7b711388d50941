// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/export_file.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr std::string_view kMagic = "THIMBLE-EXPORT ";
constexpr uint64_t kVersion = 1;
constexpr std::string_view kCurrent = "current", kPast = "past";

Error NotAnExport(std::string_view what) {
  return {ErrorKind::kMalformed, Check::kRequest, StrCat("export file: ", what)};
}

std::string DigestOf(const CollateralBytes& bytes) {
  return Sha256(bytes.body, AsBytes(bytes.issuer_chain)).hex();
}

void WriteItem(json::Writer& json, const ExportedItem& item) {
  const Record& record = item.record;
  json.BeginObject();
  json.Key("item").String(record.name);
  json.Key("state").String(item.past ? kPast : kCurrent);
  json.Key("order_number").Unsigned(record.order_number);
  json.Key("issued").String(FormatRfc3339(record.issued));
  json.Key("next_update").String(FormatRfc3339(record.next_update));
  json.Key("fetched").String(FormatRfc3339(record.fetched));
  json.Key("source").String(record.source);
  json.Key("sha256").String(DigestOf(record.bytes));
  json.Key("body").Unsigned(record.bytes.body.size());
  json.Key("issuer_chain").Unsigned(record.bytes.issuer_chain.size());
  json.EndObject();
}

std::string Manifest(const std::vector<ExportedItem>& items) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("version").Unsigned(kVersion);
  json.Key("items").BeginArray();
  std::optional<Instant> first_expiry;
  for (const ExportedItem& item : items) {
    WriteItem(json, item);
    if (!item.past) first_expiry = std::min(first_expiry.value_or(Instant::max()), item.record.next_update);
  }
  json.EndArray();
  if (first_expiry) json.Key("first_expiry").String(FormatRfc3339(*first_expiry));
  json.EndObject();
  return out;
}

// What is still to be read of the file, taken piece by piece.
class Rest {
 public:
  explicit Rest(std::string_view text) : text_(text) {}
  std::optional<std::string_view> Take(uint64_t size) {
    if (size > text_.size()) return std::nullopt;
    const std::string_view piece = text_.substr(0, size);
    text_.remove_prefix(size);
    return piece;
  }
  std::optional<std::string_view> TakeTo(char end) {
    const size_t at = text_.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view piece = text_.substr(0, at);
    text_.remove_prefix(at + 1);
    return piece;
  }
  bool empty() const { return text_.empty(); }

 private:
  std::string_view text_;
};

Result<std::string_view> TakeManifest(Rest& rest) {
  const auto magic = rest.Take(kMagic.size());
  if (magic != kMagic) return NotAnExport("not one");
  const auto version = rest.TakeTo(' '), length = rest.TakeTo(' '), digest = rest.TakeTo('\n');
  if (!digest) return NotAnExport("its first line is cut off");
  if (version != std::to_string(kVersion))
    return NotAnExport(StrCat("version ", *version, ", known is ", kVersion));
  uint64_t size = 0;
  const auto parsed = std::from_chars(length->data(), length->data() + length->size(), size);
  if (parsed.ec != std::errc() || parsed.ptr != length->data() + length->size())
    return NotAnExport("the length of its manifest is not a number");
  const auto manifest = rest.Take(size);
  if (!manifest || rest.Take(1) != std::string_view("\n")) return NotAnExport("its manifest is cut off");
  const std::string found = Sha256(AsBytes(*manifest)).hex();
  if (found != *digest) return NotAnExport(StrCat("its manifest has SHA-256 ", found, ", it says ", *digest));
  return *manifest;
}

Result<std::string_view> TakePiece(const json::Value& object, std::string_view name, Rest& rest) {
  TRY_ASSIGN(const uint64_t size, object.GetUnsigned(name));
  const auto piece = rest.Take(size);
  if (!piece) return NotAnExport("it is cut off");
  return *piece;
}

Result<ExportedItem> ReadItem(const json::Value& object, Rest& rest) {
  ExportedItem item;
  Record& record = item.record;
  TRY_ASSIGN(record.name, object.GetString("item"));
  TRY_ASSIGN(const std::string_view state, object.GetString("state"));
  if (state != kCurrent && state != kPast) return NotAnExport(StrCat("unknown state ", state));
  item.past = state == kPast;
  TRY_ASSIGN(record.order_number, object.GetUnsigned("order_number"));
  TRY_ASSIGN(record.issued, object.GetTime("issued"));
  TRY_ASSIGN(record.next_update, object.GetTime("next_update"));
  TRY_ASSIGN(record.fetched, object.GetTime("fetched"));
  TRY_ASSIGN(record.source, object.GetString("source"));
  TRY_ASSIGN(const std::string_view body, TakePiece(object, "body", rest));
  TRY_ASSIGN(record.bytes.issuer_chain, TakePiece(object, "issuer_chain", rest));
  const ByteView view = AsBytes(body);
  record.bytes.body.assign(view.begin(), view.end());
  TRY_ASSIGN(const std::string_view digest, object.GetString("sha256"));
  const std::string found = DigestOf(record.bytes);
  if (found != digest) {
    return NotAnExport(StrCat(record.name, " has SHA-256 ", found, ", the manifest says ", digest));
  }
  return item;
}

}  // namespace

std::string EncodeExport(std::vector<ExportedItem> items) {
  std::ranges::sort(items, [](const ExportedItem& a, const ExportedItem& b) {
    const auto place = [](const ExportedItem& item) {
      const Record& record = item.record;
      return std::make_tuple(std::string_view(record.name), item.past, record.order_number, record.issued,
                             DigestOf(record.bytes));
    };
    return place(a) < place(b);
  });
  const std::string manifest = Manifest(items);
  std::string out = StrCat(kMagic, kVersion, " ", manifest.size(), " ", Sha256(AsBytes(manifest)).hex(), "\n",
                           manifest, "\n");
  for (const ExportedItem& item : items) {
    out += AsText(item.record.bytes.body);
    out += item.record.bytes.issuer_chain;
  }
  return out;
}

bool IsExport(std::string_view file) { return file.starts_with(kMagic); }

Result<std::vector<ExportedItem>> DecodeExport(std::string_view file) {
  Rest rest(file);
  TRY_ASSIGN(const std::string_view manifest, TakeManifest(rest));
  TRY_ASSIGN(const auto document, json::Document::Parse(manifest, "manifest", ErrorKind::kMalformed,
                                                        Check::kRequest, json::kManyValues));
  TRY_ASSIGN(const auto objects, document->root().GetArray("items"));
  std::vector<ExportedItem> items;
  for (const json::Value& object : objects) {
    TRY_ASSIGN(ExportedItem item, ReadItem(object, rest));
    items.push_back(std::move(item));
  }
  if (!rest.empty()) return NotAnExport("something follows its last item");
  return items;
}

}  // namespace thimble
