// SPDX-License-Identifier: Apache-2.0
//
// Registrations that wait are asked for until their certificates are here, ever less often.
#include "service/platforms/waiting_registrations.h"

#include <gtest/gtest.h>

#include <set>

#include "cache/memory_store.h"
#include "tests/service/testing/pccs_world.h"

namespace thimble {
namespace {

using Outcome = RefreshLine::Outcome;
using Why = QueuedRegistration::Why;

Registration RegistrationOf(int number, sim::Tcb tcb = sim::Tcb::kGood) {
  std::string qe_id = std::to_string(number);
  qe_id.insert(0, 32 - qe_id.size(), '0');
  return {*intel::PlatformId::From(qe_id, *intel::PceId::FromHex("0000")),
          test::TcbOf(tcb),
          intel::EncryptedPpid::From(Bytes(384, 7)),
          {}};
}

class WaitingRegistrationsTest : public testing::Test {
 protected:
  void Enqueue(const Registration& registration, Why why = Why::kNew) {
    ASSERT_TRUE(registry_.Edit([&](RegistryEdit& edit) { return edit.Enqueue(registration, why); }).ok());
  }
  Status Fetch(const Registration& registration) {
    ++asked_;
    if (asked_ == stop_after_) stop_ = true;
    if (refused_)
      return Error{ErrorKind::kRejected, Check::kPckPlatformMismatch, "another platform's certificates"};
    if (!answers_) return Error{ErrorKind::kUnavailable, Check::kUpstreamUnreachable, "away"};
    return registry_.Edit(
        [&](RegistryEdit& edit) { return edit.Settle(registration.platform, not_available_); });
  }
  std::vector<RefreshLine> PassAt(Seconds after, RefreshUrge urge = RefreshUrge::kPatient) {
    return waiting_.Pass(sim::kNow + after, urge);
  }

  PlatformRegistry registry_{std::make_shared<MemoryStore>()};
  bool reachable_ = true, answers_ = true, refused_ = false, stop_ = false;
  size_t stop_after_ = 1'000;
  std::vector<intel::PckTcb> not_available_;
  size_t asked_ = 0;
  WaitingRegistrations waiting_{registry_, [this](const Registration& r) { return Fetch(r); },
                                [this] { return reachable_; }, [this] { return stop_; }};
};

TEST_F(WaitingRegistrationsTest, AreFetchedOnceAndWaitNoLonger) {
  Enqueue(RegistrationOf(1));
  Enqueue(RegistrationOf(2), Why::kNotAvailable);
  const auto lines = PassAt(Seconds(0));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].outcome, Outcome::kRenewed);
  EXPECT_EQ(lines[1].outcome, Outcome::kRenewed);
  EXPECT_TRUE(registry_.Waiting(Why::kNew)->empty());
  EXPECT_TRUE(registry_.Waiting(Why::kNotAvailable)->empty());
  EXPECT_TRUE(PassAt(Seconds(10'000)).empty());
  EXPECT_EQ(asked_, 2u);
}

TEST_F(WaitingRegistrationsTest, AreAskedForAgainAfterEverLongerWaits) {
  Enqueue(RegistrationOf(1));
  answers_ = false;
  const auto lines = PassAt(Seconds(0));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].outcome, Outcome::kFailed);
  EXPECT_EQ(lines[0].reason, "registration waits: away");
  for (int minute = 1; minute < 60 * 24; ++minute) PassAt(std::chrono::minutes(minute));
  // After 1, 2, 4, ... 256 minutes, and then every six hours.
  EXPECT_EQ(asked_, 1u + 9u + 2u);
  EXPECT_EQ(PassAt(std::chrono::hours(24), RefreshUrge::kNow).size(), 1u) << "an urgent pass asks at once";
  EXPECT_EQ(registry_.Waiting(Why::kNew)->size(), 1u) << "it is still there";
  EXPECT_EQ(PassAt(-std::chrono::hours(24 * 400)).size(), 1u) << "a clock that was set back delays nothing";
}

TEST_F(WaitingRegistrationsTest, OneAnswerIsForAllTcbsOfAPlatform) {
  Enqueue(RegistrationOf(1, sim::Tcb::kGood));
  Enqueue(RegistrationOf(1, sim::Tcb::kNewest));
  EXPECT_EQ(PassAt(Seconds(0)).size(), 1u);
  EXPECT_TRUE(registry_.Waiting(Why::kNew)->empty());
}

TEST_F(WaitingRegistrationsTest, WhatTheVendorDoesNotHaveYetIsNotAskedForEachMinute) {
  const Registration registration = RegistrationOf(1);
  not_available_ = {*registration.raw};
  Enqueue(registration, Why::kNotAvailable);
  PassAt(Seconds(0));
  EXPECT_EQ(registry_.Waiting(Why::kNotAvailable)->size(), 1u);
  PassAt(Seconds(30));
  EXPECT_EQ(asked_, 1u);
  PassAt(Seconds(60));
  EXPECT_EQ(asked_, 2u);
}

TEST_F(WaitingRegistrationsTest, NobodyIsAskedWhereNobodyMayBe) {
  Enqueue(RegistrationOf(1));
  reachable_ = false;
  EXPECT_TRUE(PassAt(Seconds(0), RefreshUrge::kNow).empty());
  EXPECT_EQ(asked_, 0u);
}

TEST_F(WaitingRegistrationsTest, APassLeavesOthersTheirTurn) {
  for (const RefreshUrge urge : {RefreshUrge::kPatient, RefreshUrge::kNow}) {
    for (int i = 0; i < 70; ++i) Enqueue(RegistrationOf(i + 1));
    EXPECT_EQ(PassAt(Seconds(0), urge).size(), WaitingRegistrations::kMaxAtOnce);
    EXPECT_EQ(PassAt(Seconds(60), urge).size(), 70 - WaitingRegistrations::kMaxAtOnce);
  }
}

TEST_F(WaitingRegistrationsTest, UrgentPassesComeToEachThoughNoneIsAnswered) {
  for (int i = 0; i < 70; ++i) Enqueue(RegistrationOf(i + 1));
  answers_ = false;
  std::set<std::string> asked;
  for (int pass = 0; pass < 2; ++pass) {
    for (const RefreshLine& line : PassAt(Seconds(pass), RefreshUrge::kNow)) asked.insert(KeyName(line.key));
  }
  EXPECT_EQ(asked.size(), 70u);
}

TEST_F(WaitingRegistrationsTest, WhatIsAnotherPlatformsWaitsNoLonger) {
  Enqueue(RegistrationOf(1));
  refused_ = true;
  const auto lines = PassAt(Seconds(0));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].outcome, Outcome::kFailed);
  EXPECT_TRUE(registry_.Waiting(Why::kNew)->empty());
}

TEST_F(WaitingRegistrationsTest, APassEndsWhenItIsToldToStop) {
  for (int i = 0; i < 5; ++i) Enqueue(RegistrationOf(i + 1));
  stop_after_ = 2;
  EXPECT_EQ(PassAt(Seconds(0), RefreshUrge::kNow).size(), 2u);
  EXPECT_EQ(registry_.Waiting(Why::kNew)->size(), 3u);
}

}  // namespace
}  // namespace thimble
