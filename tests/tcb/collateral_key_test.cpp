// SPDX-License-Identifier: Apache-2.0
//
// Keys and their names: one name for one key, both ways.
#include "tcb/collateral_key.h"

#include <gtest/gtest.h>

#include <set>

namespace thimble {
namespace {

using amd::Product;
using amd::SigningKey;
using intel::Fmspc;
using intel::PckCa;

constexpr Selector kStandard = {}, kEarly = {Selector::Kind::kEarly, 0},
                   kSeventeen = {Selector::Kind::kNumber, 17};
const Fmspc kFmspc = *Fmspc::FromHex("B0C06F000000");

amd::TcbVersion Tcb(Product product, std::optional<uint8_t> fmc = std::nullopt) {
  amd::TcbVersion tcb;
  tcb.product = product;
  tcb.bootloader = 4;
  tcb.snp = 24;
  tcb.microcode = 219;
  tcb.fmc = fmc;
  return tcb;
}

struct Named {
  CollateralKey key;
  std::string name;
  ItemKind kind;
};
const std::vector<Named>& AllNamed() {
  static const std::vector<Named> named = {
      {RootCaCrlKey{}, "intel/crl/root", ItemKind::kRootCaCrl},
      {PckCrlKey{PckCa::kPlatform}, "intel/crl/pck/platform", ItemKind::kPckCrl},
      {PckCrlKey{PckCa::kProcessor}, "intel/crl/pck/processor", ItemKind::kPckCrl},
      {TcbInfoKey{IntelTee::kTdx, kFmspc, kStandard}, "intel/tcb/tdx/b0c06f000000/standard",
       ItemKind::kTcbInfo},
      {TcbInfoKey{IntelTee::kSgx, kFmspc, kEarly}, "intel/tcb/sgx/b0c06f000000/early", ItemKind::kTcbInfo},
      {TcbInfoKey{IntelTee::kSgx, kFmspc, kSeventeen}, "intel/tcb/sgx/b0c06f000000/17", ItemKind::kTcbInfo},
      {EnclaveIdentityKey{EnclaveId::kQe, kSeventeen}, "intel/identity/qe/17", ItemKind::kEnclaveIdentity},
      {EnclaveIdentityKey{EnclaveId::kTdQe, kStandard}, "intel/identity/td_qe/standard",
       ItemKind::kEnclaveIdentity},
      {EnclaveIdentityKey{EnclaveId::kQve, kEarly}, "intel/identity/qve/early", ItemKind::kEnclaveIdentity},
      {EvaluationNumbersKey{IntelTee::kSgx}, "intel/numbers/sgx", ItemKind::kEvaluationNumbers},
      {EvaluationNumbersKey{IntelTee::kTdx}, "intel/numbers/tdx", ItemKind::kEvaluationNumbers},
      {AmdChainKey{Product::kMilan, SigningKey::kVcek}, "amd/chain/milan/vcek", ItemKind::kAmdChain},
      {AmdChainKey{Product::kTurin, SigningKey::kVlek}, "amd/chain/turin/vlek", ItemKind::kAmdChain},
      {AmdCrlKey{Product::kGenoa, SigningKey::kVlek}, "amd/crl/genoa/vlek", ItemKind::kAmdCrl},
      {VcekKey{Product::kMilan, Bytes(64, 0xab), Tcb(Product::kMilan)},
       "amd/vcek/milan/" + HexLower(Bytes(64, 0xab)) + "/bl04-tee00-snp24-ucode219", ItemKind::kVcek},
      {VcekKey{Product::kTurin, Bytes(8, 0x01), Tcb(Product::kTurin, uint8_t{2})},
       "amd/vcek/turin/0101010101010101/bl04-tee00-snp24-ucode219-fmc02", ItemKind::kVcek},
  };
  return named;
}

TEST(CollateralKey, NamesAreStableAndComeBack) {
  std::set<std::string> names;
  for (const auto& [key, name, kind] : AllNamed()) {
    EXPECT_EQ(KeyName(key), name);
    const auto parsed = ParseKeyName(name);
    ASSERT_TRUE(parsed.has_value()) << name;
    EXPECT_TRUE(*parsed == key) << name;
    EXPECT_EQ(KindOf(key), kind) << name;
    EXPECT_EQ(VendorOf(key), name.starts_with("intel/") ? Vendor::kIntel : Vendor::kAmd);
    EXPECT_TRUE(names.insert(name).second);
  }
}

TEST(CollateralKey, EveryOtherSpellingIsNone) {
  for (const auto& [key, name, kind] : AllNamed()) {
    for (size_t i = 0; i < name.size(); ++i) {
      std::string shorter = name, upper = name;
      shorter.erase(i, 1);
      upper[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[i])));
      for (const std::string& other : {shorter, upper}) {
        if (other == name) continue;
        const auto parsed = ParseKeyName(other);
        // "17" cut to "7" names another key, and names it rightly.
        EXPECT_TRUE(!parsed || (KeyName(*parsed) == other && !(*parsed == key))) << other;
      }
    }
    for (const std::string& other :
         {name + "/", "/" + name, name + " ", " " + name, name + "/x", name + std::string(1, '\0')}) {
      EXPECT_FALSE(ParseKeyName(other).has_value()) << other;
    }
  }
}

TEST(CollateralKey, WhatIsNoName) {
  for (const char* bad : {"",
                          "/",
                          "//",
                          "intel",
                          "intel/",
                          "intel/crl",
                          "intel/crl/pck",
                          "intel/crl/pck/server",
                          "intel/tcb/snp/b0c06f000000/standard",
                          "intel/tcb/sgx/b0c06f0000/standard",
                          "intel/tcb/sgx/b0c06f00000g/standard",
                          "intel/tcb/sgx/b0c06f000000/latest",
                          "intel/tcb/sgx/b0c06f000000/017",
                          "intel/tcb/sgx/b0c06f000000/+17",
                          "intel/tcb/sgx/b0c06f000000/-1",
                          "intel/tcb/sgx/b0c06f000000/4294967296",
                          "intel/tcb/sgx/b0c06f000000/",
                          "intel/tcb/sgx/b0c06f000000",
                          "intel/identity/pce/17",
                          "intel/numbers/snp",
                          "arm/crl/root",
                          "amd",
                          "amd/chain/rome/vcek",
                          "amd/chain/milan/csp",
                          "amd/crl/milan",
                          "amd/vcek/milan/0g/bl04-tee00-snp24-ucode219",
                          "amd/vcek/milan/01/bl4-tee00-snp24-ucode219",
                          "amd/vcek/milan/01/bl04-tee00-snp24",
                          "amd/vcek/milan/01/bl04-tee00-snp24-ucode256",
                          "amd/vcek/milan/01/tee00-bl04-snp24-ucode219",
                          "amd/vcek/milan/01/bl04-tee00-snp24-ucode219-",
                          "amd/vcek/milan/01/bl04-tee00-snp24-ucode219-fmc",
                          "amd/vcek/milan/01/bl04-tee00-snp24-ucode219-fmc2",
                          "intel/crl/root/intel/crl/root"}) {
    EXPECT_FALSE(ParseKeyName(bad).has_value()) << bad;
  }
}

TEST(Selector, IsWrittenAsInTheName) {
  EXPECT_EQ(kStandard.ToString(), "standard");
  EXPECT_EQ(kEarly.ToString(), "early");
  EXPECT_EQ(kSeventeen.ToString(), "17");
  EXPECT_EQ((Selector{Selector::Kind::kNumber, UINT32_MAX}).ToString(), "4294967295");
}

}  // namespace
}  // namespace thimble
