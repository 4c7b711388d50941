// SPDX-License-Identifier: Apache-2.0
//
// What a cache would hold for a platform of the simulated AMD.
#pragma once

#include "tcb/collateral.h"
#include "tests/tcb/amd/world.h"

namespace thimble::amd {

inline ItemPtr Item(const CollateralKey& key, const Bytes& body, const std::string& issuer_chain) {
  auto item = AuthenticateItem(key, {body, issuer_chain}, WorldAnchors());
  EXPECT_TRUE(item.ok()) << (item.ok() ? "" : item.error().message);
  return item.ok() ? *item : nullptr;
}

inline ItemPtr CrlItem(const sim::SnpPlatform& platform, const Bytes& crl) {
  return Item(AmdCrlKey{platform.product, platform.kind}, crl,
              World().ChainPem(platform.product, platform.kind));
}

inline CachedEndorsements Cached(const sim::SnpPlatform& platform) {
  const std::string chain = World().ChainPem(platform.product, platform.kind);
  CachedEndorsements cached;
  if (platform.kind == SigningKey::kVcek) {
    cached.vcek =
        Item(VcekKey{platform.product, platform.hwid(), platform.tcb}, World().Leaf(platform), chain);
  }
  const ByteView text = AsBytes(chain);
  cached.chain = Item(AmdChainKey{platform.product, platform.kind}, Bytes(text.begin(), text.end()), "");
  cached.crl = CrlItem(platform, World().Crl(platform.product));
  return cached;
}

}  // namespace thimble::amd
