// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/kds_store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/service/testing/amd_world.h"
#include "tests/service/testing/process.h"

namespace thimble {
namespace {

using amd::Product;
using sim::SnpPlatform;

const SnpPlatform kMilan = SnpPlatform::Of(Product::kMilan), kTurin = SnpPlatform::Of(Product::kTurin);

class KdsStoreTest : public testing::Test {
 protected:
  void Write(const SnpPlatform& chip, const std::string& file, const Bytes& der) {
    const std::string directory = StrCat("kds/vcek/", HexLower(chip.hwid()));
    std::filesystem::create_directories(w_.files / directory);
    w_.files.Write(StrCat(directory, "/", file), der);
  }
  KdsStore Read() {
    const auto store = ReadKdsStore(w_.files / "kds");
    EXPECT_TRUE(store) << store.error().message;
    return store ? *store : KdsStore{};
  }
  std::vector<CollateralKey> Keys() {
    std::vector<CollateralKey> keys;
    for (const StoredVcek& vcek : Read().vceks) keys.emplace_back(vcek.key);
    return keys;
  }
  void ExpectRefused(Check check) {
    const KdsStore store = Read();
    EXPECT_TRUE(store.vceks.empty());
    ASSERT_EQ(store.refused.size(), 1u);
    EXPECT_EQ(store.refused[0].second.check, check) << store.refused[0].second.message;
  }
  test::ProcessResult Fetch(const std::vector<std::string>& where) {
    std::vector<std::string> arguments{"fetch", "--kds-store", w_.files / "kds", "--json"};
    arguments.insert(arguments.end(), where.begin(), where.end());
    return test::RunThimble(arguments);
  }

  test::AmdWorld w_;
};

TEST_F(KdsStoreTest, ReadsWhatTrusteeKeeps) {
  Write(kMilan, "bl04_tee00_snp29_ucode225_vcek.der", w_.amd.Leaf(kMilan));
  Write(kTurin, "bl01_tee02_snp04_ucode91_fmc01_vcek.der", w_.amd.Leaf(kTurin));
  Write(kTurin, "README", Bytes{1});
  EXPECT_EQ(Keys(), (std::vector{test::VcekKeyOf(kTurin), test::VcekKeyOf(kMilan)}));
}

TEST_F(KdsStoreTest, AFileWithoutATcbInItsNameIsWhatItsCertificateSays) {
  Write(kMilan, "vcek.der", w_.amd.Leaf(kMilan));
  EXPECT_EQ(Keys(), std::vector{test::VcekKeyOf(kMilan)});
}

TEST_F(KdsStoreTest, RefusesTheCertificateOfAnotherChipOrTcb) {
  Write(kTurin, "vcek.der", w_.amd.Leaf(kMilan));
  ExpectRefused(Check::kCollateralMismatch);
  std::filesystem::remove_all(w_.files / "kds");
  Write(kMilan, "bl04_tee00_snp24_ucode220_vcek.der", w_.amd.Leaf(kMilan));
  ExpectRefused(Check::kCollateralMismatch);
  Write(kMilan, "bl04_tee00_snp29_ucode225_fmc00_vcek.der", w_.amd.Leaf(kMilan));
  EXPECT_EQ(Read().refused.size(), 2u);
}

TEST_F(KdsStoreTest, RefusesWhatIsNoCertificate) {
  Write(kMilan, "vcek.der", Bytes{0x30, 0x00});
  ExpectRefused(Check::kCollateralMalformed);
  Write(kMilan, "vcek.der", Bytes{});
  ExpectRefused(Check::kCollateralMalformed);
}

TEST_F(KdsStoreTest, WantsADirectory) {
  const auto store = ReadKdsStore(w_.files / "none");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().check, Check::kRequest);
  EXPECT_EQ(Fetch({"--data", w_.files / "data"}).exit_code, 2);
}

TEST_F(KdsStoreTest, BringsItToTheRunningServerOfADirectory) {
  w_.StartOnDisk();
  Write(kMilan, "vcek.der", w_.amd.Leaf(kMilan));
  const test::ProcessResult run = Fetch({"--data", w_.config.cache.data});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_EQ(w_.Get(test::VcekKeyOf(kMilan)).body, AsText(w_.amd.Leaf(kMilan)));
  EXPECT_EQ(w_.vendor.Count("SPL="), 0u);
  EXPECT_EQ(w_.vendor.Count("cert_chain"), 1u);

  Write(kTurin, "vcek.der", sim::SimAmd::Make({.seed = "forger"}).Leaf(kTurin));
  const test::ProcessResult forged = Fetch({"--data", w_.config.cache.data});
  EXPECT_EQ(forged.exit_code, 1);
  EXPECT_NE(forged.out.find("snp.leaf_signature"), std::string::npos) << forged.out;
}

TEST_F(KdsStoreTest, BringsItToAStoreThatNoServerRunsOn) {
  Write(kMilan, "vcek.der", w_.amd.Leaf(kMilan));
  const test::ProcessResult run = Fetch({"--data", w_.config.cache.data, "--kds-url", w_.vendor.BaseUrl(),
                                         "--anchor", w_.files / "amd-root.pem"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  w_.vendor.SetMode("500");
  w_.StartOnDisk();
  EXPECT_EQ(w_.Get(test::VcekKeyOf(kMilan)).status, 200);
}

TEST_F(KdsStoreTest, TakesNothingFromStrangers) {
  w_.Start(sim::kAmdNow);
  Write(kMilan, "vcek.der", w_.amd.Leaf(kMilan));
  EXPECT_NE(Fetch({"--server", StrCat("http://127.0.0.1:", w_.port())}).exit_code, 0);
  EXPECT_EQ(w_.app->cache().Keys().size(), 0u);
}

}  // namespace
}  // namespace thimble
