// SPDX-License-Identifier: Apache-2.0
//
// The reader of stored records. The first byte chooses: the bytes as they are, or with the two digests made good, so
// that what lies behind them is reached.
#include <optional>

#include "cache/record.h"
#include "tcb/base/crypto.h"
#include "tcb/check.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

// The body is the second of the length-prefixed texts, after the name.
static std::optional<ByteView> BodyOf(ByteView record) {
  size_t at = 5;
  ByteView text;
  for (int i = 0; i < 2; ++i) {
    if (record.size() < at + 4) return std::nullopt;
    size_t length = 0;
    for (size_t byte = 4; byte-- > 0;) length = length << 8 | record[at + byte];
    at += 4;
    if (record.size() - at < length) return std::nullopt;
    text = record.subspan(at, length);
    at += length;
  }
  return text;
}

static void Append(Bytes& record, const Digest256& digest) {
  record.insert(record.end(), digest.bytes().begin(), digest.bytes().end());
}

static Bytes WithDigests(ByteView input) {
  Bytes record(input.begin(), input.end());
  Append(record, Sha256(BodyOf(input).value_or(ByteView())));
  Append(record, Sha256(record));
  return record;
}

FUZZ_TARGET(input) {
  constexpr std::string_view kName = "intel/crl/root";
  if (input.empty()) return;
  const ByteView rest = input.subspan(1);
  const Bytes bytes = (input[0] & 1) != 0 ? WithDigests(rest) : Bytes(rest.begin(), rest.end());
  const auto record = DecodeRecord(kName, AsText(bytes));
  if (!record.ok())
    return Holds(record.error().check == Check::kStoreCorrupt, "what is not a record is corrupt");
  Holds(record->name == kName, "it is the record of this name");
  Holds(record->sha256 == Sha256(record->bytes.body), "the digest is the body's");
  Holds(EncodeRecord(*record) == AsText(bytes), "a record has one form");
}
