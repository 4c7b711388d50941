// SPDX-License-Identifier: Apache-2.0
//
// A machine is lost: what `thimble backup` took of it, `thimble restore` puts back, and everything answers as before.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "service/transfer/data_files.h"
#include "tests/service/testing/pccs_world.h"
#include "tests/service/testing/process.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::ProcessResult;
using test::RunThimble;

// The real binary on a directory, in front of a simulated Intel, with time standing still.
class BackupCommandTest : public testing::Test {
 protected:
  BackupCommandTest() {
    config_ = w_.files.Write(
        "thimble.toml",
        StrCat("[server]\nlisten = \"127.0.0.1:0\"\nanchors = [\"", w_.files / "root.pem",
               "\"]\n[cache]\ndata = \"", data_, "\"\n[pccs]\nmode = \"REQ\"\n[[intel.upstream]]\nurl = \"",
               w_.vendor.PcsUrl(), "\"\n[[role]]\nname = \"register\"\ntoken_sha512 = \"",
               TokenDigest("user secret").hex(), "\"\n[[role]]\nname = \"admin\"\ntoken_sha512 = \"",
               TokenDigest("admin secret").hex(), "\"\n"));
  }
  std::unique_ptr<test::ServeProcess> Serve() const {
    return std::make_unique<test::ServeProcess>(
        std::vector<std::string>{"--config", config_, "--frozen-time", FormatRfc3339(sim::kNow)});
  }
  static uint16_t PortOf(const test::ServeProcess& server) {
    const std::string& address = server.address();
    return static_cast<uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
  }
  static test::RawAnswer Register(uint16_t port, const json& platform) {
    test::RawConnection connection(port);
    const std::string body = platform.dump();
    connection.Send(StrCat("POST ", test::kV4,
                           "/platforms HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n",
                           "user-token: user secret\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
    return connection.Receive();
  }
  json Verify(uint16_t port) const {
    const json body = {{"evidence", Base64(w_.intel.Quote({}))}, {"ear", true}};
    return json::parse(test::Post(port, "/v1/verify", "application/json", body.dump()).body);
  }
  // What must not be lost, as it answers: certificates, the queue, the keys.
  std::vector<std::string> Answers(uint16_t port) const {
    const std::string admin = "admin-token: admin secret\r\n";
    std::vector<std::string> bodies;
    for (const std::string& target :
         {test::PckCertTarget(sim::Tcb::kGood, ""), std::string("/sgx/certification/v4/pckcrl?ca=platform"),
          StrCat(test::kV4, "/platforms?source=[", sim::kServerFmspc, "]"),
          std::string("/.well-known/jwks.json"), std::string("/v1/baselines")}) {
      const test::RawAnswer answer = test::Get(port, target, admin);
      EXPECT_EQ(answer.status, 200) << target << answer.body;
      // What Intel offers is what is held of it at the moment.
      bodies.push_back(target.ends_with("baselines") ? json::parse(answer.body)["baselines"].dump()
                                                     : answer.body);
    }
    return bodies;
  }
  ProcessResult CheckAudit() const { return RunThimble({"audit", "check", data_ + "/audit", "--json"}); }

  test::PccsWorld w_;
  const std::string data_ = w_.files / "data", backup_ = w_.files / "one";
  std::string config_;
};

TEST_F(BackupCommandTest, ADestroyedDataDirectoryComesBack) {
  std::vector<std::string> before;
  std::string token;
  uint64_t last_seq = 0;
  for (const bool running : {true, false}) {
    w_.vendor.SetMode("ok", "/pckcert");
    auto server = Serve();
    ASSERT_NE(server->address(), "");
    ASSERT_EQ(Register(PortOf(*server), test::ByPpid()).status, 200);
    // Nobody knows this one: it waits, and cannot be had again.
    w_.vendor.SetMode("404", "/pckcert");
    EXPECT_NE(Register(PortOf(*server), test::ByPpid("AA000000000000000000000000000000")).status, 200);
    const json result = Verify(PortOf(*server));
    ASSERT_EQ(result["decision"], "accept") << result;
    token = w_.files.Write("token.jwt", result["ear"].get<std::string>());
    before = Answers(PortOf(*server));
    if (!running) server.reset();
    const ProcessResult made = RunThimble({"backup", backup_, "--config", config_});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    EXPECT_NE(made.out.find(running ? "from the server at " : "from the store in "), std::string::npos)
        << made.out;
    server.reset();

    fs::remove_all(data_);
    const ProcessResult restored = RunThimble({"restore", backup_, "--config", config_});
    ASSERT_EQ(restored.exit_code, 0) << restored.err;
    EXPECT_TRUE(restored.out.starts_with(StrCat("restored ", data_, " as of "))) << restored.out;
    struct stat key {};
    ASSERT_EQ(::stat((data_ + "/result-key.pem").c_str(), &key), 0);
    EXPECT_EQ(key.st_mode & 07777, 0600u);

    ProcessResult audit = CheckAudit();
    ASSERT_EQ(audit.exit_code, 0) << audit.out << audit.err;
    last_seq = json::parse(audit.out)["last_seq"];
    EXPECT_GT(last_seq, 0u);

    server = Serve();
    ASSERT_NE(server->address(), "");
    EXPECT_EQ(Answers(PortOf(*server)), before);
    const json waiting = json::parse(test::Get(PortOf(*server), StrCat(test::kV4, "/platforms?source=reg"),
                                               "admin-token: admin secret\r\n")
                                         .body);
    ASSERT_EQ(waiting.size(), 1u) << waiting;
    EXPECT_EQ(waiting[0]["qe_id"], "AA000000000000000000000000000000");
    const ProcessResult checked =
        RunThimble({"verify-result", token, "--server", server->address(), "--at", FormatRfc3339(sim::kNow)});
    EXPECT_EQ(checked.exit_code, 0) << "a token of before: " << checked.out << checked.err;
    EXPECT_EQ(Verify(PortOf(*server))["decision"], "accept");
    server.reset();
    audit = CheckAudit();
    EXPECT_EQ(audit.exit_code, 0) << audit.out << audit.err;
    EXPECT_GT(json::parse(audit.out)["last_seq"], last_seq) << "the chain goes on";
    EXPECT_TRUE(json::parse(audit.out)["from_start"]);
    fs::remove_all(backup_);
  }
}

TEST_F(BackupCommandTest, RefusesWhatIsThereAndWhatWasCutShort) {
  Serve().reset();  // makes a store, which is empty
  auto server = Serve();
  ASSERT_EQ(Register(PortOf(*server), test::ByPpid()).status, 200);
  ASSERT_EQ(RunThimble({"backup", backup_, "--config", config_}).exit_code, 0);
  const ProcessResult again = RunThimble({"backup", backup_, "--config", config_});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.err.find(StrCat(backup_, " exists")), std::string::npos) << again.err;
  const ProcessResult over = RunThimble({"restore", backup_, "--config", config_});
  EXPECT_EQ(over.exit_code, 2);
  EXPECT_NE(over.err.find(StrCat(data_, " holds a store")), std::string::npos) << over.err;
  server.reset();

  fs::remove_all(data_);
  fs::create_directories(data_ + "/restore.part");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"serve"}, {"status"}, {"backup", w_.files / "two"}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"--config", config_});
    const ProcessResult refused = RunThimble(arguments);
    EXPECT_EQ(refused.exit_code, 2) << command.front();
    EXPECT_NE(refused.err.find("a restore into it was cut short: run `thimble restore` again"),
              std::string::npos)
        << command.front() << refused.err;
  }
  EXPECT_EQ(RunThimble({"restore", backup_, "--config", config_}).exit_code, 0);
  EXPECT_EQ(RunThimble({"status", "--config", config_}).exit_code, 0);
}

// A new kind of file has to say what a back-up does with it.
TEST_F(BackupCommandTest, EveryFileInADataDirectoryIsOfAKindThatIsKnown) {
  {
    const auto server = Serve();
    ASSERT_NE(server->address(), "");
    ASSERT_EQ(Register(PortOf(*server), test::ByPpid()).status, 200);
    ASSERT_EQ(Verify(PortOf(*server))["decision"], "accept");
    ASSERT_EQ(RunThimble({"result-key", "rotate", "--config", config_}).exit_code, 0);
    ASSERT_EQ(RunThimble({"backup", "kept", "--server", server->address()}).exit_code, 2) << "needs the role";
    ASSERT_EQ(RunThimble({"backup", backup_, "--config", config_}).exit_code, 0);
  }
  Serve().reset();  // and what a second start leaves
  size_t of_ours = 0;
  for (const auto& files : {FilesBelow(data_), FilesBelow(backup_)}) {
    ASSERT_TRUE(files.ok());
    for (const std::string& name : *files) {
      const auto use = DataFileUseOf(name);
      EXPECT_TRUE(use.has_value()) << name << " is in no row of service/transfer/data_files.cpp";
      of_ours += use == DataFileUse::kWhole || use == DataFileUse::kAppended ? 1 : 0;
    }
  }
  EXPECT_GE(of_ours, 6u) << "key, retired keys and trail, twice";
}

TEST_F(BackupCommandTest, APathIsForAStoreOfThisHost) {
  const auto server = Serve();
  ASSERT_NE(server->address(), "");
  const std::string token = w_.files.Write("token", "admin secret\n");
  const std::vector<std::string> to = {"--server", server->address(), "--token-file", token};
  const auto back_up = [&](const std::string& where) {
    std::vector<std::string> words = {"backup", where};
    words.insert(words.end(), to.begin(), to.end());
    return RunThimble(words);
  };
  const ProcessResult path = back_up(backup_);
  EXPECT_EQ(path.exit_code, 2);
  EXPECT_NE(path.err.find("--config FILE"), std::string::npos) << path.err;
  EXPECT_NE(path.err.find(server->address()), std::string::npos) << path.err;
  EXPECT_EQ(path.err.find("HTTP"), std::string::npos) << "it is not asked: " << path.err;
}

}  // namespace
}  // namespace thimble
