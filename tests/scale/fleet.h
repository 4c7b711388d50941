// SPDX-License-Identifier: Apache-2.0
//
// Replicas of Thimble as processes of the real binary, over one PostgreSQL, directly or by way of PgBouncer, in front of one
// simulated vendor.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/fault/child.h"
#include "tests/service/testing/pg_bouncer.h"
#include "tests/service/testing/raw_http.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_vendor_server.h"

namespace thimble::test {

// What takes long is short unless THIMBLE_FLEET is "full".
bool FullFigures();

class Fleet {
 public:
  enum class Way : uint8_t { kDirect, kPooled };
  // `why_not` is not empty where there is no PostgreSQL or PgBouncer. Started, and all in reach of the database.
  Fleet(size_t replicas, Way way);

  const std::string& why_not() const { return why_not_; }
  size_t size() const { return replicas_.size(); }
  uint16_t port(size_t replica) const { return replicas_.at(replica).port; }
  void Start(size_t replica);
  void Kill(size_t replica);  // SIGKILL

  RawAnswer Ask(size_t replica, std::string_view target) const { return Get(port(replica), target); }
  // With a JSON body, as whoever may do everything.
  RawAnswer Send(size_t replica, std::string_view method, std::string_view target,
                 std::string_view body = "") const;
  // Of a metric without labels.
  std::optional<double> Metric(size_t replica, std::string_view name) const;
  bool AllReach() const;  // the database
  std::string Sql(const std::string& sql) const;

  // A nonce of this replica's; empty: it gave none.
  std::string Challenge(size_t replica) const;
  // The request to verify a TD's quote that has this nonce in it.
  std::string RequestWith(const std::string& nonce) const;
  // The decision about it, "accept" or "reject"; "503" where there is none.
  std::string Verify(size_t replica, const std::string& request) const;

  sim::SimIntel intel = sim::SimIntel::Make();
  sim::SimVendorServer vendor{intel};

 private:
  struct Replica {
    std::string config, data;
    std::unique_ptr<Child> process;
    uint16_t port = 0;
  };

  TempDir files_;
  std::string why_not_, url_;
  std::unique_ptr<PgBouncer> bouncer_;
  std::deque<Replica> replicas_;
};

}  // namespace thimble::test
