// SPDX-License-Identifier: Apache-2.0
//
// Certificates and CRLs of SEV-SNP: brought by the caller or the host, sought at the vendor, and given by
// POST /v1/collateral.
#include "tests/service/api/snp_requests.h"
#include "tests/support/der_writer.h"

namespace thimble {
namespace {

using amd::Product;
using nlohmann::json;
using sim::SnpPlatform;
using test::FindingsOf;
using test::kMilan;
using test::kMilanVlek;
using test::kTurin;
using test::SnpVerifyTest;
using Names = std::set<std::string>;

TEST_F(SnpVerifyTest, TakesCertificatesFromTheRequestAndTheCrlFromTheVendor) {
  Start();
  const json endorsements = Endorsements(kMilanVlek);
  const Bytes report = w_.amd.Report(kMilanVlek);
  const json result = w_.Verify(report, {{"endorsements", endorsements}});
  EXPECT_EQ(result["decision"], "accept") << result.dump(1);
  EXPECT_EQ(w_.vendor.Count("/vlek/v1/Milan/crl"), 1u);
  EXPECT_EQ(w_.vendor.Count("SPL="), 0u);
}

// The host's or the caller's CRL says whether to refuse, and is not what amd_crl = "require" asks for.
TEST_F(SnpVerifyTest, ABroughtCrlMayRevokeAndSatisfiesNothing) {
  w_.vendor.SetMode("500", "/crl");
  Start();
  const auto crl = [&](std::vector<Bytes> revoked) {
    return w_.amd.Crl(Product::kMilan, [&](sim::CrlSpec& c) { c.revoked = std::move(revoked); });
  };
  json clean = Endorsements(kMilan), revoking = clean;
  revoking[2] = Base64(crl({{1, 0, 1}}));
  const Bytes report = w_.amd.Report(kMilan), extended = w_.amd.ExtendedReport(kMilan);
  EXPECT_EQ(w_.Problem(report, 503, {{"endorsements", clean}})["check"], "snp.crl_missing");
  EXPECT_EQ(w_.Problem(extended, 503)["check"], "snp.crl_missing");
  EXPECT_EQ(FindingsOf(w_.Verify(report, {{"endorsements", revoking}})), Names{"snp.revoked"});
  // For another time, what the caller brings decides.
  const json at = FormatRfc3339(sim::kAmdNow);
  EXPECT_EQ(w_.Verify(report, {{"endorsements", clean}, {"at", at}})["decision"], "accept");
}

TEST_F(SnpVerifyTest, DropsWhatIsNotThisReportsAndSeeksIt) {
  Start();
  SnpPlatform older = kMilan;
  --*older.tcb.snp;
  const sim::SimAmd forger = sim::SimAmd::Make({.seed = "forger"});
  const json kBad[] = {Endorsements(older),
                       Endorsements(kTurin),
                       Endorsements(kMilanVlek),
                       {Base64(forger.Leaf(kMilan))},
                       {Base64(Bytes{0x30, 0x00})},
                       {"-----BEGIN CERTIFICATE-----\nAA"},
                       {"{\"a\": 1}"},
                       {Base64(w_.amd.Leaf(kTurin)), Base64(w_.amd.Leaf(kMilan))}};
  for (const json& endorsements : kBad) {
    SCOPED_TRACE(endorsements.dump());
    const json result = w_.Verify(w_.amd.Report(kMilan), {{"endorsements", endorsements}});
    EXPECT_EQ(result["decision"], "accept") << result["findings"].dump(1);
    EXPECT_EQ(FindingsOf(result), Names{"hint.dropped"});
  }
  // A forger's whole table: the host's word against AMD's.
  const json forged = w_.Verify(forger.ExtendedReport(kMilan));
  EXPECT_EQ(FindingsOf(forged), (Names{"hint.dropped", "snp.signature"}));
  const json stale = w_.Verify(sim::der::Concat(
      {w_.amd.Report(kMilan), sim::EncodeCertificateTable({{sim::kVcekGuid, w_.amd.Leaf(older)}})}));
  EXPECT_EQ(stale["decision"], "accept") << stale.dump(1);
  EXPECT_NE(stale["findings"].dump().find("certificate table, entry 1 (vcek)"), std::string::npos);
}

TEST_F(SnpVerifyTest, AVlekReportWithAZeroChipIdShowsItsCspId) {
  Start();
  const json result = w_.Verify(w_.amd.ExtendedReport(kMilanVlek));
  EXPECT_EQ(result["decision"], "accept") << result.dump(1);
  EXPECT_EQ(result["claims"]["chip_id"], std::string(128, '0'));
  EXPECT_EQ(result["claims"]["csp_id"], kMilanVlek.csp_id);
  EXPECT_EQ(result["platform"]["csp_id"], kMilanVlek.csp_id);
  EXPECT_EQ(result["platform"]["signing_key"], "vlek");
  EXPECT_FALSE(result["platform"].contains("hwid"));
  // Without the VLEK there is nothing to ask AMD for.
  const json problem = w_.Problem(w_.amd.Report(kMilanVlek), 503);
  EXPECT_EQ(problem["check"], "snp.endorsement_missing");
}

TEST_F(SnpVerifyTest, VerifiesWithTheVcekOfTheReportedTcbOnly) {
  Start();
  SnpPlatform newer = kMilan;
  newer.tcb.microcode = 0xe2;
  // CURRENT_TCB, COMMITTED_TCB and LAUNCH_TCB are newer than what the host has the report signed for.
  const auto raise = [&](Bytes& report) {
    for (const size_t offset : {0x038u, 0x1e0u, 0x1f0u}) report.at(offset + 7) = *newer.tcb.microcode;
  };
  const Bytes report = w_.amd.Report(kMilan, {.bend = raise});
  const json result = w_.Verify(report);
  EXPECT_EQ(result["decision"], "accept") << result.dump(1);
  EXPECT_EQ(result["claims"]["reported_tcb"]["microcode"], 0xe1);
  EXPECT_EQ(result["claims"]["current_tcb"]["microcode"], 0xe2);
  EXPECT_EQ(w_.vendor.Count("ucodeSPL=225"), 1u);
  EXPECT_EQ(w_.vendor.Count("ucodeSPL=220"), 0u);
  const json other = w_.Verify(report, {{"endorsements", Endorsements(newer)}});
  EXPECT_EQ(other["decision"], "accept");
  EXPECT_EQ(FindingsOf(other), Names{"hint.dropped"});
  // For another time, where nothing else is sought, what the caller brings decides.
  const json then =
      w_.Verify(report, {{"endorsements", Endorsements(newer)}, {"at", FormatRfc3339(sim::kAmdNow)}});
  EXPECT_EQ(FindingsOf(then), Names{"snp.tcb_binding"});
}

TEST_F(SnpVerifyTest, GivesTheEndorsementsThatCompleteAReport) {
  Start();
  const auto given = [&](const Bytes& evidence, const char* query = "") {
    const auto answer =
        test::Post(w_.port(), StrCat("/v1/collateral", query), "application/octet-stream", AsText(evidence));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  };
  const Bytes report = w_.amd.Report(kMilan);
  const json all = given(report);
  EXPECT_EQ(all["endorsements"].size(), 3u) << "VCEK, chain, CRL";
  EXPECT_EQ(given(HclReport()), all) << "of the report in it";
  EXPECT_EQ(given(w_.amd.Report(kMilan, {.version = 2}), "?product=Milan"), all);
  const json completed = given(w_.amd.ExtendedReport(kMilanVlek));
  EXPECT_EQ(completed["endorsements"].size(), 1u) << "the CRL, the rest is in the evidence";
  // No certificate is needed beside them. The CRL that decides is the server's own.
  test::AmdWorld other;
  other.Start(sim::kAmdNow);
  EXPECT_EQ(other.Verify(report, all)["decision"], "accept");
  EXPECT_EQ(other.Verify(w_.amd.ExtendedReport(kMilanVlek), completed)["decision"], "accept");
  EXPECT_EQ(other.vendor.Count("SPL="), 0u);
}

TEST_F(SnpVerifyTest, GivesNoEndorsementsForWhatDoesNotHoldOrCannotBeHad) {
  Start();
  const auto problem = [&](ByteView evidence, int status, const char* query = "") {
    const auto answer =
        test::Post(w_.port(), StrCat("/v1/collateral", query), "application/octet-stream", AsText(evidence));
    EXPECT_EQ(answer.status, status) << answer.body;
    return json::parse(answer.body)["check"].get<std::string>();
  };
  Bytes forged = w_.amd.ExtendedReport(kMilanVlek);
  forged.at(0x90) ^= 1;  // the measurement
  EXPECT_EQ(problem(forged, 422), "snp.signature");
  EXPECT_EQ(problem(w_.amd.Report(kMilanVlek), 503), "snp.endorsement_missing");
  EXPECT_EQ(problem(w_.amd.Report(kMilan), 400, "?product=Rome"), "request.invalid");
  const std::string runtime_data = sim::RuntimeData(sim::VtpmKey());
  const Bytes td =
      sim::EncodeHclReport({.report_type = 4,
                            .hardware_report = sim::EncodeTdReportStruct(sim::BindingOf(runtime_data)),
                            .runtime_data = runtime_data});
  EXPECT_EQ(problem(td, 400), "request.invalid") << "it holds no quote";
  EXPECT_EQ(w_.vendor.Count(), 0u);
  w_.vendor.SetMode("503", "/crl");
  EXPECT_EQ(problem(w_.amd.Report(kMilan), 503), "upstream.status");
}

}  // namespace
}  // namespace thimble
