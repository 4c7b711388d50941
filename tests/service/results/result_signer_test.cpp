// SPDX-License-Identifier: Apache-2.0
//
// The keys of signed results: kept to oneself, rotated, and shown for as long as tokens under them live.
#include "service/results/result_signer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "service/results/ear_check.h"
#include "service/support/file.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::RunThimble;

class ResultSignerTest : public testing::Test {
 protected:
  std::unique_ptr<ResultSigner> Open() {
    auto signer = ResultSigner::AtFile(path_, "Thimble");
    EXPECT_TRUE(signer.ok()) << signer.error().message;
    return signer.ok() ? std::move(signer).value() : nullptr;
  }
  static std::vector<std::string> Kids(const ResultSigner& signer, Instant now) {
    std::vector<std::string> kids;
    const auto keys = ParseJwks(signer.Jwks(now));
    for (const Jwk& key : *keys) kids.push_back(key.kid);
    return kids;
  }
  // A token of now, and whether the keys of that time verify it.
  static std::string Token(const ResultSigner& signer, Instant now) {
    VerificationOutcome outcome;
    outcome.verdict.at = now;
    const auto made = signer.Sign({outcome, Policy(), "default", 1}, std::nullopt);
    EXPECT_TRUE(made.ok()) << made.error().message;
    return made->token;
  }
  static bool Verifies(const ResultSigner& signer, const std::string& token, Instant now) {
    return VerifyJwt(token, *ParseJwks(signer.Jwks(now))).ok();
  }
  static Status NoRecord(const KeyRotation&) { return {}; }

  test::TempDir files_;
  const std::string path_ = files_ / "result-key.pem";
};

TEST_F(ResultSignerTest, KeepsItsKeyToItself) {
  const auto first = Open();
  struct stat found {};
  ASSERT_EQ(::stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_EQ(Open()->Jwks(sim::kNow), first->Jwks(sim::kNow));
  EXPECT_NE(ResultSigner::InMemory("x")->Jwks(sim::kNow), first->Jwks(sim::kNow));
  const std::string junk = files_.Write("junk.pem", "junk");
  ::chmod(junk.c_str(), 0600);
  EXPECT_EQ(ResultSigner::AtFile(junk, "x").error().check, Check::kStoreIo);
}

TEST_F(ResultSignerTest, RefusesFilesThatOthersMayTouch) {
  (void)Open();
  for (const mode_t mode : {0640, 0620, 0604, 0602}) {
    ::chmod(path_.c_str(), mode);
    const auto refused = ResultSigner::AtFile(path_, "x");
    ASSERT_FALSE(refused.ok()) << mode;
    EXPECT_EQ(refused.error().check, Check::kStoreIo);
    EXPECT_NE(refused.error().message.find("chmod 600"), std::string::npos) << refused.error().message;
  }
  ::chmod(path_.c_str(), 0600);
  ASSERT_TRUE(Open()->Rotate(sim::kNow, NoRecord).ok());
  ::chmod((path_ + ".retired.json").c_str(), 0664);
  EXPECT_FALSE(ResultSigner::AtFile(path_, "x").ok()) << "keys that others may add are nobody's";
}

TEST_F(ResultSignerTest, RefusesFilesOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  (void)Open();
  ASSERT_EQ(::chown(path_.c_str(), 12345, 0), 0);
  const auto refused = ResultSigner::AtFile(path_, "x");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("belongs to user 12345, and this process runs as user 0"),
            std::string::npos)
      << refused.error().message;
  const std::string data = files_ / "data";
  std::filesystem::create_directory(data);
  EXPECT_TRUE(CheckOnlyOurs(data, "data directory", OthersMay::kRead).ok());
  ASSERT_EQ(::chown(data.c_str(), 12345, 0), 0);
  EXPECT_FALSE(CheckOnlyOurs(data, "data directory", OthersMay::kRead).ok());
}

// At start, with a sentence that says what to do.
TEST_F(ResultSignerTest, RefusesADataDirectoryThatOthersMayWriteTo) {
  const std::string data = files_ / "data";
  std::filesystem::create_directory(data);
  for (const mode_t mode : {0770, 0707, 0777}) {
    ::chmod(data.c_str(), mode);
    const auto refused = RunThimble({"serve", "--listen", "127.0.0.1:0", "--data", data});
    EXPECT_EQ(refused.exit_code, 3);
    EXPECT_NE(refused.err.find(StrCat("data directory ", data, " can be written by others than its owner")),
              std::string::npos)
        << refused.err;
    EXPECT_NE(refused.err.find("chmod go-w"), std::string::npos) << refused.err;
  }
  ::chmod(data.c_str(), 0755);
  EXPECT_TRUE(CheckOnlyOurs(data, "data directory", OthersMay::kRead).ok());
  EXPECT_TRUE(CheckOnlyOurs(files_ / "none", "data directory", OthersMay::kRead).ok());
}

TEST_F(ResultSignerTest, ShowsARetiredKeyUntilItsLastTokenHasEnded) {
  auto signer = Open();
  const auto old_kids = Kids(*signer, sim::kNow);
  const std::string last = Token(*signer, sim::kNow);
  const auto rotation = signer->Rotate(sim::kNow, NoRecord);
  ASSERT_TRUE(rotation.ok()) << rotation.error().message;
  EXPECT_EQ(rotation->retired, old_kids.front());
  EXPECT_EQ(Kids(*signer, sim::kNow), (std::vector{rotation->fresh, rotation->retired}));
  const std::string fresh = Token(*signer, sim::kNow);
  for (const bool restarted : {false, true}) {
    if (restarted) signer = Open();
    EXPECT_TRUE(Verifies(*signer, fresh, sim::kNow)) << restarted;
    EXPECT_TRUE(Verifies(*signer, last, sim::kNow)) << restarted;
    EXPECT_TRUE(Verifies(*signer, last, sim::kNow + kEarLife)) << "for as long as it lives";
    EXPECT_FALSE(Verifies(*signer, last, rotation->retired_until)) << restarted;
    EXPECT_TRUE(Verifies(*signer, fresh, rotation->retired_until)) << restarted;
  }
  EXPECT_LE(rotation->retired_until, sim::kNow + kEarLife + 60s);
  ASSERT_TRUE(signer->Rotate(sim::kNow + 1s, NoRecord).ok());
  EXPECT_EQ(Kids(*signer, sim::kNow + 1s).size(), 3u) << "twice within a life";
  ASSERT_TRUE(signer->Rotate(sim::kNow + 1h, NoRecord).ok());
  EXPECT_EQ(Kids(*Open(), sim::kNow + 1h).size(), 2u) << "what has ended is forgotten";
}

TEST_F(ResultSignerTest, KeepsTheKeyWhenTheChangeCannotBeRecorded) {
  const auto signer = Open();
  const std::string before = signer->Jwks(sim::kNow);
  const auto refused = signer->Rotate(sim::kNow, [](const KeyRotation&) {
    return Status(Error{ErrorKind::kInternal, Check::kStoreIo, "the disk is full"});
  });
  EXPECT_FALSE(refused.ok());
  EXPECT_EQ(signer->Jwks(sim::kNow), before);
  EXPECT_EQ(Open()->Jwks(sim::kNow), before);
}

// The library refuses by itself what the API has refused before.
TEST_F(ResultSignerTest, SignsNothingButDecisionsAboutNow) {
  const auto signer = Open();
  VerificationOutcome outcome;
  outcome.verdict.at = sim::kNow;
  EXPECT_TRUE(signer->Sign({outcome, Policy(), "default", 1}, std::nullopt).ok());
  outcome.about = sim::kNow;
  EXPECT_EQ(signer->Sign({outcome, Policy(), "default", 1}, std::nullopt).error().check, Check::kRequest);
  outcome.about.reset();
  outcome.caller_collateral = CallerCollateral::kAny;
  EXPECT_EQ(signer->Sign({outcome, Policy(), "default", 1}, std::nullopt).error().check, Check::kRequest);
}

TEST_F(ResultSignerTest, RotatesByCommandWithAndWithoutAServer) {
  const std::string data = files_ / "data";
  ASSERT_FALSE(test::ServeProcess({"--listen", "127.0.0.1:0", "--data", data}).address().empty());
  const auto rotate = [&] { return RunThimble({"result-key", "rotate", "--data", data, "--json"}); };
  const auto alone = rotate();
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  test::ServeProcess serve({"--listen", "127.0.0.1:0", "--data", data});
  ASSERT_FALSE(serve.address().empty());
  const auto running = rotate();
  ASSERT_EQ(running.exit_code, 0) << running.err;
  EXPECT_EQ(json::parse(running.out)["retired"], json::parse(alone.out)["kid"]);
  const auto port = static_cast<uint16_t>(std::stoi(serve.address().substr(serve.address().rfind(':') + 1)));
  const json set = json::parse(test::Get(port, "/.well-known/jwks.json").body);
  ASSERT_EQ(set["keys"].size(), 3u);
  EXPECT_EQ(set["keys"][0]["kid"], json::parse(running.out)["kid"]);
  EXPECT_EQ(test::Post(port, "/v1/result-key/rotate", "application/json", "").status, 401)
      << "over the network it is the administrator's alone";
}

}  // namespace
}  // namespace thimble
