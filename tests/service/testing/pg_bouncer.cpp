// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/pg_bouncer.h"

#include <signal.h>
#include <sys/wait.h>

#include <filesystem>

#include "tcb/base/text.h"

namespace thimble::test {
namespace {

constexpr const char* kBinary = "/usr/sbin/pgbouncer";

// server_login_retry: by default it would try a server that has gone again after 15 s only.
std::string Settings(uint16_t port, uint16_t server_port, const std::string& users) {
  return StrCat("[databases]\n* = host=127.0.0.1 port=", server_port,
                "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ", port,
                "\nunix_socket_dir =\nauth_type = trust\nauth_file = ", users,
                "\npool_mode = transaction\ndefault_pool_size = 3\nserver_login_retry = 1\n");
}

}  // namespace

PgBouncer::PgBouncer(const PostgresCluster& cluster) : server_port_(cluster.port()), port_(FreePort()) {
  if (!std::filesystem::exists(kBinary)) {
    why_not_ = "no PgBouncer: apt-get install pgbouncer";
    return;
  }
  const std::string users = cluster.Write("users", "\"thimble\" \"\"\n");
  pid_ = cluster.Serve({kBinary, "-q", cluster.Write("pgbouncer.ini", Settings(port_, server_port_, users))});
}

PgBouncer::~PgBouncer() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

std::string PgBouncer::Through(const std::string& url) const {
  const std::string before = StrCat(":", server_port_, "/"), after = StrCat(":", port_, "/");
  std::string through = url;
  return through.replace(through.find(before), before.size(), after);
}

}  // namespace thimble::test
