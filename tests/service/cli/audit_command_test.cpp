// SPDX-License-Identifier: Apache-2.0
//
// `thimble audit show`, `find` and `repeat` on the trail and the store of a server that ran.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tests/service/testing/amd_world.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/raw_http.h"
#include "tests/service/testing/world.h"
#include "tests/support/sim_uvm.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::ProcessResult;
using test::RunThimble;

class AuditCommand : public testing::Test {
 protected:
  // A server with a policy of its own decides once, and ends.
  AuditCommand() {
    quote_ = w_.intel.Quote({.tdx = true});
    file_ = w_.files.Write("quote.bin", quote_);
    const std::string upstream =
        StrCat("[[intel.upstream]]\nurl = \"", w_.vendor.PcsUrl(), "\"\n[amd]\nupstream = []\n");
    const std::string common = StrCat("[server]\nlisten = \"127.0.0.1:0\"\nanchors = [\"",
                                      w_.files.Write("root.pem", w_.intel.RootPem()),
                                      "\"]\n[cache]\ndata = \"", w_.files / "data", "\"\n", upstream);
    then_ = w_.files.Write("then.toml", StrCat(common, "[policy.default]\nmin_tcb_evaluation = 12\n"));
    now_ = w_.files.Write("now.toml", StrCat(common, "[policy.default]\nmin_tcb_evaluation = 99\n"));
    test::ServeProcess server({"--config", then_, "--frozen-time", FormatRfc3339(sim::kNow)});
    const std::string port = server.address().substr(server.address().rfind(':') + 1);
    const auto answer = test::Post(static_cast<uint16_t>(std::stoi(port)), "/v1/verify",
                                   "application/octet-stream", AsText(quote_));
    decision_ = json::parse(answer.body, nullptr, false);
    EXPECT_EQ(server.Terminate(), 0);
  }
  ProcessResult Audit(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "audit");
    arguments.insert(arguments.end(), {"--config", now_});
    return RunThimble(arguments);
  }
  std::string Seq() {
    const ProcessResult found = Audit({"find", "--kind", "decision", "--evidence", file_});
    EXPECT_EQ(found.exit_code, 0) << found.err;
    return std::to_string(json::parse(found.out)["seq"].get<int>());
  }

  test::World w_;
  Bytes quote_;
  std::string file_, then_, now_;
  json decision_;
};

TEST_F(AuditCommand, FindsAndShows) {
  ASSERT_EQ(decision_["decision"], "accept") << decision_.dump(1);
  const std::string seq = Seq();
  const ProcessResult shown = Audit({"show", seq});
  EXPECT_NE(shown.out.find(Sha256(quote_).hex()), std::string::npos) << shown.out;
  EXPECT_EQ(json::parse(Audit({"show", seq, "--json"}).out)["kind"], "decision");
  EXPECT_EQ(Audit({"show", "4000000"}).exit_code, 2);
  EXPECT_EQ(Audit({"find", "--decision", "reject"}).exit_code, 1) << "there is none";
}

// Without the anchor that the server had, anything would differ: which one is missing is what there is to say.
TEST_F(AuditCommand, RepeatsNothingWithoutTheAnchorOfThen) {
  const std::string text = StrCat("[cache]\ndata = \"", w_.files / "data", "\"\n");
  const std::string bare = w_.files.Write("bare.toml", text);
  const ProcessResult missing = RunThimble({"audit", "repeat", Seq(), file_, "--config", bare});
  EXPECT_EQ(missing.exit_code, 2) << missing.out;
  EXPECT_NE(missing.err.find("server.anchors"), std::string::npos) << missing.err;
  EXPECT_EQ(missing.out.find("DIFFERS"), std::string::npos) << missing.out;
}

TEST_F(AuditCommand, ChecksTheTrailsOfSeveralReplicas) {
  const std::string one = w_.files / "data/audit", other = w_.files / "other";
  std::filesystem::copy(one, other);
  const ProcessResult both = RunThimble({"audit", "check", one, other, "--json"});
  ASSERT_EQ(both.exit_code, 0) << both.err;
  const json trails = json::parse(both.out)["trails"];
  ASSERT_EQ(trails.size(), 2u);
  EXPECT_EQ(trails[1]["path"], other);
  EXPECT_EQ(trails[0]["head"], trails[1]["head"]);
  EXPECT_NE(RunThimble({"audit", "check", one, other}).out.find(other), std::string::npos);
  const std::string file = std::filesystem::directory_iterator(other)->path();
  std::fstream(file) << "{\"seq\":7";  // over the beginning of the first record
  const ProcessResult damaged = RunThimble({"audit", "check", one, other});
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_NE(damaged.err.find(file), std::string::npos) << damaged.err;
}

// By the policy of then, which no configuration has any more.
TEST_F(AuditCommand, RepeatsADecisionByTheRulesOfThen) {
  const ProcessResult same = Audit({"repeat", Seq(), file_, "--json"});
  EXPECT_EQ(same.exit_code, 0) << same.out << same.err;
  EXPECT_EQ(json::parse(same.out)["same"], true) << same.out;
  const ProcessResult other = Audit({"repeat", Seq(), w_.files.Write("other.bin", w_.intel.Quote())});
  EXPECT_EQ(other.exit_code, 2) << "another quote than the record is about";
  const std::string id = json::parse(Audit({"show", Seq(), "--json"}).out)["request"];
  EXPECT_EQ(Audit({"repeat", "--request", id, file_}).exit_code, 0) << "by its request";
  EXPECT_EQ(Audit({"repeat", "--request", "none", file_}).exit_code, 2);
  EXPECT_EQ(Audit({"repeat", file_}).exit_code, 2) << "no record is named";
  const ProcessResult none = Audit({"repeat", "1", file_});
  EXPECT_EQ(none.exit_code, 2) << "record 1 is no decision";
}

// What a container brought has to be brought again: the trail has the digests alone.
TEST(AuditCommandOfContainers, RepeatsWithTheEndorsementAndThePolicyOfThen) {
  test::AmdWorld w;
  const sim::SimUvm uvm = sim::SimUvm::Make();
  const std::string config = w.files.Write(
      "thimble.toml", StrCat("[server]\nlisten = \"127.0.0.1:0\"\nanchors = [\"",
                             w.files.Write("roots.pem", w.amd.ArksPem()), "\"]\n[cache]\ndata = \"",
                             w.files / "data", "\"\n[intel]\nupstream = []\n[[amd.upstream]]\nurl = \"",
                             w.vendor.BaseUrl(), "\"\n[policy.default.uvm]\naccepted = [{ issuer = \"",
                             uvm.Issuer(), "\", feed = \"ContainerPlat-AMD-UVM\", min_svn = 1 }]\n"));
  const Bytes policy = {'r', 'e', 'g', 'o'};
  sim::ReportSpec spec;
  spec.bend = [&](Bytes& report) {
    std::ranges::copy(sim::UvmSpec().measurement, report.begin() + 0x90);
    std::ranges::copy(Sha256(policy).view(), report.begin() + 0xc0);
  };
  const std::string report =
      w.files.Write("report.bin", w.amd.Report(sim::SnpPlatform::Of(amd::Product::kMilan), spec));
  const std::string endorsement = w.files.Write("uvm.cose", uvm.Endorsement());
  const std::string rego = w.files.Write("policy.rego", policy);
  const std::string encoded = w.files.Write("policy-base64", std::string_view(Base64(policy)));
  {
    test::ServeProcess server({"--config", config, "--frozen-time", FormatRfc3339(sim::kAmdNow)});
    const ProcessResult judged = RunThimble({"verify", report, "--server", server.address(), "--json",
                                             "--uvm-endorsement", endorsement, "--security-policy", encoded});
    EXPECT_EQ(judged.exit_code, 0) << judged.out << judged.err;
    EXPECT_EQ(json::parse(judged.out)["claims"]["security_policy_sha256"], Sha256(policy).hex());
    EXPECT_EQ(server.Terminate(), 0);
  }
  const ProcessResult found = RunThimble({"audit", "find", "--kind", "decision", "--config", config});
  const std::string seq = std::to_string(json::parse(found.out)["seq"].get<int>());
  const auto repeat = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"audit", "repeat", seq, report, "--config", config};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunThimble(arguments);
  };
  const ProcessResult same = repeat({"--uvm-endorsement", endorsement, "--security-policy", rego});
  EXPECT_EQ(same.exit_code, 0) << same.out << same.err;
  const ProcessResult less = repeat({"--uvm-endorsement", endorsement});
  EXPECT_EQ(less.exit_code, 2);
  EXPECT_NE(less.err.find("--security-policy"), std::string::npos) << less.err;
  EXPECT_EQ(repeat({"--uvm-endorsement", rego, "--security-policy", rego}).exit_code, 2) << "another";
}

}  // namespace
}  // namespace thimble
