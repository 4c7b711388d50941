// SPDX-License-Identifier: Apache-2.0
#include "tcb/uvm/statement.h"

#include <algorithm>
#include <array>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/didx509/resolve.h"

namespace thimble::uvm {
namespace {

// In CWT claims (RFC 8392 section 4) and as text labels of the older form.
constexpr int64_t kIss = 1, kSub = 2, kIat = 6;
constexpr std::string_view kIssuerLabel = "iss", kFeedLabel = "feed", kTimeLabel = "signingtime";

constexpr int64_t kSha256 = -16, kSha384 = -43, kSha512 = -44;  // IANA, COSE Algorithms

// As Microsoft's, and as RFC 5280 has it the subject may be empty beside a critical subjectAltName: leaves of a did:x509 are
// known by either.
constexpr CertificateProfile kProfile = CertificateProfile::kTpmMaker;

Error Malformed(std::string_view problem) {
  return {ErrorKind::kMalformed, Check::kUvmFormat, StrCat("UVM endorsement: ", problem)};
}

// What is critical has to be acted on (RFC 9052 section 3.1), and to be there.
bool IsUnderstood(const cbor::Value& label, const cbor::Value& header) {
  constexpr std::array<int64_t, 7> kNumbers = {
      cose::kAlg, cose::kContentType,    cose::kCwtClaims,          cose::kX5chain,
      cose::kX5t, cose::kPayloadHashAlg, cose::kPreimageContentType};
  constexpr std::array<std::string_view, 3> kTexts = {kIssuerLabel, kFeedLabel, kTimeLabel};
  if (const auto number = label.Integer())
    return std::ranges::count(kNumbers, *number) > 0 && header.Find(*number) != nullptr;
  const auto text = label.Text();
  return text && std::ranges::count(kTexts, *text) > 0 && header.Find(*text) != nullptr;
}

Status CheckCritical(const cbor::Value& header) {
  const cbor::Value* const critical = header.Find(cose::kCrit);
  if (critical == nullptr) return {};
  const auto* const labels = critical->Array();
  if (labels == nullptr || labels->empty()) return Malformed("crit is no list of labels");
  const bool all =
      std::ranges::all_of(*labels, [&](const cbor::Value& label) { return IsUnderstood(label, header); });
  return all ? Status() : Malformed("crit names a header parameter that is not known here, or not there");
}

// A time as text (tag 0) or as whole seconds (tag 1); `bare`: also without a tag, as RFC 8392 has it.
std::optional<Instant> ReadTime(const cbor::Value& value, bool bare) {
  if (const cbor::Value* const text = value.Tagged(cbor::kTagTextTime)) {
    const auto time = text->Text();
    return time ? ParseRfc3339(*time) : std::nullopt;
  }
  const cbor::Value* const tagged = value.Tagged(cbor::kTagTime);
  if (tagged == nullptr && !bare) return std::nullopt;
  const auto seconds = (tagged != nullptr ? *tagged : value).Unsigned();
  constexpr uint64_t kYear9999 = 253402300799;
  if (!seconds || *seconds > kYear9999) return std::nullopt;
  return Instant(Seconds(static_cast<int64_t>(*seconds)));
}

struct Who {
  const cbor::Value *issuer, *feed, *time;
  bool bare_time;
};

// In one place or in the other: what is said twice may be said differently.
Result<Who> FindWho(const cbor::Value& header, Statement& out) {
  const cbor::Value* const claims = header.Find(cose::kCwtClaims);
  const Who older{header.Find(kIssuerLabel), header.Find(kFeedLabel), header.Find(kTimeLabel), false};
  if (claims == nullptr) return older;
  out.format = Format::kHashEnvelope;
  if (claims->Map() == nullptr) return Malformed("the CWT claims are no map");
  if (older.issuer != nullptr || older.feed != nullptr || older.time != nullptr)
    return Malformed("issuer, feed or signing time is there twice: in the CWT claims, and beside them");
  return Who{claims->Find(kIss), claims->Find(kSub), claims->Find(kIat), true};
}

Status ReadWho(const cbor::Value& header, Statement& out) {
  TRY_ASSIGN(const Who who, FindWho(header, out));
  const auto issuer = who.issuer != nullptr ? who.issuer->Text() : std::nullopt;
  const auto feed = who.feed != nullptr ? who.feed->Text() : std::nullopt;
  if (!issuer || !feed) return Malformed("issuer or feed is missing, or no text");
  out.issuer = *issuer;
  out.feed = *feed;
  // The older form did without at first; with the hash envelope it was there from the beginning.
  if (who.time == nullptr) return who.bare_time ? Malformed("the CWT claims have no iat") : Status();
  out.signed_at = ReadTime(*who.time, who.bare_time);
  return out.signed_at ? Status() : Malformed("the signing time is no time");
}

// A list of certificates, or one by itself (RFC 9360 section 2).
Status ReadChain(const cbor::Value& header, Statement& out) {
  const cbor::Value* const x5chain = header.Find(cose::kX5chain);
  std::vector<ByteView> certificates;
  if (x5chain != nullptr && x5chain->Bytes()) certificates.push_back(*x5chain->Bytes());
  if (const auto* const list = x5chain != nullptr ? x5chain->Array() : nullptr) {
    if (list->size() > didx509::kMaxChain) return Malformed("x5chain has more than 8 certificates");
    for (const cbor::Value& each : *list) {
      const auto der = each.Bytes();
      if (!der) return Malformed("x5chain is no list of byte strings");
      certificates.push_back(*der);
    }
  }
  if (certificates.empty()) return Malformed("x5chain is missing, or has no certificate");
  for (const ByteView der : certificates) {
    TRY_ASSIGN(CertificatePtr certificate, Certificate::Parse(der, kProfile, Check::kUvmChain));
    out.x5chain.push_back(std::move(certificate));
  }
  return {};
}

std::optional<HashAlgorithm> ThumbprintHash(int64_t algorithm) {
  switch (algorithm) {
    case kSha256:
      return HashAlgorithm::kSha256;
    case kSha384:
      return HashAlgorithm::kSha384;
    case kSha512:
      return HashAlgorithm::kSha512;
    default:
      return std::nullopt;
  }
}

Status CheckThumbprint(const cbor::Value& header, const Certificate& leaf) {
  const cbor::Value* const x5t = header.Find(cose::kX5t);
  if (x5t == nullptr) return {};
  const auto* const parts = x5t->Array();
  if (parts == nullptr || parts->size() != 2) return Malformed("x5t is no algorithm and digest");
  const auto hash = ThumbprintHash(parts->at(0).Integer().value_or(0));
  const auto digest = parts->at(1).Bytes();
  if (!digest || !hash) return Malformed("x5t is no digest by SHA-256, SHA-384 or SHA-512");
  if (Equal(DigestOf(*hash, leaf.der()), *digest)) return {};
  return Malformed("x5t is not the digest of the first certificate of x5chain");
}

}  // namespace

std::string_view FormatName(Format format) { return format == Format::kLegacy ? "legacy" : "hash_envelope"; }

Result<Statement> ParseStatement(ByteView bytes) {
  Statement out;
  TRY_ASSIGN(out.message, cose::ParseSign1(bytes, "UVM endorsement", Check::kUvmFormat));
  if (!out.message.payload) return Malformed("its payload is detached");
  const cbor::Value& header = out.message.protected_header;
  const cbor::Value* const alg = header.Find(cose::kAlg);
  const auto algorithm = alg != nullptr ? alg->Integer() : std::nullopt;
  if (!algorithm) return Malformed("the algorithm is missing, or no number");
  out.algorithm = *algorithm;
  TRY(CheckCritical(header));
  TRY(ReadWho(header, out));
  TRY(ReadChain(header, out));
  TRY(CheckThumbprint(header, *out.x5chain.front()));
  return out;
}

}  // namespace thimble::uvm
