// SPDX-License-Identifier: Apache-2.0
//
// How a platform and its TCB are named.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "tcb/collateral_key.h"
#include "tcb/intel/pck_tcb.h"
#include "tcb/intel/platform_id.h"

namespace thimble::intel {
namespace {

const PceId kPce = *PceId::FromHex("0A00");

TEST(PlatformId, IsUpperCaseAndOneNameForOnePlatform) {
  const auto lower = PlatformId::From("0badc0ffee", kPce), upper = PlatformId::From("0BADC0FFEE", kPce);
  ASSERT_TRUE(lower && upper);
  EXPECT_EQ(*lower, *upper);
  EXPECT_EQ(lower->qe_id(), "0BADC0FFEE");
  EXPECT_EQ(lower->name(), "0BADC0FFEE/0a00");
  EXPECT_EQ(PlatformId::FromName("0BADC0FFEE/0a00"), *upper);
  EXPECT_FALSE(PlatformId::FromName("0badc0ffee/0a00"));
  EXPECT_FALSE(PlatformId::FromName("0BADC0FFEE/0A00"));
  EXPECT_FALSE(PlatformId::FromName("0BADC0FFEE"));
  EXPECT_NE(*PlatformId::From("0BADC0FFEE", *PceId::FromHex("0000")), *upper);
}

TEST(PlatformId, TakesAnyTextThatCanBeAName) {
  const auto odd = PlatformId::From("host 7/b%\xc3\xa9", kPce);
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->name(), "HOST%207%2FB%25%C3%A9/0a00");
  EXPECT_EQ(PlatformId::FromName(odd->name()), *odd);
  EXPECT_TRUE(PlatformId::From(std::string(260, 'f'), kPce));
  EXPECT_FALSE(PlatformId::From(std::string(261, 'f'), kPce));
  EXPECT_FALSE(PlatformId::From("", kPce));
  EXPECT_FALSE(PlatformId::From("a\nb", kPce));
  EXPECT_FALSE(PlatformId::From("a\x7f", kPce));
  EXPECT_TRUE(PlatformId::From(std::string(133, '/'), kPce));
  EXPECT_FALSE(PlatformId::From(std::string(134, '/'), kPce)) << "too long once it is written as a name";
}

TEST(PlatformId, NamesAPieceOfCollateral) {
  const CollateralKey key = PckCertsKey{*PlatformId::From("a/b", kPce)};
  EXPECT_EQ(KeyName(key), "intel/pck/A%2FB/0a00");
  EXPECT_EQ(ParseKeyName("intel/pck/A%2FB/0a00"), key);
  EXPECT_FALSE(ParseKeyName("intel/pck/A/B/0a00"));
  EXPECT_FALSE(ParseKeyName("intel/pck/a/0a00"));
  EXPECT_EQ(VendorOf(key), Vendor::kIntel);
  EXPECT_EQ(KindOf(key), ItemKind::kPckCerts);
  EXPECT_LE(KeyName(PckCertsKey{*PlatformId::From(std::string(133, '/'), kPce)}).size(), 430u);
}

// Who asks as one asks Intel says none.
TEST(PlatformId, MayLackItsQeIdInAName) {
  const auto nameless = PlatformId::FromName("/0a00");
  ASSERT_TRUE(nameless);
  EXPECT_EQ(nameless->qe_id(), "");
  EXPECT_EQ(nameless->pce_id(), kPce);
  const PlatformId asked = nameless->AskedWith(*EncryptedPpid::From(Bytes(384, 1)));
  EXPECT_TRUE(asked.asked());
  EXPECT_EQ(asked.registered(), *nameless);
  const CollateralKey key = PckCertsKey{asked};
  EXPECT_EQ(ParseKeyName(KeyName(key)), key);
  EXPECT_FALSE(PlatformId::FromName("/"));
  EXPECT_FALSE(PlatformId::FromName("/0A00"));
}

TEST(PlatformId, ThatALookUpNamesIsOfItsProof) {
  const PlatformId id = *PlatformId::From("a/b", kPce);
  const auto ppid = [](uint8_t byte) { return PlatformProof(*EncryptedPpid::From(Bytes(384, byte))); };
  const PlatformId asked = id.AskedWith(ppid(1));
  EXPECT_TRUE(asked.asked());
  EXPECT_FALSE(id.asked());
  EXPECT_EQ(asked, id.AskedWith(ppid(1)));
  EXPECT_EQ(asked.AskedWith(ppid(2)), id.AskedWith(ppid(2))) << "of the last proof";
  EXPECT_NE(asked, id.AskedWith(ppid(2)));
  EXPECT_NE(asked, id);
  EXPECT_EQ(asked.registered(), id);
  EXPECT_EQ(asked.qe_id(), "A/B");
  const CollateralKey key = PckCertsKey{asked};
  EXPECT_EQ(KeyName(key).substr(0, 22), "intel/pck/A%2FB/0a00/" + KeyName(key).substr(21, 1));
  EXPECT_EQ(ParseKeyName(KeyName(key)), key);
  std::string upper = KeyName(key);
  std::ranges::transform(upper.begin() + 21, upper.end(), upper.begin() + 21, [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  EXPECT_FALSE(ParseKeyName(upper)) << "one name for one platform";
  EXPECT_FALSE(ParseKeyName(KeyName(key) + "00"));
  EXPECT_FALSE(ParseKeyName("intel/pck/A%2FB/0a00/"));
  EXPECT_FALSE(PlatformId::From(std::string("A\0B", 3), kPce)) << "no QE id looks like one with a proof";
}

TEST(PckTcb, ReadsAndWritesThePceSvnLittleEndian) {
  const auto tcb = PckTcb::FromHex("0E0E02040180070000000000000000ff0a01");
  ASSERT_TRUE(tcb);
  EXPECT_EQ(tcb->cpu_svn[0], 0x0e);
  EXPECT_EQ(tcb->cpu_svn[15], 0xff);
  EXPECT_EQ(static_cast<uint16_t>(tcb->pce_svn), 0x010a);
  EXPECT_EQ(tcb->HexUpper(), "0E0E02040180070000000000000000FF0A01");
  EXPECT_EQ(tcb->PceSvnHexUpper(), "0A01");
  EXPECT_EQ(PckTcb::FromHex(tcb->CpuSvnHexUpper(), tcb->PceSvnHexUpper()), *tcb);
  EXPECT_FALSE(PckTcb::FromHex("0E0E02040180070000000000000000ff0a0"));
  EXPECT_FALSE(PckTcb::FromHex("0E0E02040180070000000000000000ff0a0100"));
  EXPECT_FALSE(PckTcb::FromHex("0E0E02040180070000000000000000fg0a01"));
}

TEST(PckTcb, CoversComponentByComponent) {
  const PckTcb base = *PckTcb::FromHex("0505000000000000000000000000000005FF");
  EXPECT_TRUE(Covers(base, base));
  PckTcb higher = base;
  higher.cpu_svn[15] = 1;
  EXPECT_TRUE(Covers(higher, base));
  EXPECT_FALSE(Covers(base, higher));
  PckTcb other = base;
  other.pce_svn = PceSvn{0xff06};
  EXPECT_TRUE(Covers(other, base));
  EXPECT_FALSE(Covers(base, other));
  EXPECT_FALSE(Covers(higher, other) || Covers(other, higher));
  EXPECT_TRUE(OrderedBefore(base, other) && OrderedBefore(other, higher));
}

}  // namespace
}  // namespace thimble::intel
