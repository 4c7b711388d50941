// SPDX-License-Identifier: Apache-2.0
//
// The items that versions.h speaks of, made: signed by the simulated vendors, and authentic.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "tcb/collateral.h"
#include "tests/service/testing/versions.h"
#include "tests/support/sim_amd.h"
#include "tests/support/sim_intel.h"

namespace thimble::test {

// An item in both of its forms.
struct Version {
  CollateralBytes bytes;
  ItemPtr item;
};

enum class Item : uint8_t { kRootCrl, kPckCrl, kTcbInfo, kIdentity };
inline constexpr Item kItems[] = {Item::kRootCrl, Item::kPckCrl, Item::kTcbInfo, Item::kIdentity};
inline bool IsCrl(Item item) { return item == Item::kRootCrl || item == Item::kPckCrl; }

class Intel {
 public:
  Bytes Quote(IntelTee tee) const;
  TrustAnchors anchors() const { return intel_.Anchors(); }
  static CollateralKey KeyOf(IntelTee tee, Item item, const Selector& selector);
  // Signed and authenticated the first time.
  const Version& Get(IntelTee tee, Item item, const Made& made, const Selector& selector);

 private:
  CollateralBytes BytesOf(IntelTee tee, Item item, const Made& made) const;

  sim::SimIntel intel_ = sim::SimIntel::Make();
  std::map<std::pair<std::string, Made>, Version> versions_;
};

class Amd {
 public:
  TrustAnchors anchors() const { return amd_.Anchors(); }
  static CollateralKey KeyOf() { return AmdCrlKey{kProduct, amd::SigningKey::kVcek}; }
  // A report with its certificates beside it, and the host's CRL.
  Bytes Evidence(const std::optional<Made>& host);
  // Its CRL; of another product when its number is not 0.
  const Version& Get(const Made& made);

 private:
  static constexpr amd::Product kProduct = amd::Product::kMilan;
  sim::SimAmd amd_ = sim::SimAmd::Make();
  const sim::SnpPlatform platform_ = sim::SnpPlatform::Of(kProduct);
  const Bytes report_ = amd_.Report(platform_);
  const std::vector<std::pair<std::string, Bytes>> certificates_ = {
      {sim::kVcekGuid, amd_.Leaf(platform_)},
      {sim::kAskGuid, amd_.Intermediate(kProduct, amd::SigningKey::kVcek)},
      {sim::kArkGuid, amd_.Ark(kProduct)}};
  std::map<Made, Version> versions_;
};

}  // namespace thimble::test
