// SPDX-License-Identifier: Apache-2.0
//
// The quote as bytes (DCAP 1): every form that is taken, and every rule breached alone.
#include <gtest/gtest.h>

#include "tcb/intel/quote.h"
#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using intel::ParseQuote;
using sim::LocateQuote;
using sim::QuoteOptions;
using sim::QuoteSpec;

struct Form {
  const char* name;
  QuoteOptions options;
  size_t signed_size;
};
const Form kForms[] = {
    {"SGX v3", {.version = 3}, 432},
    {"SGX v4", {.version = 4}, 432},
    {"SGX v5", {.version = 5}, 438},
    {"TDX 1.0 v4", {.tdx = true, .version = 4}, 632},
    {"TDX 1.0 v5", {.tdx = true, .version = 5, .body_type = 2}, 638},
    {"TDX 1.5 v5", {.tdx = true, .version = 5, .body_type = 3}, 702},
    {"TDX 1.5 Ex v5", {.tdx = true, .version = 5, .body_type = 4}, 939},
};
const QuoteOptions kSgx3 = {.version = 3};
const QuoteOptions kTdx4 = {.tdx = true, .version = 4}, kTdx5 = {.tdx = true, .version = 5},
                   kSgx5 = {.version = 5};

TEST(QuoteFormat, EveryFormVerifies) {
  for (const Form& form : kForms) ExpectGood({.name = form.name, .quote = form.options});
}

TEST(QuoteFormat, EveryFormIsReadInFull) {
  for (const auto& [name, options, signed_size] : kForms) {
    SCOPED_TRACE(name);
    const Bytes bytes = World().Quote(options);
    const auto at = LocateQuote(bytes);
    const auto quote = ParseQuote(bytes);
    ASSERT_TRUE(quote.ok()) << quote.error().message;
    EXPECT_EQ(quote->version, options.version);
    EXPECT_EQ(quote->tdx, options.tdx);
    EXPECT_EQ(quote->signed_bytes.data(), bytes.data());
    EXPECT_EQ(quote->signed_bytes.size(), signed_size);
    EXPECT_EQ(quote->signature.data(), bytes.data() + at.signature);
    EXPECT_EQ(quote->attestation_key.data(), bytes.data() + at.attestation_key);
    EXPECT_EQ(quote->qe_report_bytes.data(), bytes.data() + at.qe_report);
    EXPECT_EQ(quote->qe_report_bytes.size(), 384u);
    EXPECT_EQ(quote->qe_report_signature.data(), bytes.data() + at.qe_report_signature);
    EXPECT_EQ(quote->qe_auth_data.size(), 32u);
    EXPECT_EQ(quote->certification_type, intel::CertificationDataType::kPckChain);
    EXPECT_EQ(quote->certification_data.data(), bytes.data() + at.certification_data);
    EXPECT_EQ(quote->trailing_bytes, 0u);
  }
}

// A quote cut anywhere is none: no length is taken on trust.
TEST(QuoteFormat, NoPrefixOfAQuoteIsOne) {
  for (const auto& [name, options, signed_size] : kForms) {
    const Bytes quote = World().Quote(options);
    for (size_t size = 0; size < quote.size(); ++size) {
      const auto parsed = ParseQuote(ByteView(quote).first(size));
      ASSERT_FALSE(parsed.ok()) << name << " cut to " << size;
      ASSERT_EQ(parsed.error().kind, ErrorKind::kMalformed);
      ASSERT_EQ(parsed.error().check, Check::kQuoteFormat);
    }
  }
}

Case Bent(std::string name, QuoteOptions options, sim::Bend<QuoteSpec> bend) {
  options.bend = std::move(bend);
  return {.name = std::move(name), .quote = std::move(options)};
}

TEST(QuoteFormat, HeaderRules) {
  const Case bad[] = {
      Bent("version 2", kSgx3, [](QuoteSpec& q) { q.version = 2; }),
      Bent("version 0", kSgx3, [](QuoteSpec& q) { q.version = 0; }),
      Bent("version 6", kTdx5, [](QuoteSpec& q) { q.version = 6; }),
      Bent("version 0x0103", kSgx3, [](QuoteSpec& q) { q.version = 0x0103; }),
      Bent("key type 3", kSgx3, [](QuoteSpec& q) { q.key_type = 3; }),
      Bent("key type 1", kTdx4, [](QuoteSpec& q) { q.key_type = 1; }),
      Bent("key type 0", kTdx5, [](QuoteSpec& q) { q.key_type = 0; }),
      Bent("TEE 0x82, v4", kTdx4, [](QuoteSpec& q) { q.tee_type = 0x82; }),
      Bent("TEE 0x82, v5", kTdx5, [](QuoteSpec& q) { q.tee_type = 0x82; }),
      Bent("TEE 1", kSgx3, [](QuoteSpec& q) { q.tee_type = 1; }),
      Bent("TEE 0x81 in the upper half", kTdx4, [](QuoteSpec& q) { q.tee_type = 0x810000; }),
      Bent("TDX in version 3", kSgx3, [](QuoteSpec& q) { q.tee_type = 0x81; }),
      Bent("TDX with its report in version 3", kSgx3,
           [](QuoteSpec& q) {
             q.tee_type = 0x81;
             q.body_type = 2;
           }),
  };
  for (const Case& c : bad) ExpectError(c, ErrorKind::kMalformed, Check::kQuoteFormat);
  for (const uint8_t version : std::initializer_list<uint8_t>{0, 1, 2, 6, 7, 255}) {
    ExpectError({.name = "the version alone, " + std::to_string(version),
                 .quote = kTdx4,
                 .quote_bytes = [version](Bytes& quote) { quote[0] = version; }},
                ErrorKind::kMalformed, Check::kQuoteFormat);
  }
  for (size_t i = 0; i < 16; ++i) {
    ExpectError(Bent("vendor id", kSgx3, [i](QuoteSpec& q) { q.vendor_id[i] ^= 1; }), ErrorKind::kMalformed,
                Check::kQuoteFormat);
  }
}

// QE SVN, PCE SVN and user data are covered by the signature and otherwise not looked at (DCAP 1.1).
TEST(QuoteFormat, HeaderFieldsThatMayHoldAnything) {
  ExpectGood(Bent("QE SVN", kTdx4, [](QuoteSpec& q) { q.qe_svn = 0xffff; }));
  ExpectGood(Bent("PCE SVN", kSgx3, [](QuoteSpec& q) { q.pce_svn = 0; }));
  ExpectGood(Bent("user data", kSgx3, [](QuoteSpec& q) { q.user_data.fill(0xaa); }));
}

TEST(QuoteFormat, BodyRules) {
  const Case bad[] = {
      Bent("body type 0", kSgx5, [](QuoteSpec& q) { q.body_type = 0; }),
      Bent("body type 5", kTdx5, [](QuoteSpec& q) { q.body_type = 5; }),
      Bent("body size too large", kTdx5, [](QuoteSpec& q) { q.body_size = 649; }),
      Bent("body size too small", kTdx5, [](QuoteSpec& q) { q.body_size = 647; }),
      Bent("body size of another type", kTdx5, [](QuoteSpec& q) { q.body_size = 584; }),
      Bent("body size 0", kSgx5, [](QuoteSpec& q) { q.body_size = 0; }),
      Bent("body size 2^32-1", kSgx5, [](QuoteSpec& q) { q.body_size = 0xffffffff; }),
      Bent("SGX body in a TDX quote", kTdx5, [](QuoteSpec& q) { q.body_type = 1; }),
      Bent("TD report 1.0 in an SGX quote", kSgx5, [](QuoteSpec& q) { q.body_type = 2; }),
      Bent("TD report 1.5 in an SGX quote", kSgx5, [](QuoteSpec& q) { q.body_type = 3; }),
      Bent("TD report 1.5 Ex in an SGX quote", kSgx5, [](QuoteSpec& q) { q.body_type = 4; }),
  };
  for (const Case& c : bad) ExpectError(c, ErrorKind::kMalformed, Check::kQuoteFormat);
}

TEST(QuoteFormat, CertificationDataRules) {
  for (const QuoteOptions& options : {kSgx3, kTdx4, kTdx5}) {
    for (const uint16_t type : std::initializer_list<uint16_t>{0, 6, 7, 8, 0x0105, 0xffff}) {
      ExpectError(Bent("inner type " + std::to_string(type), options,
                       [type](QuoteSpec& q) { q.certification_type = type; }),
                  ErrorKind::kMalformed, Check::kQuoteFormat);
    }
  }
  for (const QuoteOptions& options : {kTdx4, kTdx5}) {
    for (const uint16_t type : std::initializer_list<uint16_t>{0, 1, 5, 7, 0x0106}) {
      ExpectError(
          Bent("outer type " + std::to_string(type), options, [type](QuoteSpec& q) { q.outer_type = type; }),
          ErrorKind::kMalformed, Check::kQuoteFormat);
    }
  }
  ExpectError(Bent("left over in v3", kSgx3, [](QuoteSpec& q) { q.auth_padding = {0}; }),
              ErrorKind::kMalformed, Check::kQuoteFormat);
  ExpectError(Bent("left over in v4", kTdx4, [](QuoteSpec& q) { q.auth_padding = {0}; }),
              ErrorKind::kMalformed, Check::kQuoteFormat);
}

void AddTo(Bytes& quote, size_t offset, size_t size, uint32_t delta) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i) value |= static_cast<uint32_t>(quote[offset + i]) << (8 * i);
  value += delta;
  for (size_t i = 0; i < size; ++i) quote[offset + i] = static_cast<uint8_t>(value >> (8 * i));
}

// Each length of the auth data, one off on either side and as large as it can be.
TEST(QuoteFormat, LengthsAreExact) {
  for (const auto& [name, options, signed_size] : kForms) {
    const auto at = LocateQuote(World().Quote(options));
    struct Length {
      const char* what;
      size_t offset, size;
    };
    std::vector<Length> lengths = {{"auth data", at.auth_length, 4},
                                   {"QE auth data", at.qe_auth_length, 2},
                                   {"certification data", at.certification_type + 2, 4}};
    if (at.outer_type != 0) lengths.push_back({"outer certification data", at.outer_type + 2, 4});
    for (const Length& length : lengths) {
      for (const uint32_t delta : {1u, 0xffffffffu, 0x7fff7fffu, 0x80008000u}) {
        ExpectError({.name = std::string(name) + ", " + length.what + " + " + std::to_string(delta),
                     .quote = options,
                     .quote_bytes = [&](Bytes& q) { AddTo(q, length.offset, length.size, delta); }},
                    ErrorKind::kMalformed, Check::kQuoteFormat);
      }
    }
  }
}

// A u32 length near 2^32 and what stands before it must not wrap around to a small sum.
TEST(QuoteFormat, LengthsDoNotWrap) {
  for (const uint32_t huge : {0xfffffff0u, 0xfffffffau, 0xffffffffu}) {
    for (const bool outer : {true, false}) {
      Bytes quote = World().Quote(kTdx4);
      const auto at = LocateQuote(quote);
      const size_t offset = outer ? at.outer_type + 2 : at.certification_type + 2;
      for (size_t i = 0; i < 4; ++i) quote[offset + i] = static_cast<uint8_t>(huge >> (8 * i));
      EXPECT_FALSE(ParseQuote(quote).ok());
    }
  }
}

TEST(QuoteFormat, QeAuthDataOfAnyLength) {
  for (const size_t size : {0, 1, 31, 33, 1000, 65535}) {
    ExpectGood(Bent("QE auth data of " + std::to_string(size), kTdx4,
                    [size](QuoteSpec& q) { q.qe_auth.assign(size, 7); }));
  }
}

TEST(QuoteFormat, AttestationKeyIsAPointOfTheCurve) {
  for (const size_t byte : {0, 31, 32, 63}) {
    ExpectError({.name = "off the curve",
                 .quote_bytes = [byte](Bytes& q) { q[LocateQuote(q).attestation_key + byte] ^= 1; }},
                ErrorKind::kMalformed, Check::kQuoteFormat);
  }
  ExpectError({.name = "zero",
               .quote_bytes =
                   [](Bytes& q) {
                     const auto key = q.begin() + static_cast<ptrdiff_t>(LocateQuote(q).attestation_key);
                     std::fill(key, key + 64, uint8_t{0});
                   }},
              ErrorKind::kMalformed, Check::kQuoteFormat);
}

TEST(QuoteFormat, AtMostOneMebibyte) {
  const Bytes quote = World().Quote();
  Bytes padded = quote;
  padded.resize(1 << 20);
  EXPECT_TRUE(ParseQuote(padded).ok());
  padded.push_back(0);
  EXPECT_FALSE(ParseQuote(padded).ok());
}

TEST(QuoteFormat, TrailingBytesAreCountedAndNoted) {
  for (const Bytes& trailing : {Bytes{0}, Bytes(100), Bytes{'t', 'e', 'x', 't'}, Bytes(7000, 0xff)}) {
    for (const QuoteOptions& options : {kSgx3, kTdx5}) {
      const Case c = Bent("trailing", options, [&](QuoteSpec& q) { q.trailing = trailing; });
      ExpectNoted(c, {Check::kQuoteTrailingBytes});
      EXPECT_EQ(ParseQuote(QuoteOf(c))->trailing_bytes, trailing.size());
    }
  }
}

// What a PCK certificate is looked up by (DCAP 1.5): 404 bytes, or 34 in older samples.
TEST(PckLookup, IsReadInBothLengths) {
  const auto lookup = [](uint16_t type, const Bytes& data) {
    const Bytes bytes = World().Quote({.certification_type = type, .bend = [&](QuoteSpec& q) {
                                         if (!data.empty()) q.certification_data = data;
                                       }});
    const auto quote = ParseQuote(bytes);
    const auto found = intel::ParsePckLookup(*quote);
    return found ? HexLower(found->cpu_svn).substr(0, 4) + "/" +
                       std::to_string(static_cast<uint16_t>(found->pce_svn)) + "/" +
                       std::to_string(found->ppid.size()) + "/" + (found->pce_id ? found->pce_id->hex() : "-")
                 : std::string("none");
  };
  for (const uint16_t type : std::initializer_list<uint16_t>{1, 2, 3})
    EXPECT_EQ(lookup(type, {}), "0a0a/13/384/0000");
  Bytes short_form(34, 0x11);
  short_form[32] = 0x34;
  short_form[33] = 0x12;
  EXPECT_EQ(lookup(1, short_form), "1111/4660/16/-");
  for (const size_t size : {1, 33, 35, 403, 405}) EXPECT_EQ(lookup(1, Bytes(size, 1)), "none") << size;
  EXPECT_EQ(lookup(4, {}), "none");
  EXPECT_EQ(lookup(5, {}), "none");
}

}  // namespace
}  // namespace thimble::test
