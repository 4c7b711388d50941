// SPDX-License-Identifier: Apache-2.0
//
// The real binary: exit codes, and what goes to stdout.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/base/text.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"
#include "tests/support/sim_files.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::ProcessResult;
using test::RunThimble;

class CliTest : public testing::Test {
 protected:
  CliTest() {
    const sim::QuoteOptions options{.tdx = true};
    quote_ = w_.files.Write("quote.bin", w_.intel.Quote(options));
    collateral_ = w_.files / "collateral";
    sim::WriteCollateral(collateral_, w_.intel.CollateralFor(options));
    root_ = w_.files / "root.pem";
  }

  // `thimble verify QUOTE --json` with the simulated world's collateral, at its time.
  ProcessResult Verify(const std::string& quote, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"verify", quote,  "--collateral",           collateral_, "--anchor",
                                       root_,    "--at", FormatRfc3339(sim::kNow), "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunThimble(arguments);
  }
  // Exactly one JSON object, and a line end.
  static json OneObject(const ProcessResult& result) {
    EXPECT_TRUE(result.out.ends_with("}\n")) << result.out;
    const json object = json::parse(result.out, nullptr, false);
    EXPECT_TRUE(object.is_object()) << result.out;
    return object;
  }

  test::World w_;
  std::string quote_, collateral_, root_;
};

TEST_F(CliTest, Exits0WhenItAccepts) {
  const ProcessResult result = Verify(quote_);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(OneObject(result)["decision"], "accept");
  EXPECT_EQ(result.err, "");
}

TEST_F(CliTest, Exits1WhenItRejects) {
  Bytes forged = w_.intel.Quote({.tdx = true});
  forged.at(sim::LocateQuote(forged).signature) ^= 1;
  const ProcessResult result = Verify(w_.files.Write("forged.bin", forged));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(OneObject(result)["decision"], "reject");
  const ProcessResult refused = Verify(quote_, {"--report-data", "01"});
  EXPECT_EQ(refused.exit_code, 1);
}

TEST_F(CliTest, Exits2WhenTheCommandIsWrong) {
  const std::vector<std::string> wrongs[] = {
      {},
      {"nothing"},
      {"verify"},
      {"verify", w_.files / "none.bin", "--json"},
      {"verify", quote_, "--collateral", w_.files / "none", "--json"},
      {"verify", quote_, "--collateral", collateral_, "--at", "now", "--json"},
      {"verify", quote_, "--collateral", collateral_, "--report-data", "0", "--json"},
      {"verify", quote_, "--collateral", collateral_, "--anchor", w_.files / "none.pem", "--json"},
      {"verify", quote_, "--collateral", collateral_, "--policy", quote_, "--json"},
      {"verify", quote_, "--collateral", collateral_, "--server", "http://127.0.0.1:1", "--json"},
      {"verify", quote_, "--server", "127.0.0.1:1", "--json"},
      {"inspect"},
      {"fetch", "--json"},
      {"fetch", "--fmspc", "12", "--json"},
      {"status", "--server", "nowhere", "--json"},
      {"serve", "--listen", "8081"},
      {"serve", "--frozen-time", "noon", "--ephemeral"},
      {"serve", "--ephemeral", "--data", w_.files / "d"},
      {"check-config", quote_},
      {"version", "--unknown"},
  };
  for (const auto& arguments : wrongs) {
    std::string line;
    for (const std::string& word : arguments) line += word + " ";
    const ProcessResult result = RunThimble(arguments);
    EXPECT_EQ(result.exit_code, 2) << line << result.out << result.err;
    if (arguments.empty() || arguments.back() != "--json") {
      EXPECT_EQ(result.out, "") << line;
      EXPECT_NE(result.err, "") << line;
    } else {
      EXPECT_EQ(OneObject(result)["check"], "request.invalid") << line;
    }
  }
}

TEST_F(CliTest, Exits3WithAProblemWhenCollateralIsMissing) {
  std::filesystem::remove(std::filesystem::path(collateral_) / "qe_identity.json");
  const ProcessResult result = Verify(quote_);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(OneObject(result)["check"], "collateral.missing");
}

TEST_F(CliTest, Exits4WithAProblemWhenTheInputCannotBeDecoded) {
  Bytes cut = w_.intel.Quote({.tdx = true});
  cut.pop_back();
  const ProcessResult evidence = Verify(w_.files.Write("cut.bin", cut));
  EXPECT_EQ(evidence.exit_code, 4);
  EXPECT_EQ(OneObject(evidence)["check"], "quote.format");
  w_.files.Write("collateral/qe_identity.json", "{}");
  const ProcessResult collateral = Verify(quote_);
  EXPECT_EQ(collateral.exit_code, 4);
  EXPECT_EQ(OneObject(collateral)["check"], "collateral.malformed");
}

TEST_F(CliTest, JudgesForgedEvidenceEvenWithoutCollateral) {
  Bytes forged = w_.intel.Quote({.tdx = true});
  forged.at(sim::LocateQuote(forged).signature) ^= 1;
  const std::string path = w_.files.Write("forged.bin", forged);
  std::filesystem::remove(std::filesystem::path(collateral_) / "tcb_info.json");
  EXPECT_EQ(Verify(path).exit_code, 1);
}

TEST_F(CliTest, ExplainsForPeople) {
  const ProcessResult result = RunThimble(
      {"verify", quote_, "--collateral", collateral_, "--anchor", root_, "--at", FormatRfc3339(sim::kNow)});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(result.out.starts_with("ACCEPT  UpToDate; policy default, about 2026-06-01T00:00:00Z\n"))
      << result.out;
  EXPECT_NE(result.out.find("\nrests on\n  judged by this process, thimble "), std::string::npos)
      << result.out;
  EXPECT_EQ(result.out.find('\x1b'), std::string::npos) << "no colour into a pipe";
}

TEST_F(CliTest, ReadsPolicyFiles) {
  const std::string policy = w_.files.Write(
      "policy.toml", "[policy.default]\nmin_tcb_evaluation = 18\n[baseline.default]\namd = \"\"\n");
  const ProcessResult result = Verify(quote_, {"--policy", policy});
  EXPECT_EQ(result.exit_code, 1);
  const json object = OneObject(result);
  for (const json& rule : object["policy"]["rules"])
    EXPECT_EQ(rule["ok"], rule["rule"] != "min_tcb_evaluation");
}

TEST_F(CliTest, FetchesWhatItNeedsWhenNoneIsGiven) {
  // The quote is good now and in the simulated world's own time; here it is now, and its collateral is not.
  const sim::SimIntel now = w_.intel.At(std::chrono::floor<Seconds>(std::chrono::system_clock::now()));
  w_.vendor.SetNow(now.now());
  const ProcessResult result =
      RunThimble({"verify", quote_, "--pcs-url", w_.vendor.PcsUrl(), "--anchor", root_, "--json"});
  EXPECT_NE(result.exit_code, 2) << result.err;
  EXPECT_NE(result.exit_code, 4) << result.err;
  OneObject(result);
  EXPECT_GT(w_.vendor.Count(), 0u);
}

TEST_F(CliTest, InspectsEveryKindOfFile) {
  const std::pair<std::string, const char*> files[] = {
      {quote_, "quote"},
      {w_.files / "collateral/tcb_info.json", "tcb_info"},
      {w_.files / "collateral/qe_identity.json", "enclave_identity"},
      {w_.files / "collateral/pck_crl.der", "crl"},
      {w_.files / "collateral/tcb_info_chain.pem", "certificates"},
      {root_, "certificates"},
      {w_.files.Write("numbers.json", w_.intel.EvaluationNumbers(IntelTee::kTdx)), "evaluation_numbers"},
  };
  std::vector<std::string> all{"inspect", "--json"};
  for (const auto& [path, kind] : files) {
    all.push_back(path);
    const ProcessResult text = RunThimble({"inspect", path});
    EXPECT_EQ(text.exit_code, 0) << path << text.err;
    EXPECT_NE(text.out.find(StrCat("kind: ", kind, "\n")), std::string::npos) << text.out;
  }
  const json object = OneObject(RunThimble(all));
  ASSERT_EQ(object["files"].size(), std::size(files));
  for (size_t i = 0; i < std::size(files); ++i) EXPECT_EQ(object["files"][i]["kind"], files[i].second);
  EXPECT_EQ(object["files"][0]["claims"]["tee_tcb_svn"], "06010300000000000000000000000000");
  EXPECT_EQ(object["files"][0]["platform"]["fmspc"], "00806f050000");

  const ProcessResult unknown = RunThimble({"inspect", "--json", w_.files.Write("noise", "noise")});
  EXPECT_EQ(unknown.exit_code, 4);
  EXPECT_EQ(OneObject(unknown)["check"], "evidence.format");
}

TEST_F(CliTest, ChecksConfigurations) {
  const ProcessResult good =
      RunThimble({"check-config", w_.files.Write("good.toml", "[server]\nlisten = \"127.0.0.1:0\"\n")});
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_TRUE(good.out.ends_with("good.toml: ok\n"));
  const ProcessResult bad = RunThimble({"check-config", w_.files.Write("bad.toml", "\n[sever]\n")});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_NE(bad.err.find("bad.toml:2: unknown section: sever"), std::string::npos) << bad.err;
  EXPECT_EQ(RunThimble({"check-config", w_.files.Write("a.toml", "[server]\nanchors = [\"none.pem\"]\n")})
                .exit_code,
            2);
}

TEST_F(CliTest, SaysItsVersionAndHowItIsUsed) {
  EXPECT_TRUE(RunThimble({"version"}).out.starts_with("thimble "));
  const ProcessResult help = RunThimble({"verify", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.out.find("--collateral"), std::string::npos);
}

class ServeTest : public CliTest {
 protected:
  std::vector<std::string> Arguments(std::vector<std::string> more) {
    std::vector<std::string> arguments{"--listen", "127.0.0.1:0", "--pcs-url",     w_.vendor.PcsUrl(),
                                       "--anchor", root_,         "--frozen-time", FormatRfc3339(sim::kNow)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
};

TEST_F(ServeTest, VerifiesForTheCommandLine) {
  test::ServeProcess server(Arguments({"--ephemeral"}));
  ASSERT_NE(server.address(), "");
  const ProcessResult good = RunThimble({"verify", quote_, "--server", server.address(), "--json"});
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  EXPECT_EQ(OneObject(good)["evaluation"]["baseline"], "default");
  const ProcessResult text =
      RunThimble({"verify", quote_, "--server", server.address(), "--report-data", "01"});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_NE(text.out.find("report_data.mismatch"), std::string::npos);
  const ProcessResult malformed =
      RunThimble({"verify", w_.files.Write("zeros", Bytes(100, 0)), "--server", server.address(), "--json"});
  EXPECT_EQ(malformed.exit_code, 4);
  EXPECT_EQ(OneObject(malformed)["check"], "evidence.format");
  const std::string before = FormatRfc3339(sim::kNow - Seconds(86400 * 400));
  const ProcessResult past =
      RunThimble({"verify", quote_, "--server", server.address(), "--at", before, "--json"});
  EXPECT_EQ(past.exit_code, 3);
  EXPECT_EQ(OneObject(past)["check"], "collateral.missing");
  EXPECT_EQ(server.Terminate(), 0);
  const ProcessResult gone = RunThimble({"verify", quote_, "--server", server.address(), "--json"});
  EXPECT_EQ(gone.exit_code, 3);
  EXPECT_EQ(OneObject(gone)["check"], "upstream.unreachable");
}

// Whoever lacks a role has made a wrong request: the same exit code for every command.
TEST_F(ServeTest, AMissingRoleIsExit2ForEveryCommand) {
  std::string roles;
  for (const char* const role : {"read", "verify", "register", "admin"})
    roles += StrCat("[[role]]\nname = \"", role, "\"\ntoken_sha512 = \"", std::string(128, 'a'), "\"\n");
  test::ServeProcess server(Arguments({"--ephemeral", "--config", w_.files.Write("roles.toml", roles)}));
  ASSERT_NE(server.address(), "");
  const std::vector<std::string> commands[] = {
      {"status"},
      {"refresh"},
      {"baseline"},
      {"baseline", "promote"},
      {"impact"},
      {"export", w_.files / "file"},
      {"import", quote_},
      {"backup", "a"},
      {"fetch", "--fmspc", sim::kServerFmspc},
      {"verify", quote_},
  };
  for (std::vector<std::string> arguments : commands) {
    arguments.insert(arguments.end(), {"--server", server.address()});
    const ProcessResult result = RunThimble(arguments);
    EXPECT_EQ(result.exit_code, 2) << arguments.front() << result.out << result.err;
    EXPECT_EQ(result.out, "") << arguments.front();
    EXPECT_NE(result.err.find("401"), std::string::npos) << arguments.front() << result.err;
  }
}

TEST_F(ServeTest, IsReachedThroughItsSocketAndLeavesItsStore) {
  const std::string data = w_.files / "data";
  {
    test::ServeProcess server(Arguments({"--data", data}));
    ASSERT_NE(server.address(), "");
    const ProcessResult fetched =
        RunThimble({"fetch", "--quote", quote_, "--anchor", root_, "--data", data, "--json"});
    EXPECT_EQ(fetched.exit_code, 0) << fetched.out << fetched.err;
    EXPECT_EQ(OneObject(fetched)["items"].size(), 4u);
    const ProcessResult status = RunThimble({"status", "--server", server.address(), "--json"});
    EXPECT_EQ(OneObject(status)["items"].size(), 4u);
    const ProcessResult second = RunThimble({"serve", "--listen", "127.0.0.1:0", "--data", data});
    EXPECT_EQ(second.exit_code, 3);  // the store admits one process
    EXPECT_EQ(server.Terminate(), 0);
  }
  const ProcessResult status = RunThimble({"status", "--all", "--data", data, "--anchor", root_});
  EXPECT_EQ(status.exit_code, 0) << status.err;
  EXPECT_NE(status.out.find("no server runs on it"), std::string::npos) << status.out;
  const ProcessResult one =
      RunThimble({"status", "--item", "intel/crl/root", "--data", data, "--anchor", root_, "--json"});
  EXPECT_EQ(OneObject(one)["items"].size(), 1u);
  EXPECT_EQ(RunThimble({"status", "--item", "intel/none", "--data", data, "--anchor", root_}).exit_code, 2);
  EXPECT_NE(status.out.find("intel/crl/root"), std::string::npos) << status.out;
}

// Nobody listens at port 1.
TEST_F(ServeTest, AnEmptyStoreWithDeadUpstreamsIsSaidToBeSo) {
  const std::string config = w_.files.Write(
      "dead.toml", StrCat("[server]\nlisten = \"127.0.0.1:0\"\n[cache]\ndata = \"", w_.files / "data",
                          "\"\n[[intel.upstream]]\nurl = \"http://127.0.0.1:1/sgx/certification/v4/\"\n"
                          "[[amd.upstream]]\nurl = \"http://127.0.0.1:1\"\n"));
  const test::ServeProcess server({"--config", config});
  ASSERT_NE(server.address(), "");
  const ProcessResult status = RunThimble({"status", "--config", config});
  EXPECT_EQ(status.exit_code, 3) << status.out << status.err;
  EXPECT_NE(status.out.find("NOTHING TO SERVE"), std::string::npos) << status.out;
}

TEST_F(ServeTest, FetchesAPlatformThatHasNoTdx) {
  test::ServeProcess server(Arguments({"--ephemeral"}));
  const ProcessResult client =
      RunThimble({"fetch", "--fmspc", sim::kClientFmspc, "--server", server.address(), "--json"});
  EXPECT_EQ(client.exit_code, 0) << client.out << client.err;
  EXPECT_EQ(OneObject(client)["items"].size(), 6u);
  const ProcessResult unknown =
      RunThimble({"fetch", "--fmspc", "112233445566", "--server", server.address(), "--json"});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_EQ(OneObject(unknown)["check"], "upstream.not_found");
}

TEST_F(ServeTest, FetchesNothingForAForgedQuote) {
  Bytes forged = w_.intel.Quote({.tdx = true});
  forged.at(sim::LocateQuote(forged).signature) ^= 1;
  const ProcessResult result =
      RunThimble({"fetch", "--quote", w_.files.Write("forged.bin", forged), "--anchor", root_, "--pcs-url",
                  w_.vendor.PcsUrl(), "--data", w_.files / "d", "--json"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(w_.vendor.Count(), 0u);
}

}  // namespace
}  // namespace thimble
