// SPDX-License-Identifier: Apache-2.0
#include "cache/appraisal_policies.h"

#include <gtest/gtest.h>

#include "cache/memory_store.h"
#include "tcb/base/crypto.h"

namespace thimble {
namespace {

const intel::Fmspc kFirst = *intel::Fmspc::FromHex("00906ED50000"),
                   kSecond = *intel::Fmspc::FromHex("00A067110000");

TEST(AppraisalPolicies, ADefaultReplacesTheDefaultOfItsFmspc) {
  AppraisalPolicies policies(std::make_shared<MemoryStore>());
  EXPECT_TRUE(policies.Defaults(kFirst)->empty());
  const auto id = policies.Put(kFirst, "a.b.c", true);
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(*id, Sha384(AsBytes("a.b.c")));
  ASSERT_TRUE(policies.Put(kFirst, "not.a.default", false).ok());
  ASSERT_TRUE(policies.Put(kSecond, "of.another.fmspc", true).ok());
  EXPECT_EQ(*policies.Defaults(kFirst), std::vector<std::string>{"a.b.c"});
  ASSERT_TRUE(policies.Put(kFirst, "d.e.f", true).ok());
  EXPECT_EQ(*policies.Defaults(kFirst), std::vector<std::string>{"d.e.f"});
  EXPECT_EQ(*policies.Defaults(kSecond), std::vector<std::string>{"of.another.fmspc"});
  ASSERT_TRUE(policies.Put(kFirst, "d.e.f", false).ok());
  EXPECT_TRUE(policies.Defaults(kFirst)->empty()) << "the same text again, no longer the default";
}

}  // namespace
}  // namespace thimble
