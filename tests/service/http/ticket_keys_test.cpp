// SPDX-License-Identifier: Apache-2.0
#include "service/http/ticket_keys.h"

#include <gtest/gtest.h>

namespace thimble::http {
namespace {

using std::chrono::seconds;

const TicketKeys::Time kStart(std::chrono::hours(1));

TEST(TicketKeys, OneSealsForItsLifeAndOpensForAsLongAgain) {
  TicketKeys keys;
  const TicketKeys::Key first = keys.Newest(kStart);
  EXPECT_EQ(keys.Newest(kStart + TicketKeys::kKeyLife - seconds(1)).name, first.name);
  const auto found = keys.Find(first.name, kStart + TicketKeys::kKeyLife - seconds(1));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->newest);
  EXPECT_EQ(found->key.cipher, first.cipher);

  const TicketKeys::Key second = keys.Newest(kStart + TicketKeys::kKeyLife);
  EXPECT_NE(second.name, first.name);
  EXPECT_NE(second.cipher, first.cipher);
  EXPECT_NE(second.mac, first.mac);
  const auto older = keys.Find(first.name, kStart + 2 * TicketKeys::kKeyLife - seconds(1));
  ASSERT_TRUE(older);
  EXPECT_FALSE(older->newest);
  EXPECT_EQ(older->key.mac, first.mac);
  EXPECT_FALSE(keys.Find(first.name, kStart + 2 * TicketKeys::kKeyLife));
}

TEST(TicketKeys, OneThatNobodyHasUsedForLongOpensNothing) {
  TicketKeys keys;
  const TicketKeys::Key first = keys.Newest(kStart);
  EXPECT_FALSE(keys.Find(first.name, kStart + 2 * TicketKeys::kKeyLife));
}

TEST(TicketKeys, AnothersAreUnknown) {
  TicketKeys keys, others;
  EXPECT_FALSE(keys.Find(others.Newest(kStart).name, kStart));
}

}  // namespace
}  // namespace thimble::http
