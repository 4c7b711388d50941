// SPDX-License-Identifier: Apache-2.0
//
// Each check of an endorsement: what passes, and what differs from it in that alone.
#include <gtest/gtest.h>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/uvm/container.h"
#include "tests/support/sim_uvm.h"

namespace thimble::uvm {
namespace {

using sim::CborInteger, sim::CborText, sim::StatementParts, sim::UvmSpec;

const sim::SimUvm& World() {
  static const sim::SimUvm world = sim::SimUvm::Make();
  return world;
}

// The check that fails, or "".
std::string FailsOn(const Bytes& bytes, const std::vector<LedgerKey>& keys = {}) {
  const auto judged = JudgeEndorsement(bytes, keys, nullptr);
  if (!judged) return std::string(CheckName(judged.error().check));
  EXPECT_EQ(judged->endorsement.has_value(), !judged->failed) << "claims of what fails";
  if (judged->failed) return std::string(CheckName(judged->failed->check));
  return judged->receipt_failed ? std::string(CheckName(judged->receipt_failed->check)) : "";
}
std::string FailsOn(const UvmSpec& spec) { return FailsOn(World().Endorsement(spec)); }

UvmSpec With(sim::Bend<StatementParts> bend, Format format = Format::kLegacy) {
  UvmSpec spec;
  spec.format = format;
  spec.parts = std::move(bend);
  return spec;
}

void Put(StatementParts& parts, const Bytes& label, const Bytes& value) {
  for (auto& [key, old] : parts.header) {
    if (key == label) {
      old = value;
      return;
    }
  }
  parts.header.emplace_back(label, value);
}
void Drop(StatementParts& parts, const Bytes& label) {
  std::erase_if(parts.header, [&](const auto& member) { return member.first == label; });
}

UvmSpec Payload(std::string_view json) {
  return With([text = std::string(json)](StatementParts& p) {
    const ByteView bytes = AsBytes(text);
    p.payload.assign(bytes.begin(), bytes.end());
  });
}
std::string Members(std::string_view svn) {
  return StrCat("{", svn, ", \"x-ms-sevsnpvm-launchmeasurement\": \"", std::string(96, 'a'), "\"}");
}

TEST(UvmEndorsement, BothFormsHoldAndSayTheSame) {
  for (const Format format : {Format::kLegacy, Format::kHashEnvelope}) {
    UvmSpec spec;
    spec.format = format;
    const Bytes bytes = World().Endorsement(spec);
    const auto judged = JudgeEndorsement(bytes, {}, nullptr);
    ASSERT_TRUE(judged.ok()) << judged.error().message;
    ASSERT_FALSE(judged->failed) << judged->failed->message;
    const Endorsement& endorsement = judged->endorsement.value();
    EXPECT_EQ(endorsement.format, format);
    EXPECT_EQ(endorsement.issuer, World().Issuer());
    EXPECT_EQ(endorsement.feed, "ContainerPlat-AMD-UVM");
    EXPECT_EQ(endorsement.svn, 104u);
    EXPECT_TRUE(endorsement.measurement.zero());
    EXPECT_EQ(endorsement.signed_at, spec.signed_at);
    EXPECT_EQ(endorsement.algorithm, "ES384");
    EXPECT_EQ(endorsement.sha256, Sha256(bytes));
    EXPECT_EQ(endorsement.leaf_sha256, Sha256(World().Chain().front()));
  }
}

TEST(UvmEndorsement, FormatIsOneTaggedMessageWithItsPayload) {
  EXPECT_EQ(FailsOn(UvmSpec{}), "");
  Bytes bytes = World().Endorsement();
  bytes.push_back(0);
  EXPECT_EQ(FailsOn(bytes), "uvm.format") << "trailing byte";
  EXPECT_EQ(FailsOn(With([](StatementParts& p) { p.tagged = false; })), "uvm.format");
  EXPECT_EQ(FailsOn(With([](StatementParts& p) { p.attached = false; })), "uvm.format");
  EXPECT_EQ(FailsOn(With([](StatementParts& p) { p.header.push_back(p.header.back()); })), "uvm.format");
  for (const Bytes& label : {CborInteger(1), CborInteger(33), CborText("iss"), CborText("feed")})
    EXPECT_EQ(FailsOn(With([&](StatementParts& p) { Drop(p, label); })), "uvm.format") << HexLower(label);
  for (const Bytes& label : {CborInteger(1), CborInteger(33), CborInteger(34), CborText("iss"),
                             CborText("feed"), CborText("signingtime")})
    EXPECT_EQ(FailsOn(With([&](StatementParts& p) { Put(p, label, {0xf5}); })), "uvm.format")
        << HexLower(label);
  EXPECT_EQ(
      FailsOn(With([](StatementParts& p) { Put(p, CborText("signingtime"), CborInteger(1700000000)); })),
      "uvm.format")
      << "without a tag";
}

TEST(UvmEndorsement, AThumbprintThatIsThereIsTheLeafs) {
  EXPECT_EQ(FailsOn(With([](StatementParts& p) { Drop(p, CborInteger(34)); })), "");
  const auto thumbprint = [](int64_t algorithm, const Bytes& digest) {
    Bytes value = {0x82};
    for (const Bytes& part : {CborInteger(algorithm), sim::CborBytes(digest)})
      value.insert(value.end(), part.begin(), part.end());
    return FailsOn(With([&](StatementParts& p) { Put(p, CborInteger(34), value); }));
  };
  const auto bytes = [](const auto& digest) { return Bytes(digest.view().begin(), digest.view().end()); };
  const Bytes leaf = World().Chain().front(), other = World().Chain().back();
  EXPECT_EQ(thumbprint(-16, bytes(Sha256(leaf))), "");
  EXPECT_EQ(thumbprint(-43, bytes(Sha384(leaf))), "");
  EXPECT_EQ(thumbprint(-44, bytes(Sha512(leaf))), "");
  EXPECT_EQ(thumbprint(-16, bytes(Sha256(other))), "uvm.format");
  EXPECT_EQ(thumbprint(-15, bytes(Sha256(leaf))), "uvm.format") << "an algorithm that is not known";
}

TEST(UvmEndorsement, WhatIsCriticalIsUnderstood) {
  const auto critical = [](const Bytes& list, bool unknown = false) {
    return FailsOn(With([&](StatementParts& p) {
      Put(p, CborInteger(2), list);
      if (unknown) Put(p, CborText("x"), CborInteger(1));
    }));
  };
  EXPECT_EQ(critical({0x81, 0x63, 'i', 's', 's'}), "");
  EXPECT_EQ(critical({0x80}), "uvm.format");
  EXPECT_EQ(critical({0x81, 0x61, 'x'}, true), "uvm.format");
  EXPECT_EQ(critical({0x81, 0x03}), "") << "content type";
  EXPECT_EQ(critical({0x81, 0x0f}), "uvm.format") << "known, and not there";
}

TEST(UvmEndorsement, TheIssuerStandsInOnePlace) {
  for (const char* label : {"iss", "feed", "signingtime"})
    EXPECT_EQ(FailsOn(With([&](StatementParts& p) { Put(p, CborText(label), CborText("x")); },
                           Format::kHashEnvelope)),
              "uvm.format");
}

TEST(UvmEndorsement, NobodysHeaderCountsForNothing) {
  EXPECT_EQ(FailsOn(With([](StatementParts& p) {
              p.unprotected = {{CborText("feed"), CborText("Other")}, {CborInteger(1), CborInteger(-7)}};
            })),
            "");
}

TEST(UvmEndorsement, AlgorithmsArePssAndEcdsaUnderTheirKeys) {
  for (const int64_t number : {-7, -36, -37, -38, -39, -257, -258, -259, -8, 5})
    EXPECT_EQ(FailsOn(With([&](StatementParts& p) { Put(p, CborInteger(1), CborInteger(number)); })),
              "uvm.algorithm")
        << number << ", and the key is of P-384";
}

TEST(UvmEndorsement, TheChainIsAPathToItsLastCertificate) {
  UvmSpec spec;
  spec.chain = [](std::vector<Bytes>& chain) { chain.resize(1); };
  EXPECT_EQ(FailsOn(spec), "uvm.chain");
  spec.chain = [](std::vector<Bytes>& chain) { chain.pop_back(); };
  EXPECT_EQ(FailsOn(spec), "uvm.did") << "a path, to another anchor than the one named";
  spec.chain = [](std::vector<Bytes>& chain) { chain.push_back(sim::SimUvm::Make("other").Chain().back()); };
  EXPECT_EQ(FailsOn(spec), "uvm.chain");
  spec.chain = [](std::vector<Bytes>& chain) { chain.front().back() ^= 1; };
  EXPECT_EQ(FailsOn(spec), "uvm.chain");
  spec.chain = [](std::vector<Bytes>& chain) { chain.front() = {1, 2, 3}; };
  EXPECT_EQ(FailsOn(spec), "uvm.chain");
}

TEST(UvmEndorsement, TheSignatureIsOverHeaderAndPayload) {
  UvmSpec spec;
  spec.signature = [](Bytes& signature) { signature.front() ^= 1; };
  EXPECT_EQ(FailsOn(spec), "uvm.signature");
  spec.signature = [](Bytes& signature) { signature.pop_back(); };
  EXPECT_EQ(FailsOn(spec), "uvm.signature");
  UvmSpec der;
  der.der_signature = true;
  EXPECT_EQ(FailsOn(der), "uvm.signature");
  Bytes bytes = World().Endorsement();
  const std::string_view svn = "\"104\"";
  const size_t at = AsText(bytes).find(svn);
  ASSERT_NE(at, std::string_view::npos);
  bytes[at + 3] = '5';
  EXPECT_EQ(FailsOn(bytes), "uvm.signature");
}

TEST(UvmEndorsement, TheIdentifierIsMetByThatPath) {
  UvmSpec spec;
  spec.issuer = sim::SimUvm::Make("other").Issuer();
  EXPECT_EQ(FailsOn(spec), "uvm.did");
  spec.issuer = "did:x509:0:sha256:AAAA";
  EXPECT_EQ(FailsOn(spec), "uvm.did");
  UvmSpec leaf;
  leaf.leaf = [](sim::CertificateSpec& c) { c.more_extensions.clear(); };
  EXPECT_EQ(FailsOn(leaf), "uvm.did");
}

TEST(UvmEndorsement, ThePayloadIsAMeasurementAndAnSvn) {
  const std::pair<const char*, const char*> svns[] = {
      {"\"x-ms-sevsnpvm-guestsvn\": \"104\"", ""},
      {"\"x-ms-sevsnpvm-guestsvn\": 104", ""},
      {"\"x-ms-sevsnpvm-guestsvn\": \"0\"", ""},
      {"\"x-ms-sevsnpvm-guestsvn\": \"4294967295\"", ""},
      {"\"more\": [], \"x-ms-sevsnpvm-guestsvn\": \"104\", \"x-ms-sevsnpvm-guestsvn-int\": 104", ""},
      {"\"x-ms-sevsnpvm-guestsvn\": \"104\", \"x-ms-sevsnpvm-guestsvn-int\": 105", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": \"104\", \"x-ms-sevsnpvm-guestsvn-int\": \"104\"", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn-int\": 104", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": \"4294967296\"", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": 4294967296", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": \"0104\"", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": \"104abc\"", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": \" 104\"", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": \"+104\"", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": \"-1\"", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": -1", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": \"\"", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": 104.0", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": 1e2", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": null", "uvm.payload"},
      {"\"x-ms-sevsnpvm-guestsvn\": \"104\", \"x-ms-sevsnpvm-guestsvn\": \"104\"", "uvm.payload"},
      {"\"other\": 1", "uvm.payload"}};
  for (const auto& [svn, wanted] : svns) EXPECT_EQ(FailsOn(Payload(Members(svn))), wanted) << svn;
  const std::string svn = "\"x-ms-sevsnpvm-guestsvn\": \"104\", \"x-ms-sevsnpvm-launchmeasurement\": ";
  for (const std::string& measurement :
       {std::string("\"") + std::string(94, 'a') + '"', std::string("\"") + std::string(96, 'A') + '"',
        std::string("1"), std::string("\"") + std::string(98, 'a') + '"'})
    EXPECT_EQ(FailsOn(Payload("{" + svn + measurement + "}")), "uvm.payload") << measurement;
  EXPECT_EQ(FailsOn(Payload("")), "uvm.payload");
  EXPECT_EQ(FailsOn(Payload("[]")), "uvm.payload");
  EXPECT_EQ(FailsOn(With([](StatementParts& p) { Put(p, CborInteger(3), CborText("text/plain")); })),
            "uvm.payload");
  EXPECT_EQ(FailsOn(With([](StatementParts& p) { Drop(p, CborInteger(3)); })), "uvm.payload");
  EXPECT_EQ(FailsOn(With([](StatementParts& p) { Put(p, CborInteger(258), CborInteger(-43)); })),
            "uvm.payload");
}

TEST(UvmEndorsement, AnEnvelopesPayloadIsTheMeasurementItself) {
  const auto with = [](sim::Bend<StatementParts> bend) {
    return FailsOn(With(std::move(bend), Format::kHashEnvelope));
  };
  EXPECT_EQ(with({}), "");
  EXPECT_EQ(with([](StatementParts& p) { p.payload.pop_back(); }), "uvm.payload");
  EXPECT_EQ(with([](StatementParts& p) { p.payload.push_back(0); }), "uvm.payload");
  EXPECT_EQ(with([](StatementParts& p) { Drop(p, CborInteger(258)); }), "uvm.payload");
  EXPECT_EQ(with([](StatementParts& p) { Put(p, CborInteger(258), CborInteger(-16)); }), "uvm.payload");
  EXPECT_EQ(with([](StatementParts& p) { Drop(p, CborInteger(259)); }), "uvm.payload");
  EXPECT_EQ(with([](StatementParts& p) { Put(p, CborInteger(259), CborText("application/json")); }),
            "uvm.payload");
  EXPECT_EQ(with([](StatementParts& p) { Put(p, CborInteger(3), CborText("application/json")); }),
            "uvm.payload");
}

TEST(UvmEndorsement, TheSigningTimeIsWithinEachCertificate) {
  const Validity leaf =
      Certificate::Parse(World().Chain().front(), CertificateProfile::kMicrosoft, Check::kUvmChain)
          .value()
          ->validity();
  const auto at = [](std::optional<Instant> time, Format format) {
    UvmSpec spec;
    spec.format = format;
    spec.signed_at = time;
    return FailsOn(spec);
  };
  for (const Format format : {Format::kLegacy, Format::kHashEnvelope}) {
    EXPECT_EQ(at(leaf.not_before, format), "");
    EXPECT_EQ(at(leaf.not_after, format), "");
    EXPECT_EQ(at(leaf.not_before - Seconds(1), format), "uvm.signing_time");
    EXPECT_EQ(at(leaf.not_after + Seconds(1), format), "uvm.signing_time");
  }
  EXPECT_EQ(at(std::nullopt, Format::kLegacy), "") << "nothing is stated";
  EXPECT_EQ(at(std::nullopt, Format::kHashEnvelope), "uvm.format");
}

TEST(UvmReceipt, HoldsForItsStatementUnderALedgersKey) {
  const sim::SimUvm& w = World();
  const std::vector<LedgerKey> keys = {w.Ledger()};
  for (const Format format : {Format::kLegacy, Format::kHashEnvelope}) {
    UvmSpec spec;
    spec.format = format;
    const Bytes bytes = w.WithReceipt(spec);
    EXPECT_EQ(FailsOn(bytes, keys), "");
    const auto judged = JudgeEndorsement(bytes, keys, nullptr);
    EXPECT_EQ(judged->endorsement->receipts, 1u);
    EXPECT_EQ(judged->endorsement->ledgers, std::vector<std::string>{"kid:" + w.Ledger().kid});
    EXPECT_EQ(FailsOn(w.Endorsement(spec), keys), "uvm.receipt_missing");
    EXPECT_EQ(FailsOn(w.Endorsement(spec)), "") << "nobody asks";
  }
  EXPECT_EQ(FailsOn(w.WithReceipt(), {sim::SimUvm::Make("other").Ledger()}), "uvm.receipt_key");
  LedgerKey wrong = sim::SimUvm::Make("other").Ledger();
  wrong.kid = w.Ledger().kid;
  EXPECT_EQ(FailsOn(w.WithReceipt(), {wrong}), "uvm.receipt_signature");
  LedgerKey named = w.Ledger();
  named.ledger = "ledger.example";
  const std::vector<LedgerKey> of_ledger = {named};
  EXPECT_EQ(JudgeEndorsement(w.WithReceipt(), of_ledger, nullptr)->endorsement->ledgers,
            std::vector<std::string>{"ledger.example"});
  named.ledger = "another.example";
  EXPECT_EQ(FailsOn(w.WithReceipt(), {named}), "uvm.receipt_key") << "a key of another ledger";
  UvmSpec other;
  other.svn = 103;
  EXPECT_EQ(FailsOn(w.WithReceipt({}, other), keys), "uvm.receipt_binding") << "grafted";
}

TEST(UvmReceipt, WhatIsNoReceiptFailsUnlessAnotherHolds) {
  const std::vector<LedgerKey> keys = {World().Ledger()};
  const auto with = [&](const Bytes& receipts) {
    return FailsOn(World().Endorsement(With([&](StatementParts& p) {
      p.unprotected = {{CborInteger(394), receipts}};
    })),
                   keys);
  };
  EXPECT_EQ(with({0x80}), "uvm.receipt_missing");
  EXPECT_EQ(with({0xf6}), "uvm.receipt_missing");
  EXPECT_EQ(with({0x81, 0x01}), "uvm.receipt_format");
  EXPECT_EQ(with({0x81, 0x41, 0x00}), "uvm.receipt_format");
  EXPECT_EQ(with({0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0}), "uvm.receipt_format") << "too many";
}

}  // namespace
}  // namespace thimble::uvm
