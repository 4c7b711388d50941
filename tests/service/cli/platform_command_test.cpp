// SPDX-License-Identifier: Apache-2.0
//
// The real binary on evidence that no TEE made: the roots that the operator names, and what the audit trail repeats of it.
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/raw_http.h"
#include "tests/support/sim_files.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_platform.h"
#include "tests/support/temp_dir.h"
#include "tests/tcb/corpus.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::ProcessResult;
using test::RunThimble;

class PlatformCommand : public testing::Test {
 protected:
  std::string Pem(const std::string& name, const Bytes& der) {
    return files_.Write(name, std::string_view(sim::ToPem(der, "CERTIFICATE")));
  }
  json Verify(const std::string& evidence, const std::string& kind, const std::string& anchor, Instant at) {
    const std::string policy =
        files_.Write("policy.toml", StrCat("[policy.default]\nevidence = [\"", kind, "\"]\n"));
    const ProcessResult run =
        RunThimble({"verify", files_.Write("evidence.json", std::string_view(evidence)), "--policy", policy,
                    "--anchor", anchor, "--at", FormatRfc3339(at), "--json"});
    const json result = json::parse(run.out, nullptr, false);
    EXPECT_TRUE(result.is_object() && result.contains("decision")) << run.out << run.err;
    return result;
  }

  test::TempDir files_;
};

// Roots that are signed as neither Intel's nor AMD's are, by themselves or of one use alone: also without --collateral, where
// the whole of a server's wiring reads them.
TEST_F(PlatformCommand, TakesTheOperatorsRoots) {
  const std::string tpm = Pem("tpm.pem", sim::TpmRootCertificate()),
                    hgs = Pem("hgs.pem", sim::HgsCertificate());
  struct Row {
    std::string evidence, kind, anchor;
    bool good;
  };
  const std::string quote = sim::TpmEvidenceJson(), report = sim::VbsEvidenceJson();
  const Row rows[] = {{quote, "tpm", tpm, true},           {quote, "tpm", "tpm=" + tpm, true},
                      {quote, "tpm", "vbs=" + tpm, false}, {report, "vbs", hgs, true},
                      {report, "vbs", "vbs=" + hgs, true}, {report, "vbs", "tpm=" + hgs, false}};
  for (const Row& row : rows) {
    const json result = Verify(row.evidence, row.kind, row.anchor, sim::kNow);
    EXPECT_EQ(result["authentic"], row.good) << row.anchor << result.dump(1);
    EXPECT_EQ(result["decision"], row.good ? "accept" : "reject") << row.anchor << result.dump(1);
  }
}

// The one real report, with the certificate of its signer as the anchor.
TEST_F(PlatformCommand, TakesTheSignerOfTheRealReport) {
  const auto dir = test::CorpusDir() / "vbs" / "870d5532";
  if (!std::filesystem::exists(dir)) GTEST_SKIP() << "no corpus beside the project";
  const Bytes signer = test::ReadFile(dir / "signer.der");
  const json evidence = {{"vbs_report", Base64(test::ReadFile(dir / "report.bin"))},
                         {"signer", Base64(signer)}};
  const json result =
      Verify(evidence.dump(), "vbs", Pem("hgs.pem", signer), *ParseRfc3339("2019-10-30T20:00:00Z"));
  EXPECT_EQ(result["decision"], "accept") << result.dump(1);
}

// -- the trail --

class PlatformAudit : public PlatformCommand {
 protected:
  PlatformAudit() {
    config_ = files_.Write(
        "config.toml",
        StrCat("[server]\nlisten = \"127.0.0.1:0\"\nanchors = [\"tpm=",
               Pem("tpm.pem", sim::TpmRootCertificate()), "\", \"vbs=", Pem("hgs.pem", sim::HgsCertificate()),
               "\"]\n[cache]\ndata = \"", files_ / "data",
               "\"\n[pccs]\nmode = \"OFFLINE\"\n[policy.default]\nevidence = [\"tpm\", \"vbs\"]\n"));
  }
  // The record of the decision on each, in this order.
  std::vector<std::string> Decide(const std::vector<std::string>& evidence) {
    test::ServeProcess server({"--config", config_, "--frozen-time", FormatRfc3339(sim::kNow)});
    const std::string port = server.address().substr(server.address().rfind(':') + 1);
    for (const std::string& text : evidence) {
      const auto answer =
          test::Post(static_cast<uint16_t>(std::stoi(port)), "/v1/verify", "application/octet-stream", text);
      EXPECT_EQ(json::parse(answer.body, nullptr, false)["decision"], "accept") << answer.body;
    }
    EXPECT_EQ(server.Terminate(), 0);
    const ProcessResult found = RunThimble({"audit", "find", "--kind", "decision", "--config", config_});
    std::vector<std::string> seqs;
    std::istringstream lines(found.out);
    for (std::string line; std::getline(lines, line);) {
      const json record = json::parse(line, nullptr, false);
      seqs.push_back(std::to_string(record["seq"].get<int>()));
      EXPECT_EQ(record["trust_anchor"].get<std::string>().starts_with("Simulated"), true) << line;
    }
    EXPECT_EQ(seqs.size(), evidence.size()) << found.out << found.err;
    return seqs;
  }
  ProcessResult Repeat(const std::string& seq, const std::string& evidence) {
    return RunThimble({"audit", "repeat", seq, files_.Write("again.json", std::string_view(evidence)),
                       "--config", config_});
  }

  std::string config_;
};

// A decision is about its evidence and all that came with that: with one part other, more or less, it is not repeated.
TEST_F(PlatformAudit, RepeatsADecisionWithTheSamePartsAlone) {
  json quote = json::parse(sim::TpmEvidenceJson()),
       report =
           json::parse(sim::VbsEvidenceJson({.enclave_data =
                                                 [] {
                                                   const Digest512 digest = Sha512(AsBytes("text"));
                                                   return Bytes(digest.view().begin(), digest.view().end());
                                                 }()},
                                            "text"));
  quote["ak_public"] = Base64(sim::AkPublicArea());
  const auto seqs = Decide({quote.dump(), report.dump()});
  ASSERT_EQ(seqs.size(), 2u);
  for (const auto& [seq, evidence] : {std::pair(seqs[0], quote), std::pair(seqs[1], report)}) {
    const ProcessResult same = Repeat(seq, evidence.dump());
    EXPECT_EQ(same.exit_code, 0) << same.out << same.err;
  }
  struct Row {
    const char* part;
    bool of_quote;
    std::function<void(json&)> bend;
  };
  const auto without = [](const char* name) { return [name](json& e) { e.erase(name); }; };
  const Row rows[] = {
      {"ak_public", true, without("ak_public")},
      {"ak_public", true, [](json& e) { e["ak_public"] = Base64(sim::VtpmKey().SubjectPublicKeyInfo()); }},
      {"ak_chain", true, without("ak_chain")},
      {"ak_cert", true,
       [](json& e) { e["ak_cert"] = Base64(sim::AkCertificate([](auto& s) { s.serial = {9}; })); }},
      {"event_log", true, [](json& e) { e["event_log"] = Base64(sim::MakeEventLog(1)); }},
      {"tpm_quote_pcrs", true, [](json& e) { e["tpm_quote"].erase("pcrs"); }},
      {"tpm_quote_signature", true, [](json& e) { e["tpm_quote"]["signature"] = Base64(Bytes(256, 7)); }},
      {"report_signed", false, without("report_signed")},
      {"report_signed", false, [](json& e) { e["report_signed"] = "text "; }},
      {"enclave_key", false, [](json& e) { e["enclave_key"] = Base64(Bytes(32, 1)); }},
      {"signer", false, without("signer")},
      {"signer", false,
       [](json& e) { e["signer"] = Base64(sim::VbsSignerCertificate([](auto& s) { s.serial = {9}; })); }},
  };
  for (const Row& row : rows) {
    json evidence = row.of_quote ? quote : report;
    row.bend(evidence);
    const ProcessResult other = Repeat(seqs[row.of_quote ? 0 : 1], evidence.dump());
    EXPECT_EQ(other.exit_code, 2) << row.part << other.out << other.err;
    EXPECT_NE(other.err.find(StrCat(row.part, " ")), std::string::npos) << row.part << other.err;
  }
}

}  // namespace
}  // namespace thimble
