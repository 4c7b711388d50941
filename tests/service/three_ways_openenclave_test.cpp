// SPDX-License-Identifier: Apache-2.0
//
// Quotes in Open Enclave wrapping, three ways (three_ways.h).
#include "tcb/openenclave/evidence.h"
#include "tests/service/testing/collateral_form.h"
#include "tests/service/three_ways.h"
#include "tests/support/sim_openenclave.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::ExpectLibrary, test::ExpectResult, test::ThreeWays;

class OpenEnclave : public ThreeWays {
 protected:
  void Begin() {
    set_ = intel.Collateral();
    sim::WriteCollateral(files / "collateral", set_);
    files.Write("endorsements.bin", sim::EncodeOeEndorsements(set_));
    files.Write("roots.pem", std::string_view(intel.RootPem()));
    StartAt(sim::kNow);
  }
  json BesideEndorsements(const Bytes& evidence) {
    return {{"evidence", Base64(evidence)},
            {"collateral", {{"oe_endorsements", Base64(sim::EncodeOeEndorsements(set_))}}}};
  }
  Result<Verdict> ByLibrary(const Bytes& bytes) {
    TRY_ASSIGN(const openenclave::Evidence evidence, openenclave::ParseEvidence(bytes));
    TRY_ASSIGN(Verdict verdict,
               intel::VerifyQuoteWith(evidence.quote, set_, intel.Anchors(), sim::kNow, nullptr));
    openenclave::CheckOpenEnclave(verdict, evidence);
    return verdict;
  }

  intel::CollateralSet set_;
};

TEST_F(OpenEnclave, IsJudgedTheSameWay) {
  const std::map<std::string, std::string> findings = {
      {"forged-claims-oe-evidence.bin", "oe.custom_claims"},
      {"forged-root-oe-evidence.bin", "pck.root"},
      {"forged-root-oe-report.bin", "pck.root"},
      {"forged-key-oe-certificate.der", "oe.certificate_key"}};
  Begin();
  for (const sim::EvidenceFile& file : sim::OpenEnclaveEvidence(intel)) {
    SCOPED_TRACE(file.name);
    const auto finding = findings.contains(file.name) ? findings.at(file.name) : "";
    const std::string status = file.name.starts_with("old-") ? "OutOfDate" : "UpToDate";
    ExpectLibrary(ByLibrary(file.bytes), finding);
    ExpectResult(ByCommand(file.bytes, files / "collateral"), finding, "command", status);
    ExpectResult(ByCommand(file.bytes, files / "endorsements.bin"), finding, "endorsements", status);
    ExpectResult(Verify(file.bytes, {{"collateral", test::CollateralFormOf(set_)}}), finding, "HTTP", status);
    const auto answer = Post(BesideEndorsements(file.bytes));
    ASSERT_EQ(answer.status, 200) << answer.body;
    ExpectResult(json::parse(answer.body), finding, "HTTP, endorsements", status);
  }
}

TEST_F(OpenEnclave, ClaimsSayHowItCame) {
  Begin();
  const Bytes claims = sim::EncodeCustomClaims({{"build", {0x17}}});
  const json result = ByCommand(sim::MakeOeEvidence(intel, claims), files / "collateral");
  const json& found = result["claims"];
  EXPECT_EQ(found["evidence_format"], "oe_evidence");
  EXPECT_EQ(found["oe_format_id"], "a3a21e87-1b4d-4014-b70a-a125d2fbcd8c");
  EXPECT_EQ(found["custom_claims_size"], claims.size());
  EXPECT_EQ(found["custom_claims_buffer"], HexLower(claims));
  EXPECT_EQ(found["custom_claims"], json::parse(R"([{"name": "build", "value": "17"}])"));
}

// A quote beside oe_endorsements is plug-in evidence: bytes after it that nothing binds are refused, and not a note.
TEST_F(OpenEnclave, EndorsementsMakeAQuotePluginEvidence) {
  Begin();
  Bytes evidence = intel.Quote(sim::Binding({}));
  ExpectResult(ByCommand(evidence, files / "endorsements.bin"), "", "command");
  evidence.push_back(1);
  ExpectResult(ByCommand(evidence, files / "collateral"), "", "a quote with trailing bytes");
  ExpectResult(ByCommand(evidence, files / "endorsements.bin"), "oe.custom_claims", "command");
  ExpectResult(json::parse(Post(BesideEndorsements(evidence)).body), "oe.custom_claims", "HTTP");
}

TEST_F(OpenEnclave, BadEndorsementsAreAnErrorOfTheRequest) {
  Begin();
  const Bytes evidence = sim::MakeOeEvidence(intel, {});
  Bytes cut = sim::EncodeOeEndorsements(set_);
  cut.pop_back();
  for (const json& collateral : {json{{"oe_endorsements", Base64(cut)}}, json{{"oe_endorsements", "?"}},
                                 json{{"oe_endorsements", 1}}}) {
    const auto answer = Post({{"evidence", Base64(evidence)}, {"collateral", collateral}});
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_EQ(json::parse(answer.body)["check"], "oe.endorsements");
  }
  const auto both = Post(
      {{"evidence", Base64(evidence)},
       {"collateral", {{"oe_endorsements", Base64(sim::EncodeOeEndorsements(set_))}, {"pck_crl", "00"}}}});
  EXPECT_EQ(both.status, 400);
  EXPECT_EQ(json::parse(both.body)["check"], "collateral.malformed");
}

// What the report data binds is judged before collateral is missed.
TEST_F(OpenEnclave, HeldDataAreJudgedWithoutCollateral) {
  Begin();
  const Bytes held = {'k', 'e', 'y'};
  const Bytes report = sim::EncodeOeReport(intel.Quote(sim::Binding(held)));
  const auto asked = [&](const Bytes& data) {
    return Post(
        {{"evidence", Base64(report)}, {"runtime_data", Base64(data)}, {"collateral", json::object()}});
  };
  const auto good = asked(held);
  EXPECT_EQ(good.status, 503) << good.body;
  EXPECT_EQ(json::parse(good.body)["check"], "collateral.missing");
  const auto bad = asked({'k', 'e', 'z'});
  ASSERT_EQ(bad.status, 200) << bad.body;
  EXPECT_EQ(test::Grave(json::parse(bad.body)), test::Names{"report_data.mismatch"});
}

TEST_F(OpenEnclave, PoliciesMayAskForIt) {
  const Bytes quote = intel.Quote(), wrapped = sim::EncodeOeReport(quote);
  const std::string asks =
      files.Write("open_enclave.toml", std::string_view("[policy.default]\nevidence = [\"open_enclave\"]\n"));
  const std::string sgx =
      files.Write("sgx.toml", std::string_view("[policy.default]\nevidence = [\"sgx\"]\n"));
  Begin();
  const auto decision = [&](const Bytes& evidence, const std::string& policy) {
    return ByCommand(evidence, files / "collateral", {"--policy", policy})["decision"];
  };
  EXPECT_EQ(decision(wrapped, asks), "accept");
  EXPECT_EQ(decision(quote, asks), "reject");
  EXPECT_EQ(decision(wrapped, sgx), "accept");
  EXPECT_EQ(decision(quote, sgx), "accept");
}

}  // namespace
}  // namespace thimble
