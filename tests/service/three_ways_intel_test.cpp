// SPDX-License-Identifier: Apache-2.0
//
// Intel's evidence and collateral, three ways (three_ways.h).
#include "tcb/intel/verify.h"
#include "tests/service/testing/collateral_form.h"
#include "tests/service/three_ways.h"

namespace thimble {
namespace {

using nlohmann::json;
using sim::IntelCertificate;
using test::ExpectLibrary, test::ExpectResult, test::Grave, test::Names, test::ThreeWays;

struct IntelRow {
  std::string title, finding;  // "": accepted
  std::function<void(sim::QuoteSpec&)> quote = {};
  std::function<void(sim::CrlSpec&)> crl = {};
  std::function<void(sim::CertificateSpec&)> leaf = {};
  std::map<IntelCertificate, sim::Bend<sim::CertificateSpec>> certificates = {};
};

sim::Bend<sim::CrlSpec> UnknownEntryExtension(bool critical) {
  return [=](sim::CrlSpec& crl) {
    crl.bend = [=](sim::CrlParts& parts) {
      namespace der = sim::der;
      const Bytes extensions = der::Sequence({sim::MakeExtension("1.2.3.4", critical, der::Null())});
      parts.revoked.push_back(der::Sequence({der::Integer(99), der::Time(sim::kNow), extensions}));
    };
  };
}

std::vector<IntelRow> IntelRows() {
  const auto usage = [](uint16_t bits) { return [=](sim::CertificateSpec& c) { c.key_usage = bits; }; };
  constexpr uint16_t kKeyAgreement = 1u << 4;
  return {
      {"good", ""},
      {"MIGRATABLE", "tdx.migratable", [](sim::QuoteSpec& q) { q.tdx.td_attributes[3] |= 0x20; }},
      {"a reserved attribute", "tdx.reserved_attributes",
       [](sim::QuoteSpec& q) { q.tdx.td_attributes[4] |= 0x01; }},
      {"a debug TD", "tdx.debug", [](sim::QuoteSpec& q) { q.tdx.td_attributes[0] |= 0x01; }},
      {"a delta CRL", "crl.pck.issuer", {}, test::CrlExtension("2.5.29.27", false, sim::der::Integer(1))},
      {"a CRL entry with an unknown critical extension", "crl.pck.issuer", {}, UnknownEntryExtension(true)},
      {"the same, not critical", "", {}, UnknownEntryExtension(false)},
      {"a CRL of another key",
       "crl.pck.issuer",
       {},
       [](sim::CrlSpec& crl) { crl.authority_key_id = sim::SimKey("another").KeyIdentifier(); }},
      {"a PCK certificate for key agreement alone", "pck.chain", {}, {}, usage(kKeyAgreement)},
      {"a PCK certificate that may sign certificates", "pck.chain", {}, {}, usage(1 | kKeyCertSign)},
      {"a CA that may not sign CRLs",
       "crl.pck.issuer",
       {},
       {},
       {},
       {{IntelCertificate::kPlatformCa, usage(kKeyCertSign)}}},
      {"a root with path length 0",
       "pck.chain",
       {},
       {},
       {},
       {{IntelCertificate::kRoot, [](sim::CertificateSpec& c) { c.path_length = 0; }}}},
  };
}

TEST_F(ThreeWays, FindTheSameInIntelsEvidence) {
  for (const IntelRow& row : IntelRows()) {
    SCOPED_TRACE(row.title);
    intel = sim::SimIntel::Make({.bend = row.certificates});
    const Bytes quote = intel.Quote({.tdx = true, .platform = {.certificate = row.leaf}, .bend = row.quote});
    const intel::CollateralSet set = intel.Collateral({.tee = IntelTee::kTdx, .pck_crl = row.crl});
    files.Write("root.pem", std::string_view(intel.RootPem()));
    files.Write("roots.pem", std::string_view(intel.RootPem()));
    StartAt(sim::kNow);
    ExpectLibrary(intel::VerifyQuoteWith(quote, set, intel.Anchors(), sim::kNow, nullptr), row.finding);
    sim::WriteCollateral(files / "collateral", set);
    ExpectResult(ByCommand(quote, files / "collateral"), row.finding, "command");
    ExpectResult(Verify(quote, {{"collateral", test::CollateralFormOf(set)}}), row.finding, "HTTP");
    Stop();
  }
}

// A service TD is a note, and what a policy says of it holds by command and by HTTP.
TEST_F(ThreeWays, RefuseAServiceTdWhereThePolicyDoes) {
  const Bytes quote = intel.Quote({.tdx = true, .version = 5, .body_type = 3, .bend = [](sim::QuoteSpec& q) {
                                     q.tdx.mr_service_td.back() = 1;
                                   }});
  const intel::CollateralSet set = intel.Collateral({.tee = IntelTee::kTdx});
  sim::WriteCollateral(files / "collateral", set);
  files.Write("roots.pem", std::string_view(intel.RootPem()));
  const auto verdict = intel::VerifyQuoteWith(quote, set, intel.Anchors(), sim::kNow, nullptr);
  ExpectLibrary(verdict, "");
  EXPECT_EQ(verdict->checks.Get(Check::kTdxServiceTd), CheckResult::kFailed);
  const std::string strict =
      files.Write("strict.toml", std::string_view("[policy.default.tdx]\nforbid_service_td = true\n"));
  for (const bool forbidden : {false, true}) {
    config.policies["default"].tdx.forbid_service_td = forbidden;
    StartAt(sim::kNow);
    const auto more = forbidden ? std::vector<std::string>{"--policy", strict} : std::vector<std::string>{};
    for (const json& result : {ByCommand(quote, files / "collateral", more),
                               Verify(quote, {{"collateral", test::CollateralFormOf(set)}})}) {
      EXPECT_EQ(Grave(result), Names{});
      EXPECT_EQ(result["decision"], forbidden ? "reject" : "accept") << result.dump(1);
      EXPECT_EQ(test::CheckIn(result, "tdx.service_td"), "failed");
    }
    Stop();
  }
}

// Under the Processor CA, the SGX extension has 5 entries, or 7 (DCAP 2.3).
TEST_F(ThreeWays, TakeSevenEntriesUnderTheProcessorCa) {
  namespace der = sim::der;
  const auto entry = [](const char* suffix, const Bytes& value) {
    return der::Sequence({der::Oid(StrCat("1.2.840.113741.1.13.1", suffix)), value});
  };
  sim::PckSpec platform = sim::ClientPlatform();
  platform.entries = [&](std::vector<Bytes>& entries) {
    entries.push_back(entry(".6", der::OctetString(Bytes(16, 0x77))));
    entries.push_back(
        entry(".7", der::Sequence({entry(".7.1", der::Boolean(true)), entry(".7.2", der::Boolean(true)),
                                   entry(".7.3", der::Boolean(false))})));
  };
  const sim::QuoteOptions options{.platform = platform};
  const Bytes quote = intel.Quote(options);
  const intel::CollateralSet set = intel.CollateralFor(options);
  files.Write("roots.pem", std::string_view(intel.RootPem()));
  StartAt(sim::kNow);
  ExpectLibrary(intel::VerifyQuoteWith(quote, set, intel.Anchors(), sim::kNow, nullptr), "");
  sim::WriteCollateral(files / "collateral", set);
  ExpectResult(ByCommand(quote, files / "collateral"), "", "command");
  ExpectResult(Verify(quote, {{"collateral", test::CollateralFormOf(set)}}), "", "HTTP");
}

}  // namespace
}  // namespace thimble
