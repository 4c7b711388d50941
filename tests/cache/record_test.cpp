// SPDX-License-Identifier: Apache-2.0
#include "cache/record.h"

#include <gtest/gtest.h>

#include "tcb/base/crypto.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Record Sample() {
  Record record;
  record.name = "intel/identity/qe/standard";
  record.bytes = {{'{', 0, 0xff, '}'}, "-----BEGIN CERTIFICATE-----\n"};
  record.source = "https://pcs.example/qe/identity";
  record.fetched = Instant(Seconds(1'800'000'000));
  record.last_check = record.fetched + Seconds(60);
  record.issued = record.fetched - Seconds(1000);
  record.next_update = record.fetched + Seconds(1000);
  record.chain_end = Instant(Seconds(-1));
  record.order_number = UINT64_MAX;
  record.sha256 = Sha256(record.bytes.body);
  return record;
}

TEST(Record, RoundTrip) {
  const Record record = Sample();
  const auto read = DecodeRecord(record.name, EncodeRecord(record));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->bytes.body, record.bytes.body);
  EXPECT_EQ(read->bytes.issuer_chain, record.bytes.issuer_chain);
  EXPECT_EQ(read->source, record.source);
  EXPECT_EQ(read->fetched, record.fetched);
  EXPECT_EQ(read->last_check, record.last_check);
  EXPECT_EQ(read->issued, record.issued);
  EXPECT_EQ(read->next_update, record.next_update);
  EXPECT_EQ(read->chain_end, record.chain_end);
  EXPECT_EQ(read->order_number, record.order_number);
  EXPECT_EQ(read->sha256, record.sha256);
}

TEST(Record, EmptyFieldsToo) {
  Record record;
  record.sha256 = Sha256(ByteView());
  EXPECT_TRUE(DecodeRecord("", EncodeRecord(record)).ok());
}

TEST(Record, AnyFlippedBitIsTold) {
  const Record record = Sample();
  const std::string good = EncodeRecord(record);
  for (size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      const auto read = DecodeRecord(record.name, bad);
      ASSERT_FALSE(read.ok()) << "byte " << i << " bit " << bit;
      EXPECT_EQ(read.error().check, Check::kStoreCorrupt);
    }
  }
}

TEST(Record, AnyOtherLengthIsTold) {
  const Record record = Sample();
  const std::string good = EncodeRecord(record);
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(DecodeRecord(record.name, good.substr(0, length)).ok()) << length;
  }
  EXPECT_FALSE(DecodeRecord(record.name, good + '\0').ok());
}

TEST(Record, ARecordUnderAnothersNameIsTold) {
  EXPECT_FALSE(DecodeRecord("intel/identity/qve/standard", EncodeRecord(Sample())).ok());
}

// With the outer digest right, each field still has to fit.
TEST(Record, AWellSealedRecordThatLiesAboutItselfIsTold) {
  const auto seal = [](std::string content) {
    const Digest256 digest = Sha256(AsBytes(content));
    return content + std::string(AsText(digest.view()));
  };
  const Record record = Sample();
  std::string content = EncodeRecord(record);
  content.resize(content.size() - Digest256::kSize);
  EXPECT_TRUE(DecodeRecord(record.name, seal(content)).ok());

  std::string newer_version = content;
  newer_version[3] = 2;
  EXPECT_FALSE(DecodeRecord(record.name, seal(newer_version)).ok());
  EXPECT_FALSE(DecodeRecord(record.name, seal(content + "x")).ok());
  EXPECT_FALSE(DecodeRecord(record.name, seal(content.substr(0, content.size() - 1))).ok());
  std::string long_name = content;
  long_name[7] = '\x7f';  // the highest byte of the first length
  EXPECT_FALSE(DecodeRecord(record.name, seal(long_name)).ok());
  Record other_body = record;
  other_body.bytes.body.push_back('x');
  EXPECT_FALSE(DecodeRecord(record.name, EncodeRecord(other_body)).ok());
}

}  // namespace
}  // namespace thimble
