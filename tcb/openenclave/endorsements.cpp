// SPDX-License-Identifier: Apache-2.0
#include "tcb/openenclave/endorsements.h"

#include <array>
#include <string>
#include <vector>

#include "tcb/base/byte_reader.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/openenclave/wrapping.h"
#include "tcb/pki/der.h"

namespace thimble::openenclave {
namespace {

constexpr size_t kMaxEndorsements = 200 << 10;
constexpr uint32_t kVersion = 1, kSgx = 2;
constexpr size_t kItems = 9;

// The items, by their number.
enum Item : uint8_t {
  kItemVersion,
  kTcbInfo,
  kTcbInfoChain,
  kPckCrl,
  kRootCaCrl,
  kPckCrlChain,
  kQeIdentity,
  kQeIdentityChain,
  kCreationTime,
};

Error Malformed(std::string message) {
  return {ErrorKind::kMalformed, Check::kOeEndorsements, StrCat("oe_endorsements: ", message)};
}

// Some items count the NUL behind them, and some do not.
ByteView WithoutNul(ByteView item) {
  return !item.empty() && item.back() == 0 ? item.first(item.size() - 1) : item;
}

// DER may end in a zero of its own: its length says which is which.
ByteView CrlIn(ByteView item) {
  der::Reader reader(item);
  const auto der = reader.Next(der::kSequence);
  if (!der) return WithoutNul(item);
  return Equal(WithoutNul(item), der->whole) ? der->whole : item;
}

Bytes ToBytes(ByteView item) { return Bytes(item.begin(), item.end()); }
std::string ToText(ByteView item) { return std::string(AsText(item)); }

// Each runs to where the next begins, the last to the end.
Result<std::array<ByteView, kItems>> Split(const std::array<uint32_t, kItems>& offsets, ByteView data) {
  std::array<ByteView, kItems> items;
  if (offsets.front() != 0)
    return Malformed(StrCat("the first item begins at ", offsets.front(), ", must at 0"));
  for (size_t i = 0; i < kItems; ++i) {
    const size_t from = offsets.at(i), to = i + 1 < kItems ? offsets.at(i + 1) : data.size();
    if (from >= to || to > data.size()) {
      return Malformed(StrCat("item ", i, " is from ", from, " to ", to, " of ", data.size(), " bytes"));
    }
    items.at(i) = data.subspan(from, to - from);
  }
  return items;
}

Result<std::array<ByteView, kItems>> ReadBuffer(ByteView bytes) {
  ByteReader reader(bytes);
  const auto version = reader.U32(), enclave_type = reader.U32();
  const auto size = reader.U32(), count = reader.U32();
  if (!version || !enclave_type || !size || !count) return Malformed(StrCat(bytes.size(), " bytes"));
  if (*version != kVersion) return Malformed(StrCat("version ", *version, ", must be ", kVersion));
  if (*enclave_type != kSgx)
    return Malformed(StrCat("enclave type ", *enclave_type, ", must be ", kSgx, " (SGX)"));
  if (*size != reader.remaining())
    return Malformed(StrCat("its header says ", *size, " bytes, ", reader.remaining(), " follow it"));
  if (*count != kItems) return Malformed(StrCat(*count, " items, must be ", kItems));
  std::array<uint32_t, kItems> offsets{};
  for (uint32_t& offset : offsets) {
    const auto read = reader.U32();
    if (!read) return Malformed(StrCat("of ", bytes.size(), " bytes, too short for its offsets"));
    offset = *read;
  }
  return Split(offsets, reader.rest());
}

}  // namespace

bool LooksLikeEndorsements(ByteView bytes) {
  if (LooksLikeEvidence(bytes)) return true;
  ByteReader reader(bytes);
  const auto version = reader.U32(), enclave_type = reader.U32();
  return version == kVersion && enclave_type == kSgx;
}

Result<intel::CollateralSet> ParseEndorsements(ByteView bytes) {
  if (bytes.size() > kMaxEndorsements)
    return Malformed(StrCat(bytes.size(), " bytes, at most ", kMaxEndorsements));
  ByteView buffer = bytes;
  if (const auto behind = BehindSgxEcdsaHeader(bytes)) buffer = *behind;
  TRY_ASSIGN(const auto items, ReadBuffer(buffer));
  ByteReader own(items.at(kItemVersion));
  if (own.U32() != kVersion || own.remaining() != 0) return Malformed("its item 0 must be 1, in four bytes");
  intel::CollateralSet set;
  set.tcb_info = ToBytes(WithoutNul(items.at(kTcbInfo)));
  set.tcb_info_issuer_chain = ToText(WithoutNul(items.at(kTcbInfoChain)));
  set.pck_crl = ToBytes(CrlIn(items.at(kPckCrl)));
  set.root_ca_crl = ToBytes(CrlIn(items.at(kRootCaCrl)));
  set.pck_crl_issuer_chain = ToText(WithoutNul(items.at(kPckCrlChain)));
  set.qe_identity = ToBytes(WithoutNul(items.at(kQeIdentity)));
  set.qe_identity_issuer_chain = ToText(WithoutNul(items.at(kQeIdentityChain)));
  return set;
}

}  // namespace thimble::openenclave
