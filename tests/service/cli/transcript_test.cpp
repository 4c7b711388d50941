// SPDX-License-Identifier: Apache-2.0
//
// The first hour, as the README shows it: a fresh `init`, HTTPS with roles, and then every command over --server, over
// the environment, and by client.toml.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tcb/base/bytes.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"
#include "tests/support/sim_files.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::ProcessResult;
using test::RunThimble;
using test::ServeProcess;

using Words = std::vector<std::string>;

Words With(Words left, const Words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

std::string Text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class Transcript : public testing::Test {
 protected:
  Transcript() {
    ::setenv("XDG_CONFIG_HOME", (w_.files / "none").c_str(), 1);
    const ProcessResult made = RunThimble({"init", dir_, "--host", "localhost"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    server_ = std::make_unique<ServeProcess>(
        Words{"--config", dir_ + "/thimble.toml", "--listen", "127.0.0.1:0", "--pcs-url", w_.vendor.PcsUrl(),
              "--anchor", w_.files / "root.pem", "--frozen-time", FormatRfc3339(sim::kNow)});
    EXPECT_TRUE(server_->address().starts_with("https://")) << server_->address();
    url_ = "https://localhost" + server_->address().substr(server_->address().rfind(':'));
    quote_ = w_.files.Write("evidence/quote.bin", w_.intel.Quote({.tdx = true}));
  }
  ~Transcript() override {
    for (const char* const name : {"XDG_CONFIG_HOME", "THIMBLE_SERVER", "THIMBLE_CA", "THIMBLE_TOKEN_FILE"})
      ::unsetenv(name);
  }
  Words ByLine() const {
    return {"--server", url_, "--ca", dir_ + "/ca.pem", "--token-file", dir_ + "/admin.token"};
  }
  // client.toml as `init` made it, with the port that the server took.
  void Configure() {
    const std::filesystem::path home = w_.files / "home/thimble";
    std::filesystem::create_directories(home);
    for (const char* const file : {"ca.pem", "admin.token", "client.toml"})
      std::filesystem::copy_file(std::filesystem::path(dir_) / file, home / file);
    std::string text = Text(home / "client.toml");
    const std::string made = "https://localhost:8081";
    ASSERT_NE(text.find(made), std::string::npos) << text;
    std::ofstream(home / "client.toml") << text.replace(text.find(made), made.size(), url_);
    ::setenv("XDG_CONFIG_HOME", (w_.files / "home").c_str(), 1);
  }
  void Expect(int code, const Words& words) {
    const ProcessResult run = RunThimble(words);
    std::string line;
    for (const std::string& word : words) line += word + " ";
    EXPECT_EQ(run.exit_code, code) << line << "\n" << run.out << run.err;
  }

  // What the server says is for the baseline's tests; here, that it is asked, and takes us for the administrator.
  static void ExpectAnswer(const Words& words) {
    const ProcessResult run = RunThimble(words);
    const std::string all = run.out + run.err;
    EXPECT_NE(run.exit_code, 3) << words.front() << all;
    for (const char* const refusal : {"401", "403", "unreachable"})
      EXPECT_EQ(all.find(refusal), std::string::npos) << words.front() << all;
  }

  test::World w_;
  const std::string dir_ = w_.files / "thimble";
  const bool made_ = std::filesystem::create_directories(w_.files / "evidence");
  std::unique_ptr<ServeProcess> server_;
  std::string url_, quote_;
};

TEST_F(Transcript, EveryCommandTalksToTheServerThatInitMade) {
  const Words by_line = ByLine();
  Expect(0, With({"status", "--ready"}, by_line));
  Expect(0, With({"fetch", "--quote", quote_, "--anchor", w_.files / "root.pem"}, by_line));
  Expect(0, With({"fetch", "--fmspc", sim::kServerFmspc}, by_line));
  Expect(0, With({"status"}, by_line));
  Expect(0, With({"refresh"}, by_line));
  Expect(0, With({"verify", quote_}, by_line));
  Expect(0, With({"verify", quote_, "--policy", "default", "--baseline", "default", "--verbose"}, by_line));
  Expect(2, With({"verify", quote_, "--policy", "none"}, by_line));
  Expect(1, With({"verify", quote_, "--runtime-data", dir_ + "/ca.pem"}, by_line));
  Expect(0, With({"verify", "--each", w_.files / "evidence", "--json"}, by_line));
  Expect(0, With({"baseline"}, by_line));
  Expect(0, With({"baseline", "candidate", "--intel", "early"}, by_line));
  ExpectAnswer(With({"impact"}, by_line));
  ExpectAnswer(With({"baseline", "promote"}, by_line));
  ExpectAnswer(With({"baseline", "rollback"}, by_line));
  Expect(0, With({"export", w_.files / "bundle"}, by_line));
  Expect(0, With({"import", w_.files / "bundle"}, by_line));
  Expect(0, With({"backup", "monday"}, by_line));
  Expect(0, With({"result-key", "rotate"}, by_line));
  Expect(2, With({"platform", "forget", std::string(32, 'A')}, by_line));  // nobody has registered it
}

// Longer than any address may be; whatever the quote lies in.
TEST_F(Transcript, RuntimeDataOfAnyLengthReachesTheServer) {
  Expect(0, With({"fetch", "--quote", quote_, "--anchor", w_.files / "root.pem"}, ByLine()));
  const std::string data(200'000, 'd');
  const Bytes bound = w_.intel.Quote({.bend = [&](sim::QuoteSpec& quote) {
    const Digest256 digest = Sha256(AsBytes(data));
    quote.sgx.report_data = {};
    std::copy(digest.view().begin(), digest.view().end(), quote.sgx.report_data.begin());
  }});
  const std::string good = w_.files.Write("good", data), other = w_.files.Write("other", data + "d");
  const json container = {{"quote", HexLower(bound)}, {"event_log", "[]"}};
  for (const std::string& evidence :
       {w_.files.Write("bare.bin", bound), w_.files.Write("base64.txt", std::string_view(Base64(bound))),
        w_.files.Write("container.json", std::string_view(container.dump()))}) {
    Expect(0, With({"verify", evidence, "--runtime-data", good}, ByLine()));
    Expect(1, With({"verify", evidence, "--runtime-data", other}, ByLine()));
    const ProcessResult run = RunThimble(With({"verify", evidence, "--runtime-data", good}, ByLine()));
    EXPECT_NE(run.out.find(" (request "), std::string::npos)
        << "by which its audit trail has it: " << run.out;
  }
}

TEST_F(Transcript, ASignedResultIsAskedForAndChecked) {
  Expect(0, With({"fetch", "--quote", quote_, "--anchor", w_.files / "root.pem"}, ByLine()));
  const ProcessResult run = RunThimble(With({"verify", quote_, "--ear", "--json"}, ByLine()));
  ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_TRUE(json::parse(run.out).contains("ear")) << run.out;
  EXPECT_NE(run.err.find("judged by: the server at " + url_), std::string::npos) << run.err;
  const std::string file = w_.files.Write("result.json", run.out);
  Expect(0, With({"verify-result", file, "--at", FormatRfc3339(sim::kNow)}, ByLine()));
}

TEST_F(Transcript, WithoutItsRoleOrItsCaACommandSaysSo) {
  const ProcessResult bare = RunThimble({"refresh", "--server", url_, "--ca", dir_ + "/ca.pem"});
  EXPECT_EQ(bare.exit_code, 2);
  EXPECT_NE(bare.err.find("401"), std::string::npos) << bare.err;
  const ProcessResult stranger =
      RunThimble({"refresh", "--server", url_, "--token-file", dir_ + "/admin.token"});
  EXPECT_EQ(stranger.exit_code, 3);
  EXPECT_NE(stranger.err.find("is not of a CA that is known here: --ca ca.pem"), std::string::npos)
      << stranger.err;
}

TEST_F(Transcript, TheEnvironmentNamesTheServer) {
  ::setenv("THIMBLE_SERVER", url_.c_str(), 1);
  ::setenv("THIMBLE_CA", (dir_ + "/ca.pem").c_str(), 1);
  ::setenv("THIMBLE_TOKEN_FILE", (dir_ + "/admin.token").c_str(), 1);
  Expect(0, {"refresh"});
  const std::string said = test::SaidOnATerminal({"refresh"});
  EXPECT_NE(said.find("(by THIMBLE_SERVER)"), std::string::npos) << said;
  Expect(0, {"verify", quote_, "--server", url_});
  const std::string collateral = w_.files / "collateral";
  sim::WriteCollateral(collateral, w_.intel.CollateralFor({.tdx = true}));
  const ProcessResult local = RunThimble({"verify", quote_, "--collateral", collateral, "--anchor",
                                          w_.files / "root.pem", "--at", FormatRfc3339(sim::kNow)});
  EXPECT_EQ(local.exit_code, 0) << local.err;
  EXPECT_NE(local.out.find("judged by this process"), std::string::npos) << local.out;
}

TEST_F(Transcript, ClientTomlNamesTheServer) {
  Configure();
  Expect(0, {"refresh"});
  const std::string said = test::SaidOnATerminal({"refresh"});
  EXPECT_NE(said.find("home/thimble/client.toml)"), std::string::npos) << said;
  Expect(0, {"baseline"});
  Expect(0, {"verify", quote_, "--server", url_});  // its CA and token belong to this server
}

TEST_F(Transcript, AClosedStoreJudgesWithoutNetwork) {
  Expect(0, With({"fetch", "--quote", quote_, "--anchor", w_.files / "root.pem"}, ByLine()));
  EXPECT_EQ(server_->Terminate(), 0);
  server_.reset();
  const std::string data = dir_ + "/data";
  const Words air_gap = {"--data", data, "--anchor", w_.files / "root.pem", "--at", FormatRfc3339(sim::kNow)};
  const ProcessResult run = RunThimble(With({"verify", quote_}, air_gap));
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_TRUE(run.out.starts_with("ACCEPT  UpToDate")) << run.out;
  Expect(2, With({"verify", quote_, "--data", data}, ByLine()));
}

TEST_F(Transcript, EachOfManyIsALineInOrder) {
  Bytes forged = w_.intel.Quote({.tdx = true});
  forged.at(sim::LocateQuote(forged).signature) ^= 1;
  const std::string bad = w_.files.Write("evidence/forged.bin", forged);
  const std::string none = w_.files.Write("evidence/noise.bin", "noise");
  std::string list = "# evidence\n";
  Words order;
  for (int i = 0; i < 60; ++i) order.push_back(i % 3 == 0 ? bad : i % 3 == 1 ? none : quote_);
  for (const std::string& file : order) list += file + "\n";
  const ProcessResult run =
      RunThimble(With({"verify", "--each", w_.files.Write("list", list), "--json"}, ByLine()));
  EXPECT_EQ(run.exit_code, 1) << run.err;
  std::istringstream lines(run.out);
  size_t at = 0;
  for (std::string line; std::getline(lines, line); ++at) {
    const json object = json::parse(line);
    ASSERT_LT(at, order.size());
    EXPECT_EQ(object["file"], order[at]);
    if (order[at] == none) {
      EXPECT_TRUE(object["problem"].contains("check")) << line;
    } else {
      EXPECT_EQ(object["result"]["decision"], order[at] == bad ? "reject" : "accept") << line;
    }
  }
  EXPECT_EQ(at, order.size());
  const ProcessResult text = RunThimble(With({"verify", "--each", w_.files / "evidence"}, ByLine()));
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_TRUE(text.out.starts_with(StrCat("REJECT  ", bad, ": not authentic: "))) << text.out;
  EXPECT_NE(text.out.find(StrCat("NO VERDICT  ", none, ": ")), std::string::npos) << text.out;
  EXPECT_NE(text.out.find(StrCat("ACCEPT  ", quote_, ": UpToDate")), std::string::npos) << text.out;
  Expect(2, {"verify", "--each", w_.files / "nowhere"});
  Expect(2, {"verify", quote_, "--each", w_.files / "evidence"});
}

}  // namespace
}  // namespace thimble
