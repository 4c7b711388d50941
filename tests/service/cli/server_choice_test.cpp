// SPDX-License-Identifier: Apache-2.0
//
// Which server a command asks, and what it shows it: the command line before the environment before client.toml.
#include "service/cli/client/server_choice.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "service/config/client_file.h"
#include "tcb/base/text.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

using test::TempDir;

constexpr const char* kUrl = "https://thimble.example:8081";
constexpr const char* kWhole =
    "server = \"https://thimble.example:8081\"\nca = \"ca.pem\"\ntoken_file = \"/run/token\"\n"
    "client_certificate = \"c.pem\"\nclient_key = \"c.key\"\n";

class ServerChoiceTest : public testing::Test {
 protected:
  ServerChoiceTest() {
    std::filesystem::create_directories(home_ / "thimble");
    ::setenv("XDG_CONFIG_HOME", home_.path().c_str(), 1);
  }
  ~ServerChoiceTest() override {
    for (const char* const name : {"XDG_CONFIG_HOME", "THIMBLE_SERVER", "THIMBLE_CA", "THIMBLE_TOKEN_FILE"})
      ::unsetenv(name);
  }
  std::string Write(std::string_view text) { return home_.Write("thimble/client.toml", text); }

  TempDir home_;
};

TEST_F(ServerChoiceTest, AFilesPathsBeginAtTheFile) {
  const std::string path = Write(kWhole);
  const auto choice = ServerOfFile({});
  ASSERT_TRUE(choice) << choice.error().message;
  ASSERT_TRUE(*choice);
  EXPECT_EQ((*choice)->url, kUrl);
  EXPECT_EQ((*choice)->ca, home_ / "thimble/ca.pem");
  EXPECT_EQ((*choice)->token_file, "/run/token");
  EXPECT_EQ((*choice)->client_certificate, home_ / "thimble/c.pem");
  EXPECT_EQ((*choice)->client_key, home_ / "thimble/c.key");
  EXPECT_EQ((*choice)->chosen_by, path);
}

TEST_F(ServerChoiceTest, EachItemIsFromTheFirstThatSaysIt) {
  Write(kWhole);
  ::setenv("THIMBLE_CA", "/env/ca.pem", 1);
  ::setenv("THIMBLE_SERVER", "https://other.example", 1);
  ConfigFlags flags;
  flags.token_file = "/line/token";
  const auto choice = NamedServer(flags, std::nullopt);
  ASSERT_TRUE(choice);
  ASSERT_TRUE(*choice);
  EXPECT_EQ((*choice)->url, "https://other.example");
  EXPECT_EQ((*choice)->ca, "/env/ca.pem");
  EXPECT_EQ((*choice)->token_file, "/line/token");
  EXPECT_EQ((*choice)->chosen_by, "THIMBLE_SERVER");
  const auto line = NamedServer(flags, kUrl);
  ASSERT_TRUE(line && *line);
  EXPECT_EQ((*line)->url, kUrl);
  EXPECT_EQ((*line)->chosen_by, "");
  EXPECT_EQ((*line)->client_key, home_ / "thimble/c.key");
  ::setenv("THIMBLE_SERVER", "", 1);
  const auto none = NamedServer(flags, std::nullopt);
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none) << "an empty variable says nothing";
}

TEST_F(ServerChoiceTest, AFilesTokenGoesToItsServerAlone) {
  Write(kWhole);
  for (const char* const other :
       {"https://other.example:8081", "http://thimble.example:8081", "https://thimble.example"}) {
    const auto choice = ChoiceFor(other, {});
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->token_file, "") << other;
    EXPECT_EQ(choice->client_key, "") << other;
  }
  EXPECT_EQ(ChoiceFor("https://THIMBLE.example:8081/", {})->token_file, "/run/token");
}

TEST_F(ServerChoiceTest, DataOnTheLineNamesAStoreAndNoServer) {
  Write(kWhole);
  ::setenv("THIMBLE_SERVER", kUrl, 1);
  ConfigFlags flags;
  flags.data = "data";
  EXPECT_FALSE(NamedServer(flags, std::nullopt).value());
  EXPECT_FALSE(ServerOfFile(flags).value());
}

TEST_F(ServerChoiceTest, BesideConfigAndNeverInTheCurrentDirectory) {
  Write(kWhole);
  const TempDir beside, here;
  beside.Write("client.toml", "server = \"https://beside.example\"\n");
  here.Write("client.toml", "server = \"https://here.example\"\n");
  ConfigFlags flags;
  flags.config = beside / "thimble.toml";
  EXPECT_EQ((*ServerOfFile(flags))->url, "https://beside.example");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(here.path());
  EXPECT_EQ((*ServerOfFile({}))->url, kUrl);
  std::filesystem::remove(home_ / "thimble/client.toml");
  const auto none = ServerOfFile({});
  ::setenv("XDG_CONFIG_HOME", ".", 1);
  const auto relative = ServerOfFile({});
  std::filesystem::current_path(before);
  ASSERT_TRUE(none && relative);
  for (const auto* const found : {&*none, &*relative})
    EXPECT_TRUE(!*found || (*found)->chosen_by.starts_with("/etc/thimble/"));
}

// A host with the package: who says nothing means its service, unless a file of their own or the current directory says
// otherwise.
TEST_F(ServerChoiceTest, NothingSaidMeansTheInstalledService) {
  const TempDir here, etc;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(here.path());
  const std::string installed = etc.Write("thimble.toml", "");
  const auto config = [&](const ConfigFlags& flags = {}) {
    return WithInstalled(flags, installed).config.value_or("");
  };
  EXPECT_EQ(config(), installed);
  EXPECT_EQ(WithInstalled({}, etc / "none").config, std::nullopt);
  ConfigFlags said;
  said.data = "data";
  EXPECT_EQ(config(said), "");
  said = {};
  said.config = "own.toml";
  EXPECT_EQ(config(said), "own.toml");
  std::filesystem::create_directory(here / "thimble-data");
  EXPECT_EQ(config(), "") << "the store of a `thimble serve` here";
  std::filesystem::remove(here / "thimble-data");
  Write(kWhole);
  EXPECT_EQ(config(), "") << "this user's own file says whom to ask";
  std::filesystem::current_path(before);
}

// A client.toml for all, beside a token or key for root: who cannot read it asks without, and is told.
TEST_F(ServerChoiceTest, LeavesOutWhatThisUserCannotRead) {
  for (const char* const secret : {"token", "c.key"}) {
    const std::string path = home_.Write(StrCat("thimble/", secret), "secret");
    Write(
        "server = \"https://thimble.example:8081\"\ntoken_file = \"token\"\n"
        "client_certificate = \"c.pem\"\nclient_key = \"c.key\"\n");
    ASSERT_EQ(::chmod(home_.path().c_str(), 0755), 0);
    for (const mode_t mode : {0u, 0644u}) {
      ASSERT_EQ(::chmod(path.c_str(), mode), 0);
      const bool root = ::geteuid() == 0;
      if (root) {
        ASSERT_EQ(::seteuid(65534), 0);
      }
      const auto choice = ServerOfFile({});
      ConfigFlags flags;
      flags.token_file = "/line/token";
      flags.client_certificate = "own.pem";
      flags.client_key = "own.key";
      const auto own = ServerOfFile(flags);
      if (root) {
        ASSERT_EQ(::seteuid(0), 0);
      }
      ASSERT_TRUE(choice && *choice);
      const bool token = std::string_view(secret) == "token";
      const bool left = mode == 0;
      EXPECT_EQ((*choice)->left_out.find(path) != std::string::npos, left) << (*choice)->left_out;
      EXPECT_EQ((*choice)->token_file.empty(), token && left);
      EXPECT_EQ((*choice)->client_key.empty(), !token && left);
      EXPECT_EQ((*choice)->client_certificate.empty(), !token && left) << "they are a pair";
      ASSERT_TRUE(own && *own);
      EXPECT_EQ((*own)->left_out, "") << "nothing of the file is needed";
    }
  }
}

TEST_F(ServerChoiceTest, AHomeThatThisUserMayNotLookIntoIsNone) {
  Write(kWhole);
  ASSERT_EQ(::chmod((home_ / "thimble").c_str(), 0), 0);
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const auto none = ServerOfFile({});
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  ASSERT_EQ(::chmod((home_ / "thimble").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(home_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod((home_ / "thimble/client.toml").c_str(), 0), 0);
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const auto refused = ServerOfFile({});
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_TRUE(!*none || (*none)->chosen_by.starts_with("/etc/thimble/"));
  ASSERT_FALSE(refused) << "it is there, and says whom to ask";
  EXPECT_NE(refused.error().message.find("cannot read"), std::string::npos) << refused.error().message;
}

TEST_F(ServerChoiceTest, ACertificateAndItsKeyAreAPair) {
  ConfigFlags flags;
  flags.client_certificate = "c.pem";
  EXPECT_FALSE(ChoiceFor(kUrl, flags));
  flags.client_key = "c.key";
  EXPECT_TRUE(ChoiceFor(kUrl, flags));
  Write("server = \"https://thimble.example:8081\"\nclient_key = \"c.key\"\n");
  EXPECT_FALSE(ServerOfFile({}));
}

TEST_F(ServerChoiceTest, RefusesAFileThatOthersMayChange) {
  const std::string path = Write(kWhole);
  for (const mode_t mode : {0664, 0646, 0666}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const auto refused = ServerOfFile({});
    ASSERT_FALSE(refused) << mode;
    EXPECT_NE(refused.error().message.find("chmod go-w"), std::string::npos) << refused.error().message;
  }
  for (const mode_t mode : {0644, 0600, 0755}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    EXPECT_TRUE(ServerOfFile({})) << mode;
  }
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
  const auto strange = ServerOfFile({});
  ASSERT_FALSE(strange);
  EXPECT_NE(strange.error().message.find("belongs to user 12345"), std::string::npos);
}

TEST_F(ServerChoiceTest, SaysWhatIsWrongWithAFile) {
  const std::pair<const char*, const char*> wrongs[] = {
      {"ca = \"ca.pem\"\n", "server is missing"},
      {"server = 1\n", "client.toml:1: server must be a text"},
      {"server = \"\"\n", "must be a text"},
      {"\nport = 1\n", "client.toml:2: unknown section: port; known: ca"},
      {"server\n", "client.toml:1: "},
  };
  for (const auto& [text, why] : wrongs) {
    const auto file = ReadClientFile(Write(text));
    ASSERT_FALSE(file) << text;
    EXPECT_NE(file.error().message.find(why), std::string::npos) << file.error().message;
  }
  EXPECT_FALSE(*ReadClientFile(home_ / "none.toml"));
}

}  // namespace
}  // namespace thimble
