// SPDX-License-Identifier: Apache-2.0
//
// As a service: what the real binary tells the service manager, whether it is ready, what `init` makes for it, and how it
// is asked from another machine.
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "service/cli/certificate_names.h"
#include "service/cli/client/server_choice.h"
#include "service/http/roles.h"
#include "service/support/service_manager.h"
#include "tcb/base/text.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using test::ProcessResult;
using test::RunThimble;
using test::ServeProcess;
using test::TempDir;

// The socket of a service manager; what this process starts finds it in the environment.
class Manager {
 public:
  explicit Manager(const std::string& path, const char* watchdog_usec = nullptr)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (path.starts_with('@')) address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), length), 0) << path;
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    if (watchdog_usec != nullptr) ::setenv("WATCHDOG_USEC", watchdog_usec, 1);
  }
  ~Manager() {
    for (const char* const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
    ::close(socket_);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  // The next that is told; empty when nothing comes within 20 s.
  std::string Next() {
    pollfd entry{socket_, POLLIN, 0};
    std::array<char, 4096> text;
    if (::poll(&entry, 1, 20'000) <= 0) return "";
    const ssize_t count = ::recv(socket_, text.data(), text.size(), 0);
    return count > 0 ? std::string(text.data(), static_cast<size_t>(count)) : "";
  }
  // The next that begins like this, whatever comes before.
  std::string Next(std::string_view beginning) {
    for (;;) {
      std::string text = Next();
      if (text.empty() || text.starts_with(beginning)) return text;
    }
  }

 private:
  int socket_;
};

class AsService : public testing::Test {
 protected:
  std::vector<std::string> Arguments(std::vector<std::string> more) {
    std::vector<std::string> arguments{"--listen", "127.0.0.1:0", "--pcs-url", w_.vendor.PcsUrl()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  test::World w_;
};

TEST_F(AsService, TellsTheManagerHowItGoes) {
  Manager manager(w_.files / "notify", "200000");
  const std::string config = w_.files.Write("thimble.toml", "");
  ServeProcess server(Arguments({"--ephemeral", "--config", config}));
  const std::string ready = manager.Next();
  EXPECT_TRUE(ready.starts_with("READY=1\nSTATUS=listening on 127.0.0.1:")) << ready;
  EXPECT_EQ(manager.Next(), "WATCHDOG=1");
  EXPECT_EQ(manager.Next(), "WATCHDOG=1");

  server.Signal(SIGHUP);
  EXPECT_TRUE(manager.Next("RELOADING=1").starts_with("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_TRUE(manager.Next().starts_with("READY=1\nSTATUS=listening on "));
  w_.files.Write("thimble.toml", "[sever]\n");
  server.Signal(SIGHUP);
  EXPECT_NE(manager.Next("RELOADING=1"), "");
  const std::string refused = manager.Next();
  EXPECT_TRUE(refused.starts_with("READY=1\nSTATUS=configuration refused")) << refused;
  EXPECT_NE(refused.find("unknown section: sever"), std::string::npos) << refused;

  EXPECT_EQ(server.Terminate(), 0);
  EXPECT_EQ(manager.Next("STOPPING=1"), "STOPPING=1");
}

TEST_F(AsService, IsNotReadyWhereItCannotListen) {
  const ServeProcess first(Arguments({"--ephemeral"}));
  Manager manager(w_.files / "notify");
  const std::string taken = first.address().substr(first.address().rfind('/') + 1);
  EXPECT_EQ(RunThimble({"serve", "--ephemeral", "--listen", taken}).exit_code, 3);
  ServeProcess second(Arguments({"--ephemeral"}));
  EXPECT_NE(manager.Next().find(second.address().substr(7)), std::string::npos) << "the first to be ready";
}

TEST(ServiceManager, KnowsHowOftenToSpeak) {
  Manager manager("@thimble-test-" + std::to_string(::getpid()), "3000000");
  EXPECT_EQ(ServiceManager::FromEnvironment().alive_every(), std::chrono::microseconds(1'500'001));
  ServiceManager::FromEnvironment().Alive();
  EXPECT_EQ(manager.Next(), "WATCHDOG=1") << "over a socket without a file";
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_TRUE(ServiceManager::FromEnvironment().alive_every().has_value());
  ::setenv("WATCHDOG_PID", std::to_string(::getppid()).c_str(), 1);
  EXPECT_FALSE(ServiceManager::FromEnvironment().alive_every().has_value()) << "meant for another process";
  ::unsetenv("WATCHDOG_PID");
  for (const char* const wrong : {"0", "-1", "1s", ""}) {
    ::setenv("WATCHDOG_USEC", wrong, 1);
    EXPECT_FALSE(ServiceManager::FromEnvironment().alive_every().has_value()) << wrong;
  }
}

TEST_F(AsService, StatusSaysWhetherItIsReady) {
  const std::string data = w_.files / "data";
  const ProcessResult none = RunThimble({"status", "--ready", "--data", data});
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_NE(none.err.find("no server runs on " + data), std::string::npos) << none.err;
  {
    const ServeProcess server(Arguments({"--data", data}));
    ASSERT_NE(server.address(), "");
    const ProcessResult ready = RunThimble({"status", "--ready", "--data", data});
    EXPECT_EQ(ready.exit_code, 0) << ready.err;
    EXPECT_TRUE(ready.out.starts_with("{\"ready\":true")) << ready.out;
    EXPECT_EQ(RunThimble({"status", "--ready", "--server", server.address()}).exit_code, 0);
  }
  EXPECT_EQ(RunThimble({"status", "--ready", "--data", data}).exit_code, 3) << "a closed store is not ready";
}

TEST_F(AsService, IsAskedWithATokenOutOfAFile) {
  const std::string roles =
      StrCat("[[role]]\nname = \"read\"\ntoken_sha512 = \"", TokenDigest("sesame").hex(), "\"\n");
  const ServeProcess server(Arguments({"--ephemeral", "--config", w_.files.Write("roles.toml", roles)}));
  ASSERT_NE(server.address(), "");
  const auto status = [&](std::string_view text) {
    return RunThimble({"status", "--server", server.address(), "--token-file", w_.files.Write("token", text)})
        .exit_code;
  };
  EXPECT_EQ(status("sesame\nand a remark\n"), 0);
  EXPECT_EQ(status("barley\n"), 2);
  EXPECT_EQ(RunThimble({"status", "--server", server.address()}).exit_code, 2);
  EXPECT_EQ(RunThimble({"status", "--server", server.address(), "--token-file", w_.files / "none"}).exit_code,
            2);
}

// -- init --------------------------------------------------------------------------------------------------------------

std::string Text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(Init, RenewingKeepsOwnerAndMode) {
  const TempDir files;
  ASSERT_EQ(RunThimble({"init", files.path(), "--host", "localhost"}).exit_code, 0);
  const std::string key = files / "server.key";
  ASSERT_EQ(::chmod(key.c_str(), 0640), 0);
  const std::string before = Text(key);
  ASSERT_EQ(RunThimble({"init", files.path(), "--renew", "--host", "localhost"}).exit_code, 0);
  EXPECT_NE(Text(key), before);
  struct stat now {};
  ASSERT_EQ(::stat(key.c_str(), &now), 0);
  EXPECT_EQ(now.st_mode & 0777, 0640u);
}

TEST(Init, RenewingKeepsTheNamesUnlessOthersAreSaid) {
  const TempDir files;
  const std::string pem = files / "server.pem";
  const std::vector<std::string> names = {"cache.example", "10.1.2.3", "fd00::7", "localhost"};
  std::vector<std::string> init = {"init", files.path()};
  for (const std::string& name : names) init.insert(init.end(), {"--host", name});
  ASSERT_EQ(RunThimble(init).exit_code, 0);
  ASSERT_EQ(NamesInCertificate(pem).value(), names);
  const std::string before = Text(pem);
  const ProcessResult renewed = RunThimble({"init", files.path(), "--renew"});
  ASSERT_EQ(renewed.exit_code, 0) << renewed.err;
  EXPECT_NE(Text(pem), before);
  EXPECT_EQ(NamesInCertificate(pem).value(), names);
  EXPECT_NE(renewed.out.find("for cache.example, 10.1.2.3, fd00::7, localhost;"), std::string::npos)
      << renewed.out;
  ASSERT_EQ(RunThimble({"init", files.path(), "--renew", "--host", "other.example"}).exit_code, 0);
  EXPECT_EQ(NamesInCertificate(pem).value(), std::vector<std::string>{"other.example"});
  files.Write("server.pem", "nonsense");
  const ProcessResult none = RunThimble({"init", files.path(), "--renew"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_NE(none.err.find("--host"), std::string::npos) << none.err;
  EXPECT_EQ(Text(pem), "nonsense");
}

// The administrator's machine: a client.toml that all may read, and a token that root alone can.
TEST_F(AsService, WhoCannotReadTheTokenAsksWithoutIt) {
  const ServeProcess server(Arguments({"--ephemeral"}));
  ASSERT_NE(server.address(), "");
  const TempDir home;
  std::filesystem::create_directories(home / "thimble");
  home.Write("thimble/client.toml", StrCat("server = \"", server.address(), "\"\ntoken_file = \"token\"\n"));
  const std::string token = home.Write("thimble/token", "secret\n");
  ASSERT_EQ(::chmod(token.c_str(), 0), 0);
  ASSERT_EQ(::chmod(home.path().c_str(), 0755), 0);
  ::setenv("XDG_CONFIG_HOME", home.path().c_str(), 1);
  const auto ask = [](bool as_nobody) {
    if (as_nobody && ::geteuid() == 0) {
      EXPECT_EQ(::seteuid(65534), 0);
    }
    ConfigFlags flags;
    const auto choice = ServerOfFile(flags);
    if (::getuid() == 0) {
      EXPECT_EQ(::seteuid(0), 0);
    }
    return choice;
  };
  const auto choice = ask(true);
  ASSERT_TRUE(choice && *choice) << (choice ? "" : choice.error().message);
  EXPECT_EQ((*choice)->token_file, "");
  EXPECT_NE((*choice)->left_out.find(StrCat(token, ", of ")), std::string::npos) << (*choice)->left_out;
  ASSERT_EQ(::chmod(token.c_str(), 0644), 0);
  const auto readable = ask(true);
  ASSERT_TRUE(readable && *readable);
  EXPECT_EQ((*readable)->token_file, token);
  EXPECT_EQ((*readable)->left_out, "");
  ::unsetenv("XDG_CONFIG_HOME");
}

TEST(Init, IsKnownByItsCa) {
  const TempDir files;
  ASSERT_EQ(RunThimble({"init", files.path(), "--host", "localhost"}).exit_code, 0);
  const ServeProcess server({"--config", files / "thimble.toml", "--listen", "127.0.0.1:0"});
  ASSERT_TRUE(server.address().starts_with("https://")) << server.address();
  const std::string url = "https://localhost" + server.address().substr(server.address().rfind(':'));
  EXPECT_EQ(RunThimble({"status", "--server", url, "--ca", files / "ca.pem"}).exit_code, 0);
  EXPECT_EQ(RunThimble({"status", "--server", url}).exit_code, 3) << "the system's CAs do not know it";
}

TEST(Init, NeedsAPlaceOrTheServicesGroup) {
  EXPECT_EQ(RunThimble({"init"}).exit_code, 2);
  if (::getgrnam("thimble") != nullptr) GTEST_SKIP() << "the package is installed here";
  const TempDir files;
  const ProcessResult result = RunThimble({"init", "--service", files / "etc"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("there is no group thimble"), std::string::npos) << result.err;
  EXPECT_EQ(RunThimble({"init", files / "etc", "--renew"}).exit_code, 2) << "nothing was made";
}

}  // namespace
}  // namespace thimble
