// SPDX-License-Identifier: Apache-2.0
//
// Confidential containers on Azure, three ways (three_ways.h): endorsement, security policy, security context, and what a
// policy and a baseline ask of them; the genuine and doctored cases of the corpus by command line and HTTP.
#include <filesystem>

#include "tcb/uvm/container.h"
#include "tests/service/corpus_ways.h"
#include "tests/support/sim_uvm.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::CorpusWays, test::ExpectResult, test::FailsOn, test::ReferenceOf;

const Bytes kMeasurement(48, 0x5a);

class Containers : public CorpusWays {
 protected:
  Bytes Report(const Bytes& measurement = kMeasurement) const {
    sim::ReportSpec spec{.version = 5};
    spec.bend = [&](Bytes& report) {
      std::ranges::copy(measurement, report.begin() + 0x90);
      std::ranges::copy(Sha256(policy_).view(), report.begin() + 0xc0);
    };
    return amd.Report(platform_, spec);
  }
  Bytes Endorsement(sim::UvmSpec spec = {}) const {
    spec.measurement = kMeasurement;
    return uvm_.Endorsement(spec);
  }
  // As a container sees them.
  std::string SecurityContext(const std::string& name, const Bytes& endorsement,
                              const Bytes& security_policy) {
    sim::WriteEndorsements(files / name, amd, platform_);
    files.Write(name + "/reference-info-base64", Base64(endorsement));
    files.Write(name + "/security-policy-base64", Base64(security_policy));
    return files / name;
  }
  json Request(const Bytes& report, const Bytes& endorsement, const Bytes& security_policy) {
    json request = {{"evidence", Base64(report)},
                    {"uvm_endorsement", Base64(endorsement)},
                    {"security_policy", Base64(security_policy)}};
    for (const Bytes& certificate : amd.Endorsements(platform_).certificates)
      request["endorsements"].push_back(Base64(certificate));
    request["endorsements"].push_back(Base64(amd.Endorsements(platform_).crl));
    return request;
  }
  void Begin() {
    files.Write("roots.pem", std::string_view(amd.ArksPem()));
    policy_file_ = files.Write("policy.toml", PolicyText(uvm_.Accepted()));
    config.policies["default"].uvm.accepted = {uvm_.Accepted()};
    StartAt(sim::kAmdNow);
  }
  static std::string PolicyText(const AcceptedUvm& accepted) {
    return StrCat("[policy.default.uvm]\nrequired = true\naccepted = [{ issuer = \"", accepted.issuer,
                  "\", feed = \"", accepted.feed, "\", min_svn = ", accepted.min_svn, " }]\n");
  }

  sim::SimUvm uvm_ = sim::SimUvm::Make();
  sim::SnpPlatform platform_ = sim::SnpPlatform::Of(amd::Product::kMilan);
  Bytes policy_ = {'p', 'o', 'l', 'i', 'c', 'y'};
  std::string policy_file_;
};

TEST_F(Containers, AreJudgedTheSameWay) {
  sim::UvmSpec forged, late;
  forged.signature = [](Bytes& signature) { signature.front() ^= 1; };
  late.signed_at = sim::kAmdNow;
  Bytes other_policy = policy_;
  other_policy.push_back('\n');
  struct Row {
    std::string title, finding;
    Bytes report, endorsement, security_policy;
  };
  const std::vector<Row> rows = {
      {"good", "", Report(), Endorsement(), policy_},
      {"another image", "uvm.measurement", Report(Bytes(48, 0x5b)), Endorsement(), policy_},
      {"forged", "uvm.signature", Report(), Endorsement(forged), policy_},
      {"signed after its certificate", "uvm.signing_time", Report(), Endorsement(late), policy_},
      {"another policy", "aci.policy", Report(), Endorsement(), other_policy},
  };
  Begin();
  for (const Row& row : rows) {
    SCOPED_TRACE(row.title);
    const std::string context = SecurityContext(row.title, row.endorsement, row.security_policy);
    ExpectResult(ByCommand(row.report, context, {"--policy", policy_file_}), row.finding, "command");
    const auto answer = Post(Request(row.report, row.endorsement, row.security_policy));
    ASSERT_EQ(answer.status, 200) << answer.body;
    ExpectResult(json::parse(answer.body), row.finding, "HTTP");
  }
}

TEST_F(Containers, ClaimsSayWhoBuiltTheUtilityVm) {
  Begin();
  const Bytes endorsement = Endorsement();
  const json result = json::parse(Post(Request(Report(), endorsement, policy_)).body);
  const json& claims = result["claims"];
  EXPECT_EQ(claims["security_policy_sha256"], Sha256(policy_).hex());
  EXPECT_EQ(claims["uvm"]["issuer"], uvm_.Issuer());
  EXPECT_EQ(claims["uvm"]["feed"], "ContainerPlat-AMD-UVM");
  EXPECT_EQ(claims["uvm"]["svn"], 104);
  EXPECT_EQ(claims["uvm"]["measurement"], HexLower(kMeasurement));
  EXPECT_EQ(claims["uvm"]["sha256"], Sha256(endorsement).hex());
  EXPECT_EQ(claims["uvm"]["format"], "legacy");
}

TEST_F(Containers, APolicyAsksForIssuerSvnAndThatThereIsOne) {
  Begin();
  const auto rule = [&](const std::string& text, const std::string& context) {
    const json result = ByCommand(Report(), context, {"--policy", files.Write("asks.toml", text)});
    for (const json& each : result["policy"]["rules"]) {
      const std::string name = each["rule"];
      if (name.starts_with("uvm.") && !each["ok"].get<bool>()) return name;
    }
    return std::string();
  };
  const std::string context = SecurityContext("context", Endorsement(), policy_);
  sim::WriteEndorsements(files / "bare", amd, platform_);
  EXPECT_EQ(rule(PolicyText(uvm_.Accepted(104)), context), "");
  EXPECT_EQ(rule(PolicyText(uvm_.Accepted(105)), context), "uvm.min_svn");
  EXPECT_EQ(rule("[policy.default]\n", context), "uvm.issuer");
  EXPECT_EQ(rule(PolicyText(uvm_.Accepted(104)), files / "bare"), "uvm.required");
  const json below =
      ByCommand(Report(), context,
                {"--policy",
                 files.Write("baseline.toml", PolicyText(uvm_.Accepted(1)) +
                                                  "[baseline.default.uvm]\nContainerPlat-AMD-UVM = 105\n")});
  EXPECT_EQ(test::Grave(below), test::Names{"uvm.svn"});
  ASSERT_EQ(below["shortfalls"].size(), 1u) << below.dump(1);
  EXPECT_EQ(below["shortfalls"][0]["component"], "uvm.svn");
  EXPECT_EQ(below["shortfalls"][0]["have"], 104);
  EXPECT_EQ(below["shortfalls"][0]["need"], 105);
}

TEST_F(Containers, WhatCannotBeReadIsAnErrorOfTheRequest) {
  Begin();
  Bytes trailing = Endorsement();
  trailing.push_back(0);
  const auto answer = Post(Request(Report(), trailing, policy_));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(json::parse(answer.body)["check"], "uvm.format");
  json request = Request(Report(), Endorsement(), policy_);
  request["uvm_endorsement"] = "?";
  EXPECT_EQ(json::parse(Post(request).body)["check"], "request.invalid");
  request = Request(Report(), Endorsement(), policy_);
  request["evidence"] = Base64(intel.Quote());
  request.erase("endorsements");
  EXPECT_EQ(json::parse(Post(request).body)["check"], "request.invalid") << "beside a quote";
}

// A THIM document in place of endorsements, as an object and as text.
TEST_F(Containers, TheHostsThimDocumentIsTaken) {
  Begin();
  const auto given = amd.Endorsements(platform_);
  const json thim = {{"vcekCert", sim::ToPem(given.certificates[0], "CERTIFICATE")},
                     {"tcbm", "DB18000000000004"},
                     {"certificateChain", sim::ToPem(given.certificates[1], "CERTIFICATE") +
                                              sim::ToPem(given.certificates[2], "CERTIFICATE")},
                     {"cacheControl", "86400"}};
  for (const json& form : {thim, json(thim.dump()), json(Base64(AsBytes(thim.dump())))}) {
    json request = Request(Report(), Endorsement(), policy_);
    request["endorsements"] = json::array({Base64(given.crl)});
    request["thim"] = form;
    const auto answer = Post(request);
    ASSERT_EQ(answer.status, 200) << answer.body;
    ExpectResult(json::parse(answer.body), "", "thim");
  }
}

TEST_F(Containers, InspectShowsAnEndorsement) {
  const auto run = test::RunThimble({"inspect", "--json", files.Write("e.cose", Endorsement())});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const json shown = json::parse(run.out)["files"][0];
  EXPECT_EQ(shown["kind"], "uvm_endorsement");
  EXPECT_EQ(shown["claims"]["uvm"]["svn"], 104);
  for (const json& check : shown["checks"]) EXPECT_NE(check["result"], "failed") << check;
}

// -- the corpus --

class ContainersCorpus : public Containers {
 protected:
  std::string PolicyOf(const json& c) const {
    std::string text = StrCat(PolicyHead(c), Section(c, "uvm"), "accepted = [\n");
    std::map<std::pair<std::string, std::string>, uint32_t>
        minimums;  // one case has a feed twice, which is refused here
    for (const json& one : c["accepted"]) {
      uint32_t& minimum = minimums[{one["issuer"].dump(), one["feed"].dump()}];
      minimum = std::max(minimum, one["min_svn"].get<uint32_t>());
    }
    for (const auto& [of, minimum] : minimums)
      text += StrCat("{ issuer = ", of.first, ", feed = ", of.second, ", min_svn = ", minimum, " },\n");
    text += "]\n";
    if (Has(c, "ledger-keys.json"))
      text += StrCat("ledger_keys = \"", PathIn(c, "ledger-keys.json").string(), "\"\n");
    return text;
  }
  // Genuine reports come with their certificates; of an endorsement alone, a simulated report says the measurement.
  Bytes ReportOf(const json& c) const {
    if (Has(c, "report.bin")) return File(c, "report.bin");
    for (const json& measurement :
         {c.value("measurement", json()), c["facts"].value("measurement", json())}) {
      if (measurement.is_string()) return Report(FromHex(measurement.get<std::string>()).value());
    }
    return Report();
  }
  Ask AskOf(const json& c) const {
    const Bytes report = ReportOf(c);
    const fs::path dir = files / c["dir"].get<std::string>();
    json request = {{"evidence", Base64(report)}, {"endorsements", json::array()}};
    if (Has(c, "report.bin")) {
      fs::copy(PathIn(c, ""), dir);
      request["endorsements"].push_back(AsText(File(c, "chain.pem")));
    } else {
      sim::WriteEndorsements(dir, amd, platform_);
      if (Has(c, "reference-info.cose"))
        sim::WriteFile(dir / "reference-info.cose", File(c, "reference-info.cose"));
      for (const Bytes& certificate : amd.Endorsements(platform_).certificates)
        request["endorsements"].push_back(Base64(certificate));
    }
    AddMembers(c,
               {{"reference-info.cose", "uvm_endorsement"},
                {"security-policy.rego", "security_policy"},
                {"runtime-data.bin", "runtime_data"}},
               request);
    Ask ask = {std::string(AsText(report)), {"--collateral", dir.string()}, request};
    if (Has(c, "runtime-data.bin"))
      ask.options.insert(ask.options.end(), {"--runtime-data", PathIn(c, "runtime-data.bin").string()});
    return ask;
  }
};

std::string OurName(const json& c) {
  const std::string name = ReferenceOf(c);
  if (c["name"] == "uvm/ccf-test-ca") return "uvm.chain";    // docs/DEVIATIONS.md
  if (c["name"] == "edit/other-chip") return "snp.chip_id";  // which differs, too: the earlier check
  if (name.empty() || name.starts_with("snp.")) return name;
  if (name == "policy_digest") return "aci.policy";
  if (name == "runtime_data") return "report_data.mismatch";
  if (name == "issuer" || name == "feed") return "policy.uvm." + name;
  if (name == "svn") return "policy.uvm.min_svn";
  if (name.starts_with("receipt.")) return "uvm.receipt_" + name.substr(8);
  return "uvm." + name;
}

TEST_F(ContainersCorpus, EveryCaseByTheCommandLineAndByHttp) {
  json cases = CasesOf("containers");
  if (cases.empty()) GTEST_SKIP() << "no corpus";
  std::string policies;
  for (const json& c : cases) {
    if (c.contains("accepted")) policies += PolicyOf(c);
  }
  Configure(policies, {files.Write("arks.pem", std::string_view(amd.ArksPem()))});
  for (const json& c : cases) {
    if (!c.contains("accepted")) continue;
    SCOPED_TRACE(c["name"].get<std::string>());
    for (const auto& [way, answer] : BothWays(c, AskOf(c)))
      EXPECT_EQ(FailsOn(answer, "uvm."), OurName(c)) << way << answer.dump(1);
  }
}

// A request to Azure Attestation, as it is.
TEST_F(ContainersCorpus, ARequestToMaaIsTakenWhole) {
  if (CasesOf("containers").empty()) GTEST_SKIP() << "no corpus";
  const std::string policy = files.Write(
      "maa.toml",
      std::string_view(
          "[policy.default]\namd_crl = \"if_available\"\namd_floor = "
          "\"if_known\"\n[policy.default.uvm]\nrequired = true\n[baseline.default]\namd = \"\"\n"));
  fs::create_directories(files / "nothing");
  const auto run = test::RunThimble({"verify", (corpus_ / "maa-request" / "request.json").string(), "--at",
                                     "2026-03-15T00:00:00Z", "--json", "--policy", policy, "--collateral",
                                     files / "nothing"});
  const json result = json::parse(run.out, nullptr, false);
  ASSERT_TRUE(result.is_object()) << run.out << run.err;
  EXPECT_EQ(FailsOn(result, "uvm."), "") << run.out;
  EXPECT_EQ(result["authentic"], true) << run.out;
  EXPECT_EQ(result["claims"]["uvm"]["svn"], 103);
}

}  // namespace
}  // namespace thimble
