// SPDX-License-Identifier: Apache-2.0
//
// A PostgreSQL of a test's own: a cluster in a temporary directory, on loopback, by Debian's binaries. It refuses to run as
// root: then it runs as the user postgres.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace thimble::test {

uint16_t FreePort();  // of loopback, a moment ago

class PostgresCluster {
 public:
  PostgresCluster();  // started; `why_not` is not empty where it cannot be
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  // One for a program; stopped at its end.
  static PostgresCluster& Shared();

  const std::string& why_not() const { return why_not_; }
  uint16_t port() const { return port_; }
  std::string NewDatabase();  // its URL, with the tables of Thimble in it
  // Runs SQL as the superuser; what it printed.
  std::string Sql(const std::string& database, const std::string& sql) const;
  void Start();
  void Stop();  // as a machine that fails: without farewell to clients
  // Another server beside it, as its user: it ends with this process at the latest.
  pid_t Serve(const std::vector<std::string>& words) const;
  // A file that its user may read, in its directory.
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::optional<int> Run(const std::vector<std::string>& words, std::string* out = nullptr) const;
  std::vector<std::string> AsItsUser(std::vector<std::string> words) const;

  TempDir directory_;
  std::string binaries_, why_not_;
  uint16_t port_ = 0;
  pid_t server_ = -1;
  int databases_ = 0;
};

}  // namespace thimble::test
