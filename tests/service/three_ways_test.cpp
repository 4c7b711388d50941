// SPDX-License-Identifier: Apache-2.0
//
// Each kind of evidence or collateral that must not pass, and the same without the one difference: by the library, by
// the command line and by HTTP, which have to find the same. Everything is brought and taken as it is, so that no vendor
// decides (caller_collateral = "any").
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "tcb/amd/hcl.h"
#include "tcb/base/text.h"
#include "tcb/intel/verify.h"
#include "tests/service/testing/amd_world.h"
#include "tests/service/testing/collateral_form.h"
#include "tests/service/testing/process.h"
#include "tests/support/der_writer.h"
#include "tests/support/sim_files.h"
#include "tests/support/sim_hcl.h"

namespace thimble {
namespace {

using nlohmann::json;
using Names = std::set<std::string>;
using sim::AmdRole;
using sim::IntelCertificate;
using sim::SnpPlatform;

constexpr amd::Product kMilan = amd::Product::kMilan;

Names Grave(const Verdict& verdict) {
  Names names;
  for (const Finding& finding : verdict.findings) {
    if (finding.severity != Severity::kNote) names.insert(std::string(CheckName(finding.check)));
  }
  return names;
}
Names Grave(const json& result) {
  Names names;
  for (const json& finding : result["findings"]) {
    if (finding["severity"] != "note") names.insert(finding["check"]);
  }
  return names;
}

// What a verification came to. The library alone has no policy: it has no decision.
void ExpectResult(const json& result, const std::string& finding, const char* way) {
  EXPECT_EQ(Grave(result), finding.empty() ? Names{} : Names{finding}) << way << result.dump(1);
  EXPECT_EQ(result["decision"], finding.empty() ? "accept" : "reject") << way << result.dump(1);
}
void ExpectLibrary(const Result<Verdict>& verdict, const std::string& finding) {
  ASSERT_TRUE(verdict.ok()) << verdict.error().message;
  EXPECT_EQ(Grave(*verdict), finding.empty() ? Names{} : Names{finding});
}

class ThreeWays : public test::AmdWorld, public testing::Test {
 protected:
  void StartAt(Instant now) {
    now_ = now;
    config.policies["default"].caller_collateral = CallerCollateral::kAny;
    Start(now);
  }
  json ByCommand(const Bytes& evidence, const std::string& collateral, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"verify",   files.Write("evidence.bin", evidence),
                                       "--anchor", files / "roots.pem",
                                       "--at",     FormatRfc3339(now_),
                                       "--json",   "--collateral",
                                       collateral};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const test::ProcessResult run = test::RunThimble(arguments);
    const json result = json::parse(run.out, nullptr, false);
    EXPECT_TRUE(result.is_object()) << run.out << run.err;
    EXPECT_EQ(run.exit_code, result.is_object() && result["decision"] == "accept" ? 0 : 1) << run.err;
    return result;
  }
  Instant now_{};
};

// ---- Intel ----

struct IntelRow {
  std::string title, finding;  // "": accepted
  std::function<void(sim::QuoteSpec&)> quote = {};
  std::function<void(sim::CrlSpec&)> crl = {};
  std::function<void(sim::CertificateSpec&)> leaf = {};
  std::map<IntelCertificate, sim::Bend<sim::CertificateSpec>> certificates = {};
};

sim::Bend<sim::CrlSpec> CrlExtension(const char* oid, bool critical, const Bytes& value) {
  return [=](sim::CrlSpec& crl) {
    crl.bend = [=](sim::CrlParts& parts) {
      parts.extensions.push_back(sim::MakeExtension(oid, critical, value));
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
      {"a delta CRL", "crl.pck.issuer", {}, CrlExtension("2.5.29.27", false, sim::der::Integer(1))},
      {"a CRL of another key",
       "crl.pck.issuer",
       {},
       [](sim::CrlSpec& crl) { crl.authority_key_id = sim::SimKey("another").KeyIdentifier(); }},
      {"a PCK certificate for key agreement alone", "pck.chain", {}, {}, usage(kKeyAgreement)},
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

// ---- AMD ----

struct AmdRow {
  std::string title, finding;
  sim::ReportSpec report = {.version = 5};
  std::function<void(AmdRole, sim::CertificateSpec&)> certificates = {};
  sim::EndorsementOptions endorsements = {};
  std::optional<uint32_t> hcl_vmpl = {};  // in an HCL report, of this level
};

std::vector<AmdRow> AmdRows() {
  const auto policy = [](uint64_t bits) { return sim::ReportSpec{.version = 5, .policy = 0x30000 | bits}; };
  const auto ask = [](auto bend) {
    return [=](AmdRole role, sim::CertificateSpec& c) {
      if (role == AmdRole::kAsk) bend(c);
    };
  };
  const auto masked = [](Bytes& report) { std::fill_n(report.begin() + 0x1a0, 64, uint8_t{0}); };
  return {
      {"good", ""},
      {"DEBUG", "snp.debug", policy(1u << 19)},
      {"MIGRATE_MA", "snp.migration", policy(1u << 18)},
      {"a masked chip id", "snp.chip_id_masked", {.version = 5, .bend = masked}},
      {"REPORTED above CURRENT",
       "snp.tcb_order",
       {.version = 5, .bend = [](Bytes& report) { --report.at(0x38 + 6); }}},
      {"an ASK that may not sign certificates", "snp.chain", {.version = 5}, ask([](sim::CertificateSpec& c) {
         c.key_usage = uint16_t{kCrlSign};
       })},
      {"a VCEK that may sign certificates",
       "snp.chain",
       {.version = 5},
       {},
       {.leaf =
            [](sim::LeafSpec& l) {
              l.certificate = [](sim::CertificateSpec& c) { c.key_usage = uint16_t{1 | kKeyCertSign}; };
            }}},
      {"a delta CRL",
       "snp.crl",
       {.version = 5},
       {},
       {.crl = CrlExtension("2.5.29.27", false, sim::der::Integer(1))}},
      {"in an HCL report", "", {.version = 5}, {}, {}, 0},
      {"in an HCL report, of VMPL 1", "hcl.vmpl", {.version = 5}, {}, {}, 1},
  };
}

TEST_F(ThreeWays, FindTheSameInAmdsEvidence) {
  const SnpPlatform platform = SnpPlatform::Of(kMilan);
  const std::string runtime_data = sim::RuntimeData(sim::VtpmKey());
  for (AmdRow& row : AmdRows()) {
    SCOPED_TRACE(row.title);
    amd = sim::SimAmd::Make({.bend = row.certificates});
    if (row.hcl_vmpl) {
      row.report.report_data = sim::BindingOf(runtime_data);
      row.report.vmpl = *row.hcl_vmpl;
    }
    const Bytes report = amd.Report(platform, row.report);
    const Bytes evidence =
        row.hcl_vmpl ? sim::EncodeHclReport({.hardware_report = report, .runtime_data = runtime_data})
                     : report;
    const amd::EndorsementSet given = amd.Endorsements(platform, row.endorsements);
    const std::string roots = amd.ArksPem();
    files.Write("amd-root.pem", std::string_view(roots));
    files.Write("roots.pem", std::string_view(roots));
    StartAt(sim::kAmdNow);

    auto verdict =
        amd::VerifyReport(report, given, kMilan, amd.Anchors(), sim::kAmdNow, AmdCrlMode::kRequire);
    if (row.hcl_vmpl && verdict)
      amd::CheckHcl(*verdict, *amd::ParseHclReport(evidence), nullptr, std::nullopt);
    ExpectLibrary(verdict, row.finding);

    const auto directory = std::filesystem::path(files / "given");
    std::filesystem::remove_all(directory);
    sim::WriteEndorsements(directory, amd, platform);
    files.Write("given/vcek.der", given.certificates.front());
    files.Write("given/crl.der", given.crl);
    ExpectResult(ByCommand(evidence, directory), row.finding, "command");
    const json endorsements = {Base64(given.certificates.front()),
                               amd.ChainPem(kMilan, amd::SigningKey::kVcek), Base64(given.crl)};
    ExpectResult(Verify(evidence, {{"endorsements", endorsements}}), row.finding, "HTTP");
    Stop();
  }
}

// ---- requests ----

struct RequestRow {
  std::string title;
  std::string nonce;                               // in hex
  std::vector<amd::PcrSelection> selections = {};  // empty: all that is given
  std::string finding;                             // of a request that is judged
  std::string refusal = {};                        // words of one that is not
};

TEST_F(ThreeWays, HoldNonceAndPcrsAgainstTheVtpmsQuote) {
  const std::string runtime_data = sim::RuntimeData(sim::VtpmKey());
  const SnpPlatform platform = SnpPlatform::Of(kMilan);
  const Bytes report = amd.Report(platform, {.version = 5, .report_data = sim::BindingOf(runtime_data)});
  const Bytes evidence = sim::EncodeHclReport({.hardware_report = report, .runtime_data = runtime_data});
  const std::string good = HexLower(sim::TpmQuoteSpec{}.nonce);
  files.Write("roots.pem", std::string_view(amd.ArksPem()));
  StartAt(sim::kAmdNow);
  const amd::EndorsementSet given = amd.Endorsements(platform);
  const json endorsements = {Base64(given.certificates.front()), amd.ChainPem(kMilan, amd::SigningKey::kVcek),
                             Base64(given.crl)};
  const RequestRow kRows[] = {
      {"good", good, {}, ""},
      {"another nonce", std::string(20, '1'), {}, "hcl.tpm_nonce"},
      {"a longer nonce", good + "00", {}, "hcl.tpm_nonce"},
      {"PCRs that are not quoted", good, {{amd::kTpmSha256, {0}}}, "hcl.tpm_pcr_digest"},
      {"nothing quoted", good, {{amd::kTpmSha256, {}}}, "hcl.tpm_pcr_digest"},
      {"a nonce of one byte", "01", {}, "", "8 to 64"},
      {"a nonce of zeros", std::string(32, '0'), {}, "", "all zero"},
  };
  for (const RequestRow& row : kRows) {
    SCOPED_TRACE(row.title);
    const sim::TpmQuoteSpec spec{.selections = row.selections};
    const auto quote = sim::MakeTpmQuote(spec, sim::VtpmKey());
    const std::string pcrs = sim::PcrsJson(spec.pcrs);
    const json tpm_quote = {{"message", Base64(quote.message)},
                            {"signature", Base64(quote.signature)},
                            {"pcrs", json::parse(pcrs)}};
    const auto directory = std::filesystem::path(files / "given");
    sim::WriteEndorsements(directory, amd, platform);
    const json request = {{"evidence", Base64(evidence)},
                          {"endorsements", endorsements},
                          {"tpm_quote", tpm_quote},
                          {"nonce", row.nonce}};
    files.Write("given/tpm_quote.msg", quote.message);
    files.Write("given/tpm_quote.sig", quote.signature);
    files.Write("given/tpm_pcrs.json", std::string_view(pcrs));
    const std::vector<std::string> more{"--nonce", row.nonce};
    if (row.refusal.empty()) {
      ExpectResult(ByCommand(evidence, directory, more), row.finding, "command");
      const auto answer = Post(request);
      ASSERT_EQ(answer.status, 200) << answer.body;
      ExpectResult(json::parse(answer.body), row.finding, "HTTP");
      continue;
    }
    std::vector<std::string> arguments{"verify",       files.Write("evidence.bin", evidence),
                                       "--anchor",     files / "roots.pem",
                                       "--collateral", directory};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const test::ProcessResult run = test::RunThimble(arguments);
    EXPECT_EQ(run.exit_code, 2) << run.out;
    EXPECT_NE(run.err.find(row.refusal), std::string::npos) << run.err;
    const auto answer = Post(request);
    EXPECT_EQ(answer.status, 400);
    EXPECT_NE(answer.body.find(row.refusal), std::string::npos) << answer.body;
  }
}

}  // namespace
}  // namespace thimble
