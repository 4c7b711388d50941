// SPDX-License-Identifier: Apache-2.0
#include "tcb/keys_to_verify.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

const intel::Fmspc kFmspc = *intel::Fmspc::FromHex("00806f050000");
const Selector kNumber{Selector::Kind::kNumber, 17};

std::vector<std::string> Names(const std::vector<CollateralKey>& keys) {
  std::vector<std::string> names;
  for (const CollateralKey& key : keys) names.push_back(KeyName(key));
  return names;
}
using List = std::vector<std::string>;

TEST(KeysToVerify, AreTheFourOfAQuote) {
  EXPECT_EQ(Names(KeysToVerify(IntelTee::kSgx, kFmspc, intel::PckCa::kProcessor, {})),
            (List{"intel/crl/root", "intel/crl/pck/processor", "intel/tcb/sgx/00806f050000/standard",
                  "intel/identity/qe/standard"}));
  EXPECT_EQ(Names(KeysToVerify(IntelTee::kTdx, kFmspc, intel::PckCa::kPlatform, kNumber)),
            (List{"intel/crl/root", "intel/crl/pck/platform", "intel/tcb/tdx/00806f050000/17",
                  "intel/identity/td_qe/17"}));
}

TEST(KeysToVerify, WithoutTheCaAreTheCrlsOfBoth) {
  EXPECT_EQ(Names(KeysToVerify(IntelTee::kSgx, kFmspc, std::nullopt, {})),
            (List{"intel/crl/root", "intel/crl/pck/processor", "intel/crl/pck/platform",
                  "intel/tcb/sgx/00806f050000/standard", "intel/identity/qe/standard"}));
}

TEST(KeysToVerify, WithoutTheFmspcHaveNoTcbInfo) {
  EXPECT_EQ(Names(KeysToVerify(IntelTee::kSgx, std::nullopt, intel::PckCa::kPlatform, {})),
            (List{"intel/crl/root", "intel/crl/pck/platform", "intel/identity/qe/standard"}));
}

TEST(KeysToVerify, OfSeveralAreListedOnce) {
  auto keys = KeysToVerify(IntelTee::kSgx, kFmspc, intel::PckCa::kPlatform, {});
  AddKeys(KeysToVerify(IntelTee::kTdx, kFmspc, intel::PckCa::kPlatform, {}), keys);
  EXPECT_EQ(keys.size(), 6u);
}

}  // namespace
}  // namespace thimble
