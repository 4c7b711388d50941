// SPDX-License-Identifier: Apache-2.0
//
// A TPM's quote, its signature and the certificate of its key: no bit of them may be another.
#include <gtest/gtest.h>

#include "tcb/tpm/verify.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_platform.h"

namespace thimble::tpm {
namespace {

TEST(TpmVerification, NoFlippedBitOfTheSetIsAuthentic) {
  const sim::TpmQuoteBytes good = sim::MakeTpmQuote({}, sim::VtpmKey());
  TrustAnchors anchors = TrustAnchors::Pinned();
  ASSERT_TRUE(anchors.AddFor(AnchorUse::kTpm, sim::TpmRootCertificate()).ok());
  const auto judge = [&](const Bytes& message, const Bytes& signature, const Bytes& certificate) {
    const auto quote = ParseQuote(message, signature, sim::TpmQuoteSpec{}.pcrs, kTpmChecks);
    KeyEvidence key;
    if (!quote || !TakeCertificate(certificate, key) || !TakeChain(sim::TpmCaCertificate(), key))
      return false;
    return VerifyQuote(*quote, key, sim::TpmQuoteSpec{}.nonce, {.anchors = anchors, .at = sim::kNow})
        .authentic;
  };
  const Bytes certificate = sim::AkCertificate();
  ASSERT_TRUE(judge(good.message, good.signature, certificate));
  const auto flip = [](Bytes bytes, size_t bit) {
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ 1u << bit % 8);
    return bytes;
  };
  for (size_t bit = 0; bit < 8 * good.message.size(); ++bit)
    EXPECT_FALSE(judge(flip(good.message, bit), good.signature, certificate)) << "message, bit " << bit;
  for (size_t bit = 0; bit < 8 * good.signature.size(); bit += 7)
    EXPECT_FALSE(judge(good.message, flip(good.signature, bit), certificate)) << "signature, bit " << bit;
  for (size_t bit = 0; bit < 8 * certificate.size(); bit += 7)
    EXPECT_FALSE(judge(good.message, good.signature, flip(certificate, bit))) << "certificate, bit " << bit;
}

}  // namespace
}  // namespace thimble::tpm
