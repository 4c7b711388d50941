// SPDX-License-Identifier: Apache-2.0
//
// What PUT /platformcollateral uploads: platforms, their certificates and all collateral for them, as Intel's
// PcsClientTool writes it (spec/intel-pccs-api.md section 4). Reading says nothing about trust.
#pragma once

#include <string_view>
#include <vector>

#include "cache/platform.h"
#include "tcb/collateral_item.h"
#include "tcb/collateral_key.h"

namespace thimble {

enum class PcsVersion : uint8_t { kV3, kV4 };

struct BundleItem {
  CollateralKey key;
  CollateralBytes bytes;
};

struct PlatformBundle {
  std::vector<Registration> platforms;      // with the TCBs that they have
  std::vector<Registration> certified;      // those that certificates are brought for
  std::vector<QueuedRegistration> waiting;  // registrations whose certificates are still to be fetched
  std::vector<BundleItem> items;            // certificates, too
  std::vector<BundleItem> version3_infos;   // TCB infos in the form of PCS v3
};

// Objects inside the bundle are taken in JSON without white space, in the order of their members: that is what
// Intel signs. Malformed (request.invalid) for what is not of the form of this version.
Result<PlatformBundle> ParsePlatformBundle(std::string_view text, PcsVersion version);

}  // namespace thimble
