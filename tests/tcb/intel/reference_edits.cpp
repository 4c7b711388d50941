// SPDX-License-Identifier: Apache-2.0
#include "tests/tcb/intel/reference_edits.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tcb/base/text.h"
#include "tcb/intel/signed_json.h"
#include "tcb/intel/tcb_info.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/pem.h"
#include "tests/support/sim_intel_quote.h"

namespace thimble::test {
namespace {

using sim::LocateQuote;
using sim::QuoteOffsets;
using Json = nlohmann::ordered_json;

constexpr uint8_t kBit = 0x01;

// -- the quote --

template <size_t QuoteOffsets::*Field, size_t Offset = 0>
bool Flip(Sample& sample) {
  sample.quote.at(LocateQuote(sample.quote).*Field + Offset) ^= kBit;
  return true;
}

template <size_t Offset, uint8_t Value>
bool SetHeader(Sample& sample) {
  sample.quote.at(Offset) = Value;
  return true;
}

template <size_t QuoteOffsets::*Field, uint8_t Value>
bool Set(Sample& sample) {
  const size_t at = LocateQuote(sample.quote).*Field;
  if (at == 0) return false;
  sample.quote.at(at) = Value;
  return true;
}

void PutU32(Bytes& bytes, size_t at, size_t value) {
  for (size_t i = 0; i < 4; ++i) bytes.at(at + i) = static_cast<uint8_t>(value >> (8 * i));
}
size_t GetU32(const Bytes& bytes, size_t at) {
  size_t value = 0;
  for (size_t i = 4; i > 0; --i) value = value << 8 | bytes.at(at + i - 1);
  return value;
}

size_t EndOfAuthData(const Bytes& quote) {
  const size_t at = LocateQuote(quote).auth_length;
  return at + 4 + GetU32(quote, at);
}

// The same quote with another text in its certification data; what comes after the auth data is left away.
void SetChain(Sample& sample, std::string_view text) {
  Bytes& quote = sample.quote;
  const QuoteOffsets at = LocateQuote(quote);
  quote.resize(at.certification_data);
  quote.insert(quote.end(), text.begin(), text.end());
  PutU32(quote, at.certification_data - 4, text.size());
  PutU32(quote, at.auth_length, quote.size() - at.auth_length - 4);
  if (at.outer_type != 0) PutU32(quote, at.outer_type + 2, quote.size() - at.outer_type - 6);
}

std::string Chain(const Sample& sample) {
  const QuoteOffsets at = LocateQuote(sample.quote);
  const size_t size = GetU32(sample.quote, at.certification_data - 4);
  return std::string(AsText(ByteView(sample.quote).subspan(at.certification_data, size)));
}

// Leaf, intermediate and root, in the order of `order`.
bool ReorderChain(Sample& sample, std::initializer_list<size_t> order) {
  const auto blocks = DecodePem(Chain(sample), "CERTIFICATE", 8, Check::kQuoteFormat);
  std::string text;
  for (const size_t i : order) text += EncodePem(blocks->at(i), "CERTIFICATE");
  SetChain(sample, text);
  return true;
}

bool ChainWithCrLf(Sample& sample) {
  std::string text;
  for (const char c : Chain(sample)) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  SetChain(sample, text);
  return true;
}

bool Append(Sample& sample, bool zeros) {
  sample.quote.resize(EndOfAuthData(sample.quote));
  for (size_t i = 0; i < 100; ++i) sample.quote.push_back(zeros ? 0 : static_cast<uint8_t>(37 * i + 11));
  return true;
}

// -- the collateral --

std::string_view SignedMember(const Bytes& body, std::string_view member) {
  return AsText(intel::SplitSignedJson(body, member)->signed_bytes);
}

Bytes WithSignedMember(const Bytes& body, std::string_view member, std::string_view value) {
  const auto json = intel::SplitSignedJson(body, member);
  const std::string text =
      StrCat("{\"", member, "\":", value, ",\"signature\":\"", HexLower(json->signature), "\"}");
  return {text.begin(), text.end()};
}

bool RewriteTcbInfo(Sample& sample, std::string (*rewrite)(Json)) {
  Bytes& body = sample.set.tcb_info;
  body = WithSignedMember(body, "tcbInfo", rewrite(Json::parse(SignedMember(body, "tcbInfo"))));
  return true;
}

std::string Reordered(Json info) {
  const auto first = info.begin();
  const std::string key = first.key();
  const Json value = first.value();
  info.erase(key);
  info[key] = value;
  return info.dump();
}

std::string LaterUpdate(Json info) {
  info["nextUpdate"] = "2099-01-01T00:00:00Z";
  return info.dump();
}

// The signature's hex, with each character changed by `change`.
Bytes WithSignature(const Bytes& body, void (*change)(std::string&)) {
  std::string text(AsText(body));
  const size_t start = text.find('"', text.rfind("\"signature\"") + 11) + 1;
  std::string hex = text.substr(start, 128);
  change(hex);
  text.replace(start, 128, hex);
  return {text.begin(), text.end()};
}
void FlipHex(std::string& hex) { hex.back() = hex.back() == '0' ? '1' : '0'; }
void UpperHex(std::string& hex) {
  std::transform(hex.begin(), hex.end(), hex.begin(), [](char c) { return c >= 'a' ? char(c - 32) : c; });
}

bool FlipLastByte(Bytes& bytes) {
  bytes.back() ^= kBit;
  return true;
}

bool Later(Sample& sample, Seconds by) {
  sample.at += by;
  return true;
}

constexpr Seconds kDay = std::chrono::hours(24), kTenYears = 3650 * kDay;

bool AtTcbNextUpdate(Sample& sample, Seconds offset) {
  const auto info = intel::SplitSignedJson(sample.set.tcb_info, "tcbInfo");
  sample.at = intel::DecodeTcbInfo(info->signed_bytes)->next_update + offset;
  return true;
}

constexpr std::string_view kRawBytes =
    "we check the bytes that Intel signed; the reference prints them again first";
constexpr std::string_view kOneChainCheck = "one check of ours for what the reference names one by one";

// What is appended to the quote, cut off or changed in its signed parts.
std::vector<Edit> QuoteEdits() {
  using enum Answer;
  return {
      {"none", [](Sample&) { return true; }, kUnchanged, Check::kNone, ""},
      {"quote cut to exactly auth data end",
       [](Sample& s) { return s.quote.resize(EndOfAuthData(s.quote)), true; }, kUnchanged, Check::kNone, ""},
      {"100 zero bytes appended", [](Sample& s) { return Append(s, true); }, kUnchanged,
       Check::kQuoteTrailingBytes, ""},
      {"100 random bytes appended", [](Sample& s) { return Append(s, false); }, kUnchanged,
       Check::kQuoteTrailingBytes, ""},
      {"last byte of auth data cut off",
       [](Sample& s) { return s.quote.resize(EndOfAuthData(s.quote) - 1), true; }, kMalformed,
       Check::kQuoteFormat, ""},
      {"report body reportdata bit flipped",
       [](Sample& s) { return s.quote.at(LocateQuote(s.quote).signed_size - 1) ^= kBit, true; }, kHard,
       Check::kQuoteSignature, ""},
      {"quote signature bit flipped", Flip<&QuoteOffsets::signature>, kHard, Check::kQuoteSignature, ""},
      {"attestation key bit flipped", Flip<&QuoteOffsets::attestation_key>, kMalformed, Check::kQuoteFormat,
       "we decode the key before anything is checked with it, and the point is off the curve"},
      {"QE report isvsvn bit flipped", Flip<&QuoteOffsets::qe_report, 258>, kHard, Check::kQeReportSignature,
       ""},
      {"QE report signature bit flipped", Flip<&QuoteOffsets::qe_report_signature>, kHard,
       Check::kQeReportSignature, ""},
      {"QE auth data bit flipped", Flip<&QuoteOffsets::qe_auth_length, 2>, kHard, Check::kQeReportData, ""},
      {"QE report reportdata upper half set (sig then wrong)", Flip<&QuoteOffsets::qe_report, 320 + 32>,
       kHard, Check::kQeReportSignature, ""},
  };
}

// Header, and types of certification data.
std::vector<Edit> HeaderEdits() {
  using enum Answer;
  return {
      {"header user_data bit flipped", SetHeader<28, 0xa5>, kHard, Check::kQuoteSignature, ""},
      {"header version 6", SetHeader<0, 6>, kMalformed, Check::kQuoteFormat, ""},
      {"header att key type 3", SetHeader<2, 3>, kMalformed, Check::kQuoteFormat, ""},
      {"header tee type 0x82", SetHeader<4, 0x82>, kMalformed, Check::kQuoteFormat, ""},
      {"header QE vendor bit flipped", SetHeader<12, 0x92>, kMalformed, Check::kQuoteFormat, ""},
      {"header qe_svn/pce_svn changed (sig then wrong)", SetHeader<8, 0xa5>, kHard, Check::kQuoteSignature,
       ""},
      {"inner cert data type 4", Set<&QuoteOffsets::certification_type, 4>, kUnavailable, Check::kPckMissing,
       ""},
      {"inner cert data type 7", Set<&QuoteOffsets::certification_type, 7>, kMalformed, Check::kQuoteFormat,
       ""},
      {"outer cert data type 5", Set<&QuoteOffsets::outer_type, 5>, kMalformed, Check::kQuoteFormat, ""},
  };
}

std::vector<Edit> ChainEdits() {
  using enum Answer;
  return {
      {"chain: NUL removed",
       [](Sample& s) {
         return ReorderChain(s, {0, 1, 2});
       },
       kUnchanged, Check::kNone, ""},
      {"chain root first",
       [](Sample& s) {
         return ReorderChain(s, {2, 1, 0});
       },
       kUnchanged, Check::kNone, ""},
      {"chain leaf, root, intermediate",
       [](Sample& s) {
         return ReorderChain(s, {0, 2, 1});
       },
       kUnchanged, Check::kNone, ""},
      {"chain leaf+intermediate only",
       [](Sample& s) {
         return ReorderChain(s, {0, 1});
       },
       kHard, Check::kPckChain, kOneChainCheck},
      {"chain with intermediate twice",
       [](Sample& s) {
         return ReorderChain(s, {0, 1, 1, 2});
       },
       kHard, Check::kPckChain, kOneChainCheck},
      {"chain CRLF", ChainWithCrLf, kUnchanged, Check::kNone, ""},
      {"chain with text before", [](Sample& s) { return SetChain(s, "PCK chain:\n" + Chain(s)), true; },
       kUnchanged, Check::kNone, ""},
  };
}

std::vector<Edit> JsonEdits() {
  using enum Answer;
  return {
      {"tcb_info pretty printed",
       [](Sample& s) { return RewriteTcbInfo(s, [](Json info) { return info.dump(2); }); }, kHard,
       Check::kTcbInfoSignature, kRawBytes},
      {"tcb_info key order changed", [](Sample& s) { return RewriteTcbInfo(s, Reordered); }, kHard,
       Check::kTcbInfoSignature, ""},
      {"tcb_info nextUpdate edited", [](Sample& s) { return RewriteTcbInfo(s, LaterUpdate); }, kHard,
       Check::kTcbInfoSignature, ""},
      {"tcb_info signature upper case hex",
       [](Sample& s) { return s.set.tcb_info = WithSignature(s.set.tcb_info, UpperHex), true; }, kUnchanged,
       Check::kNone, ""},
      {"tcb_info signature bit flipped",
       [](Sample& s) { return s.set.tcb_info = WithSignature(s.set.tcb_info, FlipHex), true; }, kHard,
       Check::kTcbInfoSignature, ""},
      {"qe_identity signature bit flipped",
       [](Sample& s) { return s.set.qe_identity = WithSignature(s.set.qe_identity, FlipHex), true; }, kHard,
       Check::kQeIdentitySignature, ""},
      {"tcb_info of the other TEE",
       [](Sample& s) {
         s.set.tcb_info = s.other_tee.tcb_info;
         s.set.tcb_info_issuer_chain = s.other_tee.tcb_info_issuer_chain;
         return true;
       },
       kHard, Check::kTcbInfoMismatch, ""},
      {"qe_identity of the other TEE",
       [](Sample& s) {
         s.set.qe_identity = s.other_tee.qe_identity;
         s.set.qe_identity_issuer_chain = s.other_tee.qe_identity_issuer_chain;
         return true;
       },
       kHard, Check::kQeIdentityMismatch, ""},
  };
}

// CRLs, and an item that is not there.
std::vector<Edit> CrlEdits() {
  using enum Answer;
  return {
      {"PCK CRL of another CA", [](Sample& s) { return s.set.pck_crl = s.other_ca_crl, true; }, kHard,
       Check::kCrlPckIssuer, ""},
      {"root CRL used as PCK CRL", [](Sample& s) { return s.set.pck_crl = s.set.root_ca_crl, true; }, kHard,
       Check::kCrlPckIssuer, ""},
      {"PCK CRL signature bit flipped", [](Sample& s) { return FlipLastByte(s.set.pck_crl); }, kHard,
       Check::kCrlPckSignature, ""},
      {"root CRL signature bit flipped", [](Sample& s) { return FlipLastByte(s.set.root_ca_crl); }, kHard,
       Check::kCrlRootSignature, ""},
      {"no QE identity given", [](Sample& s) { return s.set.qe_identity.clear(), true; }, kUnavailable,
       Check::kCollateralMissing, "absent never means skip: the reference leaves the QE unchecked"},
  };
}

std::vector<Edit> TimeEdits() {
  using enum Answer;
  return {
      {"10 years later", [](Sample& s) { return Later(s, kTenYears); }, kUnchanged, Check::kTcbInfoExpired,
       ""},
      {"40 days later", [](Sample& s) { return Later(s, 40 * kDay); }, kUnchanged, Check::kTcbInfoExpired,
       ""},
      {"10 years earlier", [](Sample& s) { return Later(s, -kTenYears); }, kUnchanged,
       Check::kTcbInfoNotYetIssued, ""},
      {"exactly tcb nextUpdate", [](Sample& s) { return AtTcbNextUpdate(s, Seconds(0)); }, kUnchanged,
       Check::kNone, ""},
      {"tcb nextUpdate + 1 s", [](Sample& s) { return AtTcbNextUpdate(s, Seconds(1)); }, kUnchanged,
       Check::kTcbInfoExpired, ""},
  };
}

std::vector<Edit> MakeEdits() {
  std::vector<Edit> edits;
  for (const auto& part : {QuoteEdits(), HeaderEdits(), ChainEdits(), JsonEdits(), CrlEdits(), TimeEdits()})
    edits.insert(edits.end(), part.begin(), part.end());
  return edits;
}

}  // namespace

const std::vector<Edit>& ReferenceEdits() {
  static const std::vector<Edit> edits = MakeEdits();
  return edits;
}

}  // namespace thimble::test
