// SPDX-License-Identifier: Apache-2.0
//
// What `thimble doctor` checks: does each upstream's name resolve, can it be connected to (with TLS), and does it
// give one authentic item of each kind; and does a running Thimble answer its clients as each of them needs it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fetchers/intel_crl_addresses.h"
#include "fetchers/upstreams.h"
#include "service/cli/client_probes.h"
#include "service/cli/thimble_client.h"
#include "tcb/collateral_key.h"

namespace thimble {

struct Symptom {
  std::string where;  // "intel https://..."
  std::string what;   // "resolves", "connects", KeyName
  bool ok = false;
  std::string detail;
};
using Diagnosis = std::vector<Symptom>;

// Each finding is also given to `show` at once: a doctor that waits for a time-out should say what it waits for.
class Doctor {
 public:
  using Show = std::function<void(const Symptom&)>;
  Doctor(const TrustAnchors& anchors, RootCrlAddresses root_crls, intel::Fmspc fmspc, Show show)
      : anchors_(anchors), root_crls_(std::move(root_crls)), fmspc_(fmspc), show_(std::move(show)) {}

  void CheckUpstream(Vendor vendor, const Upstream& upstream);
  // Sends what this client sends, and judges the answers by its rules.
  void CheckServer(ThimbleClient& server, const KnownClient& client);

  const Diagnosis& diagnosis() const { return diagnosis_; }
  bool well() const;

 private:
  std::vector<CollateralKey> KeysOf(Vendor vendor) const;
  bool Resolve(const std::string& where, const Upstream& upstream);
  bool Connect(const std::string& where, const Upstream& upstream);
  void Record(std::string where, std::string what, const Status& status, std::string detail);

  const TrustAnchors& anchors_;
  const RootCrlAddresses root_crls_;
  const intel::Fmspc fmspc_;
  const Show show_;
  Diagnosis diagnosis_;
};

// What to paste into the configuration of clients that are to use the Thimble at this URL.
std::string ClientRecipes(std::string_view url);

}  // namespace thimble
