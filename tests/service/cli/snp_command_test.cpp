// SPDX-License-Identifier: Apache-2.0
//
// The real binary on SEV-SNP evidence: verify, inspect and fetch.
#include <gtest/gtest.h>

#include "tcb/base/text.h"
#include "tests/service/testing/amd_world.h"
#include "tests/service/testing/process.h"
#include "tests/support/sim_files.h"
#include "tests/support/sim_hcl.h"

namespace thimble {
namespace {

using amd::Product;
using nlohmann::json;
using sim::SnpPlatform;
using test::ProcessResult;
using test::RunThimble;

const SnpPlatform kMilan = SnpPlatform::Of(Product::kMilan), kTurin = SnpPlatform::Of(Product::kTurin);
constexpr const char* kMilanTcb = "bl04-tee00-snp29-ucode225";

json ObjectOf(const ProcessResult& run) {
  const bool one_line = run.err.find('\n') + 1 == run.err.size();
  const bool known = run.err.starts_with("asked: ") || run.err.starts_with("decoded: ") ||
                     run.err.starts_with("judged by: ");
  EXPECT_TRUE(run.err.empty() || (one_line && known)) << run.err;
  const json object = json::parse(run.out, nullptr, false);
  EXPECT_TRUE(object.is_object()) << run.out;
  return object;
}

class SnpCommandTest : public testing::Test {
 protected:
  ProcessResult Verify(const std::string& evidence, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{
        "verify", evidence, "--anchor", w_.files / "amd-root.pem", "--at", FormatRfc3339(sim::kAmdNow),
        "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunThimble(arguments);
  }
  std::string Server() { return StrCat("http://127.0.0.1:", w_.port()); }
  std::string DirectoryOf(const SnpPlatform& platform) {
    sim::WriteEndorsements(w_.files / "given", w_.amd, platform);
    return w_.files / "given";
  }

  test::AmdWorld w_;
};

TEST_F(SnpCommandTest, VerifiesWithADirectory) {
  const std::string report = w_.files.Write("report.bin", w_.amd.Report(kMilan));
  const ProcessResult run = Verify(report, {"--collateral", DirectoryOf(kMilan)});
  EXPECT_EQ(run.exit_code, 0) << run.out;
  const json result = ObjectOf(run);
  EXPECT_EQ(result["tcb_status"], "UpToDate");
  EXPECT_EQ(result["evaluation"], json::parse(R"({"baseline": "default", "floor": "thimble-amd-floors 1"})"));

  // The same files from a server.
  w_.Start(sim::kAmdNow);
  const auto answer = test::Post(w_.port(), "/v1/collateral?format=tar", "application/octet-stream",
                                 AsText(w_.amd.Report(kMilan)));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string archive = w_.files.Write("endorsements.tar", answer.body), fetched = w_.files / "fetched";
  std::filesystem::create_directory(fetched);
  ASSERT_EQ(WEXITSTATUS(std::system(StrCat("tar -xf ", archive, " -C ", fetched).c_str())), 0);
  EXPECT_EQ(Verify(report, {"--collateral", fetched}).exit_code, 0);

  std::filesystem::remove(std::filesystem::path(w_.files / "given") / "vcek.der");
  const ProcessResult lacking = Verify(report, {"--collateral", w_.files / "given"});
  EXPECT_EQ(lacking.exit_code, 3);
  EXPECT_EQ(ObjectOf(lacking)["check"], "snp.endorsement_missing");
  EXPECT_EQ(Verify(report, {"--collateral", report}).exit_code, 2);
}

// Genoa, Genoa-X and Siena count microcode apart. A report of version 2 may be of any of them.
TEST_F(SnpCommandTest, AsksOfEachLineItsOwnMinimum) {
  const std::string policy = w_.files.Write("policy.toml", std::string_view(R"([policy.default]
amd_floor = "if_known"
[policy.default.snp]
min_reported_tcb.Genoa = { microcode = 84 }
min_reported_tcb.Siena = { microcode = 25 }
[baseline.default]
amd = ""
)"));
  struct Row {
    amd::CpuId cpuid;
    uint32_t version;
    uint8_t microcode;
    int exit_code;
  };
  constexpr Row kRows[] = {
      {{0x19, 0x11, 1}, 5, 84, 0}, {{0x19, 0x11, 1}, 5, 30, 1}, {{0x19, 0x11, 2}, 5, 83, 1},
      {{0x19, 0xa0, 2}, 5, 25, 0}, {{0x19, 0xa0, 2}, 5, 24, 1}, {{0x19, 0xa0, 2}, 2, 30, 1},
      {{0x19, 0xa0, 2}, 2, 84, 0},
  };
  for (const Row& row : kRows) {
    SnpPlatform platform = SnpPlatform::Of(Product::kGenoa);
    platform.cpuid = row.cpuid;
    platform.tcb.microcode = row.microcode;
    const std::string report =
        w_.files.Write("report.bin", w_.amd.Report(platform, {.version = row.version}));
    const ProcessResult run = Verify(report, {"--collateral", DirectoryOf(platform), "--policy", policy});
    EXPECT_EQ(run.exit_code, row.exit_code)
        << int{row.cpuid.model} << "/" << int{row.cpuid.stepping} << " " << int{row.microcode} << run.out;
  }
  const std::string twice = w_.files.Write(
      "twice.toml", std::string_view("[policy.default.snp]\nmin_reported_tcb.Siena = { snp = 1 }\n"
                                     "min_reported_tcb.Bergamo = { snp = 2 }\n"));
  const ProcessResult refused = Verify(w_.files / "report.bin", {"--policy", twice});
  EXPECT_EQ(refused.exit_code, 2);
  const std::string detail = ObjectOf(refused)["detail"];
  EXPECT_NE(detail.find("twice.toml:2: min_reported_tcb.Siena and min_reported_tcb.Bergamo in line 3"),
            std::string::npos)
      << detail;
}

TEST_F(SnpCommandTest, ReadsWhatStandsBesideAnHclReport) {
  const std::string runtime_data = sim::RuntimeData(sim::VtpmKey());
  const sim::ReportSpec spec{.report_data = sim::BindingOf(runtime_data)};
  const std::string hcl = w_.files.Write(
      "hcl.bin",
      sim::EncodeHclReport({.hardware_report = w_.amd.Report(kMilan, spec), .runtime_data = runtime_data}));
  const std::string given = DirectoryOf(kMilan);
  const sim::TpmQuoteSpec tpm;
  const auto quote = sim::MakeTpmQuote(tpm, sim::VtpmKey());
  w_.files.Write("given/tpm_quote.msg", quote.message);
  w_.files.Write("given/tpm_quote.sig", quote.signature);
  w_.files.Write("given/tpm_pcrs.json", std::string_view(sim::PcrsJson(tpm.pcrs)));
  const ProcessResult run = Verify(hcl, {"--collateral", given, "--nonce", HexLower(tpm.nonce)});
  EXPECT_EQ(run.exit_code, 0) << run.out;
  const json result = ObjectOf(run);
  EXPECT_EQ(test::CheckIn(result, "hcl.tpm_pcr_digest"), "passed");
  EXPECT_EQ(test::CheckIn(result, "hcl.tpm_nonce"), "passed");
  EXPECT_EQ(Verify(hcl, {"--collateral", given, "--nonce", "0102030405060708"}).exit_code, 1);
  EXPECT_EQ(Verify(hcl, {"--collateral", given, "--nonce", "01"}).exit_code, 2);
  EXPECT_EQ(Verify(hcl, {"--collateral", given, "--nonce", "0"}).exit_code, 2);
  // What tpm2_quote writes unless it is told otherwise, and what cannot be read.
  w_.files.Write("given/tpm_quote.sig", sim::WrapRsaSignature(0x0014, tpm::kSha256, quote.signature));
  EXPECT_EQ(Verify(hcl, {"--collateral", given, "--nonce", HexLower(tpm.nonce)}).exit_code, 0);
  w_.files.Write("given/tpm_quote.sig", sim::WrapRsaSignature(0x0018, tpm::kSha256, quote.signature));
  EXPECT_EQ(Verify(hcl, {"--collateral", given}).exit_code, 4);
  w_.files.Write("given/tpm_quote.sig", quote.signature);
  w_.files.Write("given/tpm_quote.msg", Bytes{1});
  EXPECT_EQ(Verify(hcl, {"--collateral", given}).exit_code, 4);
}

TEST_F(SnpCommandTest, TakesFilesByWhatTheyAre) {
  const std::string report = w_.files.Write("report.bin", w_.amd.Report(kMilan));
  const std::string policy = w_.files.Write("policy.toml", "[policy.default]\namd_crl = \"if_available\"\n");
  const std::string ask = sim::ToPem(w_.amd.Intermediate(Product::kMilan, amd::SigningKey::kVcek),
                                     "CERTIFICATE"),
                    ark = sim::ToPem(w_.amd.Ark(Product::kMilan), "CERTIFICATE"),
                    vcek = sim::ToPem(w_.amd.Leaf(kMilan), "CERTIFICATE");
  // As snpguest and snphost name them, beside what else is there.
  std::filesystem::create_directory(w_.files / "certs");
  w_.files.Write("certs/ark.pem", ark);
  w_.files.Write("certs/ask.pem", ask);
  w_.files.Write("certs/vcek.pem", vcek);
  w_.files.Write("certs/README.md", std::string_view("not a certificate"));
  const auto verify = [&](const std::string& collateral) {
    return Verify(report, {"--policy", policy, "--collateral", collateral});
  };
  EXPECT_EQ(verify(w_.files / "certs").exit_code, 0);

  const json thim = {
      {"vcekCert", vcek}, {"tcbm", "x"}, {"certificateChain", ask + ark}, {"cacheControl", "86400"}};
  const std::string document = w_.files.Write("thim.json", std::string_view(thim.dump()));
  EXPECT_EQ(verify(document).exit_code, 0);
  EXPECT_EQ(verify(w_.files.Write("host-amd-cert-base64", std::string_view(Base64(AsBytes(thim.dump())))))
                .exit_code,
            0);
  const json inspected = ObjectOf(RunThimble({"inspect", document, "--json"}))["files"][0];
  EXPECT_EQ(inspected["kind"], "thim_document");
  EXPECT_EQ(inspected["certificates"].size(), 3u);

  // What is not this report's is no endorsement of it, and is named.
  SnpPlatform older = kMilan;
  --*older.tcb.snp;
  w_.files.Write("certs/vcek.pem", sim::ToPem(w_.amd.Leaf(older), "CERTIFICATE"));
  const ProcessResult stale = verify(w_.files / "certs");
  EXPECT_EQ(stale.exit_code, 3);
  EXPECT_NE(stale.out.find("dropped: vcek.pem"), std::string::npos) << stale.out;
}

TEST_F(SnpCommandTest, ReadsEvidenceThatWasWrittenDownAsText) {
  const Bytes report = w_.amd.Report(kMilan);
  const auto folded = [](const std::string& text, const char* line_end) {
    std::string out;
    for (size_t i = 0; i < text.size(); i += 76) out += text.substr(i, 76) + line_end;
    return out;
  };
  for (const std::string& text : {HexLower(report), HexUpper(report) + "\n", folded(Base64(report), "\n"),
                                  folded(HexLower(report), "\r\n"), Base64Url(report)}) {
    const std::string path = w_.files.Write("report.txt", std::string_view(text));
    EXPECT_EQ(Verify(path, {"--collateral", DirectoryOf(kMilan)}).exit_code, 0) << text;
    EXPECT_EQ(ObjectOf(RunThimble({"inspect", path, "--json"}))["files"][0]["kind"], "snp_report");
  }
}

TEST_F(SnpCommandTest, LetsAServerVerify) {
  w_.Start(sim::kAmdNow);
  const std::string report = w_.files.Write("report.bin", w_.amd.Report(kMilan, {.version = 2}));
  const ProcessResult unknown = RunThimble({"verify", report, "--server", Server(), "--json"});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_EQ(ObjectOf(unknown)["check"], "snp.endorsement_missing");
  const ProcessResult run =
      RunThimble({"verify", report, "--server", Server(), "--product", "Milan", "--json"});
  // A version 2 report does not name its CPU, so no floor is known for it.
  EXPECT_EQ(test::FindingsOf(ObjectOf(run)), std::set<std::string>{"snp.floor_unknown"});
  EXPECT_EQ(RunThimble({"verify", report, "--product", "Rome", "--json"}).exit_code, 2);
}

TEST_F(SnpCommandTest, SaysForPeopleThatTheStatusIsLocalPolicy) {
  SnpPlatform old = SnpPlatform::Of(Product::kGenoa);
  old.tcb.microcode = 0x50;
  const std::string report = w_.files.Write("report.bin", w_.amd.Report(old));
  const ProcessResult run =
      RunThimble({"verify", report, "--anchor", w_.files / "amd-root.pem", "--at",
                  FormatRfc3339(sim::kAmdNow), "--collateral", DirectoryOf(old), "--verbose"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(
      run.out.starts_with("REJECT  OutOfDate by the local floors: snp.microcode (reported) is 80, needs 84 "))
      << run.out;
  for (const char* words : {"by local policy: AMD publishes no status", "thimble-amd-floors 1",
                            "AMD-SB-3020, snp.microcode (reported): has 80, needs 86"}) {
    EXPECT_NE(run.out.find(words), std::string::npos) << run.out;
  }
}

TEST_F(SnpCommandTest, InspectsReportsTablesAndCertificates) {
  const SnpPlatform vlek = SnpPlatform::Of(Product::kMilan, amd::SigningKey::kVlek);
  const std::vector<std::string> paths{
      w_.files.Write("turin.bin", w_.amd.Report(kTurin, {.version = 5})),
      w_.files.Write("extended.bin", w_.amd.ExtendedReport(vlek)),
      w_.files.Write("vcek.der", w_.amd.Leaf(kTurin)), w_.files.Write("crl.der", w_.amd.Crl(Product::kMilan)),
      w_.files.Write("hcl.bin", sim::EncodeHclReport({.hardware_report = w_.amd.Report(kMilan),
                                                      .runtime_data = sim::RuntimeData(sim::VtpmKey())}))};
  std::vector<std::string> arguments{"inspect", "--json"};
  arguments.insert(arguments.end(), paths.begin(), paths.end());
  const json files = ObjectOf(RunThimble(arguments))["files"];
  ASSERT_EQ(files.size(), 5u);
  EXPECT_EQ(files[0]["kind"], "snp_report");
  EXPECT_EQ(files[0]["platform"]["product"], "Turin");
  EXPECT_EQ(files[0]["claims"]["reported_tcb"]["fmc"], 1);
  EXPECT_EQ(files[1]["certificate_table"], json::parse(R"(["vlek", "ask", "ark", "crl"])"));
  EXPECT_EQ(files[1]["platform"]["signing_key"], "vlek");
  EXPECT_EQ(files[2]["certificates"][0]["endorses"]["hwid"], HexLower(kTurin.hwid()));
  EXPECT_EQ(files[2]["certificates"][0]["endorses"]["microcode"], 91);
  EXPECT_EQ(files[3]["kind"], "crl");
  EXPECT_EQ(files[4]["kind"], "hcl_report");
  EXPECT_EQ(files[4]["claims"]["runtime_data"], json::parse(sim::RuntimeData(sim::VtpmKey())));
}

TEST_F(SnpCommandTest, FetchesWhatAReportOrAChipNeeds) {
  w_.Start(sim::kAmdNow);
  const std::string report = w_.files.Write("report.bin", w_.amd.Report(kMilan));
  const auto fetch = [&](std::vector<std::string> what) {
    what.insert(what.begin(), "fetch");
    what.insert(what.end(), {"--server", Server(), "--anchor", w_.files / "amd-root.pem", "--json"});
    return RunThimble(what);
  };
  const ProcessResult by_report = fetch({"--quote", report});
  EXPECT_EQ(by_report.exit_code, 0) << by_report.err;
  // Chain and CRL. Of the leaf it says that there is one: over TCP only an administrator sees which chips there are.
  EXPECT_EQ(ObjectOf(by_report)["items"].size(), 2u);
  EXPECT_EQ(ObjectOf(by_report)["platform_items"], 1);
  const std::string hwid = HexLower(kMilan.hwid());
  const ProcessResult by_chip = fetch({"--product", "Milan", "--hwid", hwid, "--tcb", kMilanTcb});
  EXPECT_EQ(ObjectOf(by_chip)["items"], ObjectOf(by_report)["items"]);
  const ProcessResult turin = fetch(
      {"--product", "Turin", "--hwid", HexUpper(kTurin.hwid()), "--tcb", "bl01-tee02-snp04-ucode91-fmc01"});
  EXPECT_EQ(turin.exit_code, 0) << turin.err;
  EXPECT_EQ(w_.vendor.Count("SPL="), 2u);

  const std::string zeros(128, '0');
  const std::vector<std::string> wrongs[] = {
      {"--hwid", hwid},
      {"--hwid", hwid, "--product", "Milan"},
      {"--hwid", hwid, "--product", "Milan", "--tcb", "bl04-tee00-snp24"},
      {"--hwid", hwid, "--product", "Milan", "--tcb", "bl04-tee00-snp29-ucode225-fmc01"},
      {"--hwid", hwid, "--product", "Turin", "--tcb", "bl04-tee00-snp29-ucode225-fmc01"},
      {"--hwid", zeros, "--product", "Milan", "--tcb", kMilanTcb},
      {"--hwid", hwid, "--product", "Venice", "--tcb", kMilanTcb},
      {"--quote", report, "--tcb", kMilanTcb},
  };
  for (const auto& wrong : wrongs) EXPECT_EQ(fetch(wrong).exit_code, 2) << wrong.back();
}

TEST_F(SnpCommandTest, FetchesNothingForAForgedReport) {
  w_.Start(sim::kAmdNow);
  Bytes forged = w_.amd.ExtendedReport(kMilan);
  forged.at(0x90) ^= 1;  // the measurement
  const std::string report = w_.files.Write("report.bin", forged);
  const std::string config =
      w_.files.Write("config.toml", StrCat("[server]\nanchors = [\"", w_.files / "amd-root.pem", "\"]\n"));
  const ProcessResult run =
      RunThimble({"fetch", "--quote", report, "--server", Server(), "--config", config, "--json"});
  EXPECT_EQ(run.exit_code, 1) << run.out << run.err;
  EXPECT_EQ(ObjectOf(run)["check"], "snp.signature");
  EXPECT_EQ(w_.vendor.Count(), 0u);
}

}  // namespace
}  // namespace thimble
