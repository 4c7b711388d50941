// SPDX-License-Identifier: Apache-2.0
//
// What `thimble doctor` checks: each upstream (name, TLS, clock, kind, key, one authentic item of each kind that has not
// ended), this host (proxies, data directory, certificate, roles), what a running server or its store says of itself, and
// whether it answers its clients as each of them needs it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fetchers/intel_crl_addresses.h"
#include "fetchers/upstreams.h"
#include "service/cli/doctor/known_clients.h"
#include "service/cli/doctor/symptom.h"
#include "service/cli/thimble_client.h"
#include "tcb/collateral_key.h"

namespace thimble {

// Each finding is also given to `show` at once: a doctor that waits for a time-out should say what it waits for.
class Doctor {
 public:
  using Show = std::function<void(const Symptom&)>;
  Doctor(const TrustAnchors& anchors, RootCrlAddresses root_crls, intel::Fmspc fmspc, Instant now, Show show)
      : anchors_(anchors),
        root_crls_(std::move(root_crls)),
        fmspc_(fmspc),
        now_(now),
        show_(std::move(show)) {}

  void CheckUpstream(Vendor vendor, const Upstream& upstream);
  // Sends what this client sends, and judges the answers by its rules.
  void CheckServer(ThimbleClient& server, const KnownClient& client);
  // What was found elsewhere.
  void Add(const Diagnosis& more);

  const Diagnosis& diagnosis() const { return diagnosis_; }
  bool well() const;  // nothing failed

 private:
  std::vector<CollateralKey> KeysOf(Vendor vendor) const;
  bool Resolve(const std::string& where, const Upstream& upstream);
  bool Connect(const std::string& where, const Upstream& upstream);
  void CheckKind(const std::string& where, const Upstream& upstream);
  void CheckSubscriptionKey(const std::string& where, const Upstream& upstream);
  void CheckItems(const std::string& where, Vendor vendor, const Upstream& upstream);
  void Record(Symptom symptom);

  const TrustAnchors& anchors_;
  const RootCrlAddresses root_crls_;
  const intel::Fmspc fmspc_;
  const Instant now_;  // as of when what ends is judged
  const Show show_;
  Diagnosis diagnosis_;
};

}  // namespace thimble
