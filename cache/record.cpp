// SPDX-License-Identifier: Apache-2.0
#include "cache/record.h"

#include <optional>

#include "tcb/base/byte_reader.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr std::string_view kMagic = "THR\x01";

class Encoder {
 public:
  Encoder& U64(uint64_t value) { return Number(value, 8); }
  Encoder& Time(Instant at) { return U64(static_cast<uint64_t>(at.time_since_epoch().count())); }
  Encoder& Block(std::string_view bytes) {
    Number(bytes.size(), 4);
    return Raw(bytes);
  }
  Encoder& Raw(std::string_view bytes) {
    out_ += bytes;
    return *this;
  }
  std::string Take() {
    const Digest256 digest = Sha256(AsBytes(out_));
    Raw(AsText(digest.view()));
    return std::move(out_);
  }

 private:
  Encoder& Number(uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out_ += static_cast<char>(value >> (8 * i) & 0xff);
    return *this;
  }
  std::string out_;
};

// Reads until something is missing; from then on everything is empty and ok() is false.
class Decoder {
 public:
  explicit Decoder(ByteView input) : reader_(input) {}
  bool ok() const { return ok_; }
  bool finished() const { return ok_ && reader_.remaining() == 0; }

  uint64_t U64() { return Keep(reader_.U64()).value_or(0); }
  Instant Time() { return Instant(Seconds(static_cast<int64_t>(U64()))); }
  ByteView Raw(size_t length) { return Keep(reader_.Take(length)).value_or(ByteView()); }
  ByteView Block() { return Raw(Keep(reader_.U32()).value_or(0)); }
  std::string Text() { return std::string(AsText(Block())); }

 private:
  template <class T>
  std::optional<T> Keep(std::optional<T> read) {
    ok_ = ok_ && read.has_value();
    return read;
  }
  ByteReader reader_;
  bool ok_ = true;
};

Error Corrupt(std::string_view name, std::string_view why) {
  return {ErrorKind::kInternal, Check::kStoreCorrupt, StrCat("record ", name, ": ", why)};
}

// The fields after the magic, up to the digest over everything.
std::optional<Record> DecodeFields(ByteView fields) {
  Decoder in(fields);
  Record record;
  record.name = in.Text();
  const ByteView body = in.Block();
  record.bytes.body.assign(body.begin(), body.end());
  record.bytes.issuer_chain = in.Text();
  record.source = in.Text();
  record.fetched = in.Time();
  record.last_check = in.Time();
  record.issued = in.Time();
  record.next_update = in.Time();
  record.chain_end = in.Time();
  record.order_number = in.U64();
  record.sha256 = Digest256::From(in.Raw(Digest256::kSize)).value_or(Digest256());
  if (!in.finished()) return std::nullopt;
  return record;
}

}  // namespace

std::string EncodeRecord(const Record& record) {
  Encoder out;
  out.Raw(kMagic)
      .Block(record.name)
      .Block(AsText(record.bytes.body))
      .Block(record.bytes.issuer_chain)
      .Block(record.source)
      .Time(record.fetched)
      .Time(record.last_check)
      .Time(record.issued)
      .Time(record.next_update)
      .Time(record.chain_end)
      .U64(record.order_number)
      .Raw(AsText(record.sha256.view()));
  return out.Take();
}

Result<Record> DecodeRecord(std::string_view name, std::string_view encoded) {
  if (encoded.size() < kMagic.size() + Digest256::kSize) return Corrupt(name, "too short");
  const std::string_view content = encoded.substr(0, encoded.size() - Digest256::kSize);
  const Digest256 digest = Sha256(AsBytes(content));
  if (AsText(digest.view()) != encoded.substr(content.size())) return Corrupt(name, "digest differs");
  if (!content.starts_with(kMagic)) return Corrupt(name, "unknown form");
  auto record = DecodeFields(AsBytes(content.substr(kMagic.size())));
  if (!record) return Corrupt(name, "fields do not fit");
  if (record->name != name) return Corrupt(name, StrCat("is that of ", record->name));
  if (Sha256(record->bytes.body) != record->sha256) return Corrupt(name, "digest of the body differs");
  return *std::move(record);
}

}  // namespace thimble
