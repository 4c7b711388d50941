// SPDX-License-Identifier: Apache-2.0
//
// The simulated AMD judged by OpenSSL alone, so that what the core is tested against is right by another's word.
#include "tests/support/sim_amd.h"

#include <gtest/gtest.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "tests/support/sim_hcl.h"

namespace thimble::sim {
namespace {

using amd::Product;
using amd::SigningKey;

struct Free {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_CRL* p) const { X509_CRL_free(p); }
  void operator()(ECDSA_SIG* p) const { ECDSA_SIG_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
};
template <class T>
using Own = std::unique_ptr<T, Free>;

Own<X509> Certificate(const Bytes& der) {
  const uint8_t* at = der.data();
  return Own<X509>(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

bool Signed(const X509* subject, const X509* issuer) {
  return X509_verify(const_cast<X509*>(subject), X509_get0_pubkey(issuer)) == 1;
}

TEST(SimAmd, ChainsHold) {
  const SimAmd world = SimAmd::Make();
  for (const Product product : {Product::kMilan, Product::kGenoa, Product::kTurin}) {
    const auto ark = Certificate(world.Ark(product));
    ASSERT_NE(ark, nullptr);
    EXPECT_TRUE(Signed(ark.get(), ark.get()));
    EXPECT_EQ(EVP_PKEY_get_bits(X509_get0_pubkey(ark.get())), 4096);
    for (const SigningKey kind : {SigningKey::kVcek, SigningKey::kVlek}) {
      const auto intermediate = Certificate(world.Intermediate(product, kind));
      const auto leaf = Certificate(world.Leaf(SnpPlatform::Of(product, kind)));
      ASSERT_TRUE(intermediate != nullptr && leaf != nullptr);
      EXPECT_TRUE(Signed(intermediate.get(), ark.get()));
      EXPECT_TRUE(Signed(leaf.get(), intermediate.get()));
      EXPECT_EQ(X509_check_issued(intermediate.get(), leaf.get()), X509_V_OK);
      EXPECT_EQ(EVP_PKEY_get_bits(X509_get0_pubkey(leaf.get())), 384);
    }
    const Bytes der = world.Crl(product);
    const uint8_t* at = der.data();
    const Own<X509_CRL> crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
    ASSERT_NE(crl, nullptr);
    EXPECT_EQ(X509_CRL_verify(crl.get(), X509_get0_pubkey(ark.get())), 1);
  }
}

TEST(SimAmd, ReportsAreSigned) {
  const SimAmd world = SimAmd::Make();
  const SnpPlatform platform = SnpPlatform::Of(Product::kTurin);
  Bytes report = world.Report(platform, {.version = 5});
  const auto leaf = Certificate(world.Leaf(platform));
  std::reverse(report.begin() + 0x2a0, report.begin() + 0x2a0 + 48);
  std::reverse(report.begin() + 0x2e8, report.begin() + 0x2e8 + 48);
  const Own<ECDSA_SIG> signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(report.data() + 0x2a0, 48, nullptr),
                 BN_bin2bn(report.data() + 0x2e8, 48, nullptr));
  uint8_t* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  const Own<EVP_MD_CTX> context(EVP_MD_CTX_new());
  ASSERT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha384(), nullptr, X509_get0_pubkey(leaf.get())),
            1);
  EXPECT_EQ(EVP_DigestVerify(context.get(), der, static_cast<size_t>(size), report.data(), 0x2a0), 1);
  OPENSSL_free(der);
}

TEST(SimAmd, TheSameSeedMakesTheSameBytes) {
  const SimAmd a = SimAmd::Make(), b = SimAmd::Make(), forger = SimAmd::Make({.seed = "forger"});
  const SnpPlatform platform = SnpPlatform::Of(Product::kMilan);
  EXPECT_EQ(a.ExtendedReport(platform), b.ExtendedReport(platform));
  EXPECT_NE(a.Ark(Product::kMilan), forger.Ark(Product::kMilan));
}

// The hints are what the search finds; the smallest key stands for all.
TEST(SimAmd, PrimeHintsAreTheSearchs) {
  const RsaHint found = SearchRsaPrimes("amd/vtpm", 2048);
  const auto hint = FindRsaHint("amd/vtpm");
  ASSERT_TRUE(hint);
  EXPECT_EQ(hint->p, found.p);
  EXPECT_EQ(hint->q, found.q);
  EXPECT_EQ(FindRsaHint("unknown"), std::nullopt);
}

}  // namespace
}  // namespace thimble::sim
