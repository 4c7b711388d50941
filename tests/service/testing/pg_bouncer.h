// SPDX-License-Identifier: Apache-2.0
//
// PgBouncer in transaction mode in front of a test's PostgreSQL, by Debian's package. With few connections to the server, so
// that those of its clients share them.
#pragma once

#include <sys/types.h>

#include <string>

#include "tests/service/testing/postgres_cluster.h"

namespace thimble::test {

class PgBouncer {
 public:
  // Begins to start; `why_not` is not empty where it cannot.
  explicit PgBouncer(const PostgresCluster& cluster);
  ~PgBouncer();
  PgBouncer(const PgBouncer&) = delete;
  PgBouncer& operator=(const PgBouncer&) = delete;

  const std::string& why_not() const { return why_not_; }
  std::string Through(const std::string& url) const;  // the same database by way of it

 private:
  const uint16_t server_port_, port_;
  std::string why_not_;
  pid_t pid_ = -1;
};

}  // namespace thimble::test
