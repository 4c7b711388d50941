// SPDX-License-Identifier: Apache-2.0
//
// A TCB recovery as an operator lives it: seen coming, its impact listed, promoted, and found again in the verdicts.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "service/baselines/impact_report.h"
#include "tcb/base/text.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"
#include "tests/support/sim_recovery.h"
#include "tests/tcb/amd/floor_world.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::RunThimble;

const std::vector<std::string> kFourShortfalls = {"sgx.00 3 of 4", "sgx.01 3 of 4", "tdx.02 3 of 4",
                                                  "tdx_module.isvsvn 7 of 11"};

std::vector<std::string> Shortfalls(const json& outcome) {
  std::vector<std::string> out;
  for (const json& s : outcome["shortfalls"]) {
    EXPECT_FALSE(s["update"].get<std::string>().empty());
    out.push_back(
        StrCat(s["component"].get<std::string>(), " ", s["have"].get<int>(), " of ", s["need"].get<int>()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest() { w_.vendor.BeginRecovery(); }
  json Verify(const Bytes& quote) {
    const auto answer = test::Post(w_.port(), "/v1/verify", "application/octet-stream", AsText(quote));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }
  json Ask(std::string method, std::string path, std::string body = "", int status = 200) {
    http::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.body = std::move(body);
    request.admin = true;
    const http::Response response = w_.app->Handle(request);
    EXPECT_EQ(response.status, status) << response.content->body();
    return json::parse(response.content->body());
  }

  test::World w_;
  const Bytes quote_ = w_.intel.Quote(sim::RecoveryQuote());
};

TEST_F(RecoveryTest, IsListedBeforeItsPromotionAndIsWhatVerdictsSayAfterIt) {
  w_.Start();
  for (int i = 0; i < 7; ++i) {
    const json before = Verify(quote_);
    ASSERT_EQ(before["decision"], "accept") << before.dump(1);
    EXPECT_EQ(before["evaluation"]["tcb_info"], 19);
  }

  const json tried = Ask("POST", "/v1/impact", R"({"intel": "20"})");
  EXPECT_EQ(tried["refused"], 7);
  EXPECT_EQ(tried["unchanged"], 0);
  ASSERT_EQ(tried["changes"].size(), 1u);
  const json& row = tried["changes"][0];
  EXPECT_EQ(row["platforms"]["fmspc"], "b0c06f000000");
  EXPECT_EQ(row["platforms"]["count"], 7);
  EXPECT_EQ(row["now"]["status"], "UpToDate");
  EXPECT_EQ(row["now"]["decision"], "accept");
  EXPECT_EQ(row["then"]["status"], "OutOfDate");
  EXPECT_EQ(row["then"]["decision"], "reject");
  EXPECT_EQ(row["then"]["refused_by"], json::parse(R"(["accepted_statuses"])"));
  EXPECT_EQ(Shortfalls(row["then"]), kFourShortfalls);
  EXPECT_EQ(tried["current"]["references"][0]["evaluation"], 19);
  EXPECT_EQ(tried["candidate"]["references"][0]["evaluation"], 20);

  Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "20"})");
  EXPECT_EQ(Ask("POST", "/v1/impact", "{}")["changes"], tried["changes"]) << "the candidate is what is tried";
  EXPECT_EQ(Ask("POST", "/v1/impact", R"({"intel": "early"})")["changes"], tried["changes"]);
  EXPECT_EQ(Verify(quote_)["decision"], "accept") << "nothing has changed yet";

  // The eighth came by after the study: the number is that of the promotion.
  const std::string promote = "/v1/baselines/default/promote";
  for (const char* accepted :
       {"", R"({"accept_refusals": 7})", R"({"accept_refusals": 9})", R"({"accept_refusals": "unknown"})"}) {
    const json declined = Ask("POST", promote, accepted, 409);
    EXPECT_EQ(declined["impact"]["refused"], 8);
    EXPECT_EQ(declined["impact"]["changes"][0]["platforms"]["fmspc"], "b0c06f000000");
    EXPECT_NE(declined["detail"].get<std::string>().find("of the sightings 8 would be refused"),
              std::string::npos);
  }
  EXPECT_EQ(Ask("GET", "/v1/baselines")["baselines"][0]["current"]["version"], 1);
  Ask("POST", promote, R"({"accept_refusals": 8})");
  const json after = Verify(quote_);
  EXPECT_EQ(after["decision"], "reject");
  EXPECT_EQ(after["authentic"], true);
  EXPECT_EQ(after["tcb_status"], "OutOfDate");
  EXPECT_EQ(Shortfalls(after), kFourShortfalls);
  EXPECT_EQ(
      after["evaluation"],
      json::parse(R"({"baseline": "default", "baseline_version": 2, "tcb_info": 20, "qe_identity": 20})"));

  Ask("POST", "/v1/baselines/default/rollback");
  EXPECT_EQ(Verify(quote_)["decision"], "accept");
}

TEST_F(RecoveryTest, IsSeenComing) {
  w_.Start();
  w_.app->recovery_watch().Check(sim::kNow);
  EXPECT_TRUE(w_.app->recovery_watch().Coming().empty());
  EXPECT_EQ(w_.vendor.Count(), 0u) << "no platform was seen, so nobody is asked";

  Verify(quote_);
  Verify(quote_);
  w_.app->recovery_watch().Check(sim::kNow);
  const ComingSet expected{IntelTee::kTdx, 20, 19, 2, 1, 0};
  EXPECT_EQ(w_.app->recovery_watch().Coming(), std::vector<ComingSet>{expected});
  EXPECT_EQ(Ask("GET", "/v1/status")["coming"],
            json::parse(R"([{"tee": "tdx", "evaluation": 20, "in_force": 19, "refused": 2, "changed_tcbs": 1,
                             "unjudged_tcbs": 0}])"));

  Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "20"})");
  Ask("POST", "/v1/baselines/default/promote", R"({"accept_refusals": 2})");
  EXPECT_FALSE(Ask("GET", "/v1/status").contains("coming"))
      << "what is in force is not coming, whatever the watch saw last";
  w_.app->recovery_watch().Check(sim::kNow);
  EXPECT_TRUE(w_.app->recovery_watch().Coming().empty()) << "it has come";
}

TEST_F(RecoveryTest, ReportsPlatformsThatCannotBeJudged) {
  w_.Start();
  Verify(quote_);
  w_.vendor.SetMode("404", "/tcb?");
  const json report = Ask("POST", "/v1/impact", R"({"intel": "20"})");
  EXPECT_TRUE(report["changes"].empty());
  EXPECT_EQ(report["refused"], 1) << "what cannot be judged counts as refused";
  ASSERT_EQ(report["unjudged"].size(), 1u);
  EXPECT_EQ(report["unjudged"][0]["then"]["reason"], "no TDX TCB info for FMSPC b0c06f000000");
  EXPECT_FALSE(report["unjudged"][0]["then"].contains("decision"));
  const auto text = ImpactText(report.dump());
  ASSERT_TRUE(text.ok()) << text.error().message;
  EXPECT_NE(text->text().find("not judged (no TDX TCB info"), std::string::npos) << text->text();
  EXPECT_NE(text->text().find("1 would be refused (1 of them cannot be judged), 0 admitted"),
            std::string::npos)
      << text->text();
}

// Of a set that there is not nothing is said but that, and which there are.
TEST_F(RecoveryTest, RefusesToStudyASetThatIntelDoesNotOffer) {
  w_.Start();
  EXPECT_EQ(Ask("POST", "/v1/impact", R"({"intel": "99"})")["refused"], "unknown") << "no list is held";
  EXPECT_FALSE(Ask("GET", "/v1/baselines").contains("intel_offers"));
  Verify(quote_);
  const json refused = Ask("POST", "/v1/impact", R"({"intel": "99"})", 400);
  EXPECT_NE(refused["detail"].get<std::string>().find("there is no evaluation data \"99\"; there are: TDX "),
            std::string::npos)
      << refused.dump(1);
  EXPECT_NE(refused["detail"].get<std::string>().find("19 (standard), 20"), std::string::npos)
      << refused.dump(1);
  const std::string offers = Ask("GET", "/v1/baselines")["intel_offers"];
  EXPECT_NE(offers.find("19 (standard), 20"), std::string::npos) << offers;
  const json staged = Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "99"})", 400);
  EXPECT_NE(staged["detail"].get<std::string>().find("; there are: "), std::string::npos) << staged.dump(1);
}

// The set exists, and leaves this platform out.
TEST_F(RecoveryTest, CountsWhatCannotBeJudgedAsRefused) {
  w_.Start();
  Verify(quote_);
  w_.vendor.SetMode("404", "/tcb?");
  Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "20"})");
  const json declined = Ask("POST", "/v1/baselines/default/promote", "", 409);
  EXPECT_EQ(declined["impact"]["refused"], 1);
  EXPECT_EQ(declined["impact"]["unjudged"].size(), 1u);
  Ask("POST", "/v1/baselines/default/promote", R"({"accept_refusals": 1})");
}

TEST_F(RecoveryTest, APromotionThatRefusesNothingNeedsNoNumber) {
  w_.Start();
  Verify(quote_);
  Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "19"})");
  const json declined = Ask("POST", "/v1/baselines/default/promote", R"({"accept_refusals": 1})", 409);
  EXPECT_EQ(declined["detail"],
            "accept_refusals is 1, but it would refuse nothing: promote it without, or with 0");
  EXPECT_EQ(Ask("POST", "/v1/baselines/default/promote")["current"]["version"], 2);
  Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "standard"})");
  Ask("POST", "/v1/baselines/default/promote", R"({"accept_refusals": 0})");
}

TEST_F(RecoveryTest, TriesAPolicyThatIsConfigured) {
  w_.config.policies["strict"] = BuiltInPolicy();
  w_.config.policies["strict"].id = "strict";
  w_.config.policies["strict"].min_tcb_evaluation = 20;
  w_.Start();
  Verify(quote_);
  const json report = Ask("POST", "/v1/impact", R"({"candidate_policy": "strict"})");
  EXPECT_EQ(report["refused"], 1);
  EXPECT_EQ(report["changes"][0]["then"]["refused_by"], json::parse(R"(["min_tcb_evaluation"])"));
  Ask("POST", "/v1/impact", R"({"candidate_policy": "none"})", 400);
  Ask("POST", "/v1/impact", R"({"policy": "none", "intel": "20"})", 400);
  Ask("POST", "/v1/impact", R"({"baseline": "none", "intel": "20"})", 400);
  Ask("POST", "/v1/impact", R"({"intel": "newest"})", 400);
  Ask("POST", "/v1/impact", R"({"unknown": 1})", 400);
  Ask("POST", "/v1/impact", "", 400);
  EXPECT_NE(Ask("POST", "/v1/impact", "{}", 400)["detail"].get<std::string>().find("has no candidate"),
            std::string::npos);
}

// The decisions of a repetition are no sightings, nor is forged evidence.
TEST_F(RecoveryTest, CountsSightingsOnly) {
  w_.Start();
  Verify(quote_);
  Bytes forged = quote_;
  forged.at(sim::LocateQuote(forged).signature) ^= 1;
  Verify(forged);
  const auto repeated = test::Post(w_.port(), StrCat("/v1/verify?at=", FormatRfc3339(sim::kNow)),
                                   "application/octet-stream", AsText(quote_));
  ASSERT_EQ(repeated.status, 200);
  const auto seen = w_.app->seen().All();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].count, 1u);
}

// AMD's: the floor is the reference, and a file of the operator's.
TEST_F(RecoveryTest, TriesAFloorFile) {
  const auto floor = [&](int snp) {
    amd::Json document = amd::SmallFloors();
    document["bulletins"] = amd::Json::array({document["bulletins"][0]});
    document["bulletins"][0]["require"]["G1"] = {
        {"min", {{{"snp", snp}, {"grade", "A"}, {"sources", {"amd"}}}}}};
    document["levels"] = amd::Json::object();
    document["name"] = StrCat("asks for ", snp);
    const std::string name = StrCat("floors", snp, ".json");
    w_.files.Write(name, std::string_view(document.dump()));
    return name;
  };
  w_.config.baselines.at("default").amd = w_.files / floor(23);
  w_.config.floors.directory = w_.files.path();
  w_.Start();
  AmdTcbRecord genoa;
  for (auto* tcb : {&genoa.reported, &genoa.committed, &genoa.current, &genoa.launch}) {
    tcb->product = amd::Product::kGenoa;
    tcb->snp = 23;
  }
  genoa.cpuid = amd::CpuId{0x19, 0x11, 1};
  w_.app->seen().Record(genoa, sim::kNow);

  const json report = Ask("POST", "/v1/impact", json{{"amd", floor(24)}}.dump());
  EXPECT_EQ(report["refused"], 1) << report.dump(1);
  EXPECT_EQ(Shortfalls(report["changes"][0]["then"]), std::vector<std::string>{"snp.snp 23 of 24"});
  EXPECT_EQ(Ask("POST", "/v1/impact", json{{"amd", floor(22)}}.dump())["unchanged"], 1);

  Ask("POST", "/v1/impact", json{{"amd", "none.json"}}.dump(), 400);
  w_.files.Write("junk.json", std::string_view("{}"));
  Ask("PUT", "/v1/baselines/default/candidate", json{{"amd", "junk.json"}}.dump(), 400);
  Ask("PUT", "/v1/baselines/default/candidate", json{{"amd", floor(24)}}.dump());
  EXPECT_EQ(Ask("POST", "/v1/impact", "{}")["changes"], report["changes"]);
}

// A request names a file of the configured directory, and never says where one is: not even a good one in that directory.
TEST_F(RecoveryTest, TakesNoPathOfAFloorFile) {
  w_.files.Write("good.json", std::string_view(amd::SmallFloors().dump()));
  w_.config.floors.directory = w_.files.path();
  w_.Start();
  const auto ask = [this](const std::string& amd, int status) {
    const std::string body = json{{"amd", amd}}.dump();
    Ask("POST", "/v1/impact", body, status);
    Ask("PUT", "/v1/baselines/default/candidate", body, status);
  };
  ask("good.json", 200);
  for (const std::string& path :
       {w_.files / "good.json", std::string("./good.json"), std::string("../good.json"), std::string(".."),
        std::string("x/../good.json"), std::string("/dev/zero"), std::string("good.json\0", 10),
        std::string(".hidden"), std::string("good json"), std::string(129, 'a')}) {
    ask(path, 400);
  }
  w_.Stop();
  w_.config.floors.directory.clear();
  w_.Start();
  ask("good.json", 400);
}

TEST_F(RecoveryTest, IsDoneFromTheCommandLine) {
  const std::string data = w_.files / "data", quote = w_.files.Write("quote.bin", quote_);
  const std::vector<std::string> serve{
      "--listen",      "127.0.0.1:0",           "--data",   data,
      "--pcs-url",     w_.vendor.PcsUrl(),      "--anchor", w_.files / "root.pem",
      "--frozen-time", FormatRfc3339(sim::kNow)};
  {
    test::ServeProcess server(serve);
    ASSERT_NE(server.address(), "");
    EXPECT_EQ(RunThimble({"verify", quote, "--server", server.address()}).exit_code, 0);
    EXPECT_EQ(server.Terminate(), 0);
  }
  test::ServeProcess server(serve);
  ASSERT_NE(server.address(), "");
  const auto impact = RunThimble({"impact", "--data", data, "--intel", "20", "--json"});
  ASSERT_EQ(impact.exit_code, 1) << impact.err;
  EXPECT_EQ(json::parse(impact.out)["refused"], 1) << "what was seen outlives the process";
  EXPECT_EQ(Shortfalls(json::parse(impact.out)["changes"][0]["then"]), kFourShortfalls);
  const auto text = RunThimble({"impact", "--data", data, "--intel", "20"});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_NE(text.out.find("tdx_module.isvsvn: is 7, needs 11, raised by: "), std::string::npos) << text.out;
  EXPECT_EQ(RunThimble({"impact", "--data", data, "--intel", "19"}).exit_code, 0) << "nothing is refused";

  EXPECT_EQ(RunThimble({"baseline", "promote", "--data", data}).exit_code, 2) << "nothing is staged";
  EXPECT_EQ(RunThimble({"baseline", "candidate", "--intel", "99", "--data", data}).exit_code, 2);
  EXPECT_EQ(RunThimble({"baseline", "candidate", "--intel", "20", "--data", data}).exit_code, 0);
  for (const char* const wrong : {"0", "2", "unknown"}) {
    const auto declined = RunThimble({"baseline", "promote", "--accept-refusals", wrong, "--data", data});
    EXPECT_EQ(declined.exit_code, 1) << wrong;
    EXPECT_NE(declined.out.find("tdx_module.isvsvn: is 7, needs 11"), std::string::npos) << declined.out;
    EXPECT_NE(declined.err.find("--accept-refusals) 1 "), std::string::npos) << declined.err;
  }
  const auto declined = RunThimble({"baseline", "promote", "--data", data, "--json"});
  EXPECT_EQ(declined.exit_code, 1);
  EXPECT_EQ(json::parse(declined.out)["impact"]["refused"], 1);
  EXPECT_EQ(RunThimble({"baseline", "promote", "--accept-refusals", "all", "--data", data}).exit_code, 2);
  const auto promoted =
      RunThimble({"baseline", "promote", "default", "--accept-refusals", "1", "--data", data, "--json"});
  ASSERT_EQ(promoted.exit_code, 0) << promoted.err;
  EXPECT_EQ(json::parse(promoted.out)["current"]["version"], 2);
  EXPECT_EQ(RunThimble({"verify", quote, "--server", server.address()}).exit_code, 1);
  EXPECT_EQ(server.Terminate(), 0);

  const auto list = RunThimble({"baseline", "--data", data});  // no server any more: the store itself
  EXPECT_NE(list.out.find("version 2: intel \"20\""), std::string::npos) << list.out << list.err;
  EXPECT_EQ(RunThimble({"baseline", "rollback", "--data", data}).exit_code, 0);

  const auto audit = RunThimble({"audit", "check", data + "/audit", "--json"});
  ASSERT_EQ(audit.exit_code, 0) << audit.err;
  const json summary = json::parse(audit.out);
  EXPECT_EQ(summary["from_start"], true);
  EXPECT_GE(summary["records"], 8);
  EXPECT_EQ(RunThimble({"audit", "check", data + "/audit", "--contains", summary["head"]}).exit_code, 0);
  EXPECT_EQ(RunThimble({"audit", "check", data + "/audit", "--contains", std::string(64, '0')}).exit_code, 1);
  EXPECT_EQ(RunThimble({"audit", "check", data}).exit_code, 2);
}

}  // namespace
}  // namespace thimble
