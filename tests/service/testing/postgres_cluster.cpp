// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/postgres_cluster.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <stdexcept>

#include "service/shared/database.h"
#include "tcb/base/text.h"
#include "tests/support/eventually.h"

extern char** environ;

namespace thimble::test {
namespace {

constexpr const char* kUser = "thimble";

// The newest of Debian's.
std::string FindBinaries() {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    const auto binaries = version.path() / "bin";
    if (std::filesystem::exists(binaries / "initdb") && std::filesystem::exists(binaries / "postgres"))
      found.push_back(binaries.string());
  }
  return found.empty() ? "" : *std::max_element(found.begin(), found.end());
}

pid_t Spawn(std::vector<std::string> words, int out) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed == 0 ? pid : -1;
}

}  // namespace

uint16_t FreePort() {
  const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool bound = ::bind(listening, reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
                     ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(listening);
  return bound ? ntohs(address.sin_port) : uint16_t{0};
}

PostgresCluster::PostgresCluster() : binaries_(FindBinaries()), port_(FreePort()) {
  if (binaries_.empty()) {
    why_not_ = "no server of PostgreSQL in /usr/lib/postgresql: apt-get install postgresql";
    return;
  }
  if (::geteuid() == 0) {
    const passwd* const user = ::getpwnam("postgres");
    if (user == nullptr || ::chown(directory_.path().c_str(), user->pw_uid, user->pw_gid) != 0) {
      why_not_ = "it does not run as root, and there is no user postgres";
      return;
    }
  }
  std::string said;
  const auto made = Run(AsItsUser({binaries_ + "/initdb", "-D", directory_ / "data", "-U", kUser, "-A",
                                   "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"}),
                        &said);
  if (made != 0) throw std::runtime_error("initdb: " + said);
  Start();
}

PostgresCluster::~PostgresCluster() { Stop(); }

PostgresCluster& PostgresCluster::Shared() {
  static PostgresCluster cluster;
  return cluster;
}

// It ends with this process, whatever becomes of that.
std::vector<std::string> PostgresCluster::AsItsUser(std::vector<std::string> words) const {
  std::vector<std::string> all = {"setpriv", "--pdeathsig", "KILL"};
  if (::geteuid() == 0) all.insert(all.end(), {"--reuid=postgres", "--regid=postgres", "--clear-groups"});
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

std::optional<int> PostgresCluster::Run(const std::vector<std::string>& words, std::string* out) const {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  const pid_t pid = Spawn(words, ends[1]);
  ::close(ends[1]);
  std::array<char, 4096> chunk;
  for (ssize_t count; (count = ::read(ends[0], chunk.data(), chunk.size())) > 0;)
    if (out != nullptr) out->append(chunk.data(), static_cast<size_t>(count));
  ::close(ends[0]);
  int status = 0;
  if (pid < 0 || ::waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return std::nullopt;
  return WEXITSTATUS(status);
}

std::string PostgresCluster::Sql(const std::string& database, const std::string& sql) const {
  std::string out;
  const auto done = Run({binaries_ + "/psql", "-h", "127.0.0.1", "-p", std::to_string(port_), "-U", kUser,
                         "-d", database, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", sql},
                        &out);
  if (done != 0) throw std::runtime_error(sql + ": " + out);
  out.resize(out.find_last_not_of('\n') + 1);
  return out;
}

pid_t PostgresCluster::Serve(const std::vector<std::string>& words) const {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  const pid_t pid = Spawn(AsItsUser(words), nowhere);
  ::close(nowhere);
  return pid;
}

std::string PostgresCluster::Write(const std::string& name, const std::string& text) const {
  std::string path = directory_.Write(name, text);
  ::chmod(path.c_str(), 0644);
  return path;
}

void PostgresCluster::Start() {
  server_ = Serve({binaries_ + "/postgres", "-D", directory_ / "data", "-p", std::to_string(port_), "-c",
                   "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"});
  const bool ready = Eventually([&] {
    return Run({binaries_ + "/pg_isready", "-q", "-h", "127.0.0.1", "-p", std::to_string(port_)}) == 0;
  });
  if (!ready) throw std::runtime_error("PostgreSQL does not start");
}

// Immediate: its processes are told to end where they are.
void PostgresCluster::Stop() {
  if (server_ <= 0) return;
  ::kill(server_, SIGQUIT);
  ::waitpid(server_, nullptr, 0);
  server_ = -1;
}

std::string PostgresCluster::NewDatabase() {
  const std::string name = StrCat("t", ++databases_);
  Sql("postgres", "CREATE DATABASE " + name);
  std::string url = StrCat("postgresql://", kUser, "@127.0.0.1:", port_, "/", name);
  const auto migrated = Database({url, ""}).Migrate();
  if (!migrated.ok()) throw std::runtime_error(migrated.error().message);
  return url;
}

}  // namespace thimble::test
