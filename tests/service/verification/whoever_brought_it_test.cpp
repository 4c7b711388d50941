// SPDX-License-Identifier: Apache-2.0
//
// No caller and no host gets a signed accept for what the server, with everything that is authentic and newest, would not
// accept now. Random collateral, held and brought, through Verification; what should come of it is worked out beside it
// (testing/versions.h).
//
//   THIMBLE_SEED=N   the same rounds again;  THIMBLE_ROUNDS=N   more or fewer of them
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "cache/collateral_cache.h"
#include "cache/memory_store.h"
#include "service/config/config.h"
#include "service/verification/verification.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/service/testing/made_items.h"

namespace thimble {
namespace {

using test::Amd, test::Expected, test::Intel, test::Item, test::kItems, test::Made, test::Situation,
    test::Version;
using End = Made::End;

constexpr uint32_t kNumber = sim::kStandardNumber;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

// -- one server, for one decision --

class Server {
 public:
  explicit Server(const TrustAnchors& anchors)
      : anchors_(anchors),
        clock_(sim::kNow),
        cache_(std::make_shared<MemoryStore>(), anchors, NobodyAnswers, {}, {},
               [] { return std::chrono::steady_clock::now(); }),
        verification_(anchors_, &cache_, clock_) {}

  void Hold(const CollateralKey& key, const Version& version) {
    const auto taken = cache_.TakeTogether({{key, version.item, version.bytes.issuer_chain}}, {}, sim::kNow);
    ASSERT_TRUE(taken.ok());
    ASSERT_TRUE(taken->front().ok()) << taken->front().error().message;
  }
  VerificationOutcome Run(const VerificationRequest& request) { return verification_.Run(request); }

 private:
  static Status NobodyAnswers(const CollateralKey&, SteadyTime, const AcceptFunction&) {
    return Error{ErrorKind::kUnavailable, Check::kUpstreamUnreachable, "there is nobody to ask"};
  }
  const TrustAnchors& anchors_;
  const Clock clock_;
  CollateralCache cache_;
  Verification verification_;
};

// -- chance --

class Chance {
 public:
  explicit Chance(uint64_t seed) : random_(seed) {}
  bool OneIn(uint32_t n) { return Below(n) == 0; }
  uint32_t Below(uint32_t n) { return std::uniform_int_distribution<uint32_t>(0, n - 1)(random_); }

  Made Version(bool has_number) {
    Made made{.issue = 1 + Below(3), .number = has_number ? kNumber : 0};
    if (has_number && OneIn(3)) made.number = OneIn(2) ? kNumber - 1 : kNumber + 1;
    made.revoking = OneIn(4);
    if (OneIn(4)) made.end = OneIn(3) ? End::kLongEnded : End::kEnded;
    return made;
  }
  // Most items are as they should be, so that one that is not can be what decides.
  Situation Of(bool has_number) {
    const Made good{.issue = 2, .number = has_number ? kNumber : 0};
    Situation situation{.held = good, .brought = {}, .baseline = {}};
    if (OneIn(3)) {
      situation.held = OneIn(4) ? std::nullopt : std::optional(Version(has_number));
    }
    if (OneIn(2)) situation.brought.push_back(OneIn(3) ? Version(has_number) : good);
    return situation;
  }
  std::vector<Made> HostTable() {
    if (OneIn(3)) return {};
    return {OneIn(3) ? Made{.issue = 2} : Version(false)};
  }

 private:
  std::mt19937_64 random_;
};

// -- what was tried --

class Tally {
 public:
  void Count(const Situation& item) {
    CountOne("held", item.held, item.brought.empty() ? std::nullopt : std::optional(item.brought.front()));
    CountOne("brought", item.brought.empty() ? std::nullopt : std::optional(item.brought.front()), item.held);
  }
  void CountHost(const std::optional<Made>& host, const std::optional<Made>& held) {
    CountOne("host table", host, held);
  }
  void Count(Expected came) {
    ++counts_[came == Expected::kAccept ? "accept" : came == Expected::kReject ? "reject" : "unavailable"];
  }
  void ExpectAtLeast(uint64_t least, const std::vector<std::string>& names) const {
    for (const std::string& name : names) {
      const auto found = counts_.find(name);
      EXPECT_GE(found == counts_.end() ? 0 : found->second, least) << name;
    }
  }
  std::string Text() const {
    std::string out;
    for (const auto& [name, count] : counts_) out += StrCat("  ", name, ": ", count, "\n");
    return out;
  }

 private:
  void CountOne(std::string_view whose, const std::optional<Made>& made, const std::optional<Made>& other) {
    const auto add = [&](std::string_view what) { ++counts_[StrCat(whose, " ", what)]; };
    if (!made) return add("absent");
    if (made->revoking) add("revoking");
    if (made->end != End::kOpen) add("ended");
    if (made->number != 0 && made->number != kNumber) add("of another number");  // or product
    if (other && made->issue < other->issue) add("older");
    if (other && made->issue > other->issue) add("newer");
  }
  std::map<std::string, uint64_t> counts_;
};

Expected CameOf(const VerificationOutcome& outcome) {
  if (!outcome.error) return outcome.decision.accept ? Expected::kAccept : Expected::kReject;
  EXPECT_EQ(outcome.error->kind, ErrorKind::kUnavailable) << outcome.error->message;
  return Expected::kUnavailable;
}

class WhoeverBroughtIt : public testing::Test {
 protected:
  void PutInto(intel::CollateralSet& set, Item item, const CollateralBytes& bytes) {
    switch (item) {
      case Item::kRootCrl:
        set.root_ca_crl = bytes.body;
        set.tcb_info_issuer_chain = intel_chain_;
        return;
      case Item::kPckCrl:
        set.pck_crl = bytes.body;
        set.pck_crl_issuer_chain = bytes.issuer_chain;
        return;
      case Item::kTcbInfo:
        set.tcb_info = bytes.body;
        set.tcb_info_issuer_chain = bytes.issuer_chain;
        return;
      case Item::kIdentity:
        set.qe_identity = bytes.body;
        set.qe_identity_issuer_chain = bytes.issuer_chain;
        return;
    }
  }

  void IntelRound() {
    const IntelTee tee = chance_.OneIn(2) ? IntelTee::kTdx : IntelTee::kSgx;
    const bool named = chance_.OneIn(2);
    const Selector wanted =
        named ? Selector{Selector::Kind::kNumber, kNumber} : Selector{Selector::Kind::kStandard, 0};
    Server server(anchors_);
    VerificationRequest request;
    request.evidence = quotes_.at(tee);
    request.ear = true;
    request.policy = std::make_shared<const Policy>(BuiltInPolicy());
    request.baseline.intel.selector = wanted;
    std::vector<Situation> items;
    for (const Item item : kItems) {
      Situation situation = chance_.Of(!IsCrl(item));
      tally_.Count(situation);
      if (situation.held) {
        const bool other = named && !IsCrl(item) && situation.held->number != kNumber;
        const Selector under = other ? Selector{Selector::Kind::kNumber, situation.held->number} : wanted;
        server.Hold(Intel::KeyOf(tee, item, under), intel_.Get(tee, item, *situation.held, under));
        if (other) situation.held.reset();  // held, and not what this baseline asks for
      }
      if (named && !IsCrl(item)) situation.baseline = kNumber;
      for (const Made& made : situation.brought) {
        const Selector own = IsCrl(item) ? wanted : Selector{Selector::Kind::kNumber, made.number};
        if (!request.collateral) request.collateral.emplace();
        PutInto(*request.collateral, item, intel_.Get(tee, item, made, own).bytes);
      }
      items.push_back(std::move(situation));
    }
    Judge(server.Run(request), ByTheNewest(items), items);
  }

  void AmdRound() {
    Situation crl = chance_.Of(false);
    const auto other_product = [&](std::vector<Made>& brought) {
      if (!brought.empty() && chance_.OneIn(4)) brought.front().number = 1;
    };
    other_product(crl.brought);
    std::vector<Made> host = chance_.HostTable();
    other_product(host);
    const std::optional<Made> in_table = host.empty() ? std::nullopt : std::optional(host.front());
    tally_.Count(crl);
    tally_.CountHost(in_table, crl.held);

    Server server(amd_anchors_);
    VerificationRequest request;
    request.evidence = amd_.Evidence(in_table);
    request.ear = true;
    request.policy = std::make_shared<const Policy>(BuiltInPolicy());
    if (crl.held) server.Hold(Amd::KeyOf(), amd_.Get(*crl.held));
    for (const Made& made : crl.brought)
      request.endorsements.hints.push_back({"endorsements[0]", amd_.Get(made).bytes.body});
    if (in_table) crl.brought.push_back(*in_table);
    Judge(server.Run(request), ByTheCrlHeld(crl), {crl});
  }

  // Whatever it rests on, no other decision than one about now, and by what the server answers for, is signed.
  void UnsignedRound() {
    Server server(anchors_);
    VerificationRequest request;
    request.evidence = quotes_.at(IntelTee::kSgx);
    request.ear = true;
    request.policy = std::make_shared<const Policy>(BuiltInPolicy());
    const bool another_time = chance_.OneIn(2);
    if (another_time) request.at = sim::kNow + Seconds(chance_.Below(100));
    if (!another_time || chance_.OneIn(4)) {
      Policy any = BuiltInPolicy();
      any.caller_collateral = CallerCollateral::kAny;
      request.policy = std::make_shared<const Policy>(std::move(any));
    }
    for (const Item item : kItems) {
      const Made good{.issue = 2, .number = IsCrl(item) ? 0 : kNumber};
      const Selector own = IsCrl(item) ? Selector{} : Selector{Selector::Kind::kNumber, good.number};
      const Version& version = intel_.Get(IntelTee::kSgx, item, good, own);
      if (!request.collateral) request.collateral.emplace();
      PutInto(*request.collateral, item, version.bytes);
      server.Hold(Intel::KeyOf(IntelTee::kSgx, item, own), version);
    }
    const VerificationOutcome outcome = server.Run(request);
    ASSERT_TRUE(outcome.error);
    ASSERT_EQ(outcome.error->check, Check::kRequest);
  }

  void Judge(const VerificationOutcome& outcome, Expected expected, const std::vector<Situation>& items) {
    const Expected came = CameOf(outcome);
    tally_.Count(came);
    if (came == expected) return;
    std::string situations;
    for (const Situation& item : items) {
      situations += StrCat("\n  held ", item.held ? Text(*item.held) : "nothing");
      for (const Made& made : item.brought) situations += StrCat(", brought ", Text(made));
    }
    std::string findings;
    for (const Finding& finding : outcome.verdict.findings) findings += StrCat("\n  ", finding.message);
    FAIL() << "came " << static_cast<int>(came) << ", expected " << static_cast<int>(expected) << situations
           << findings << (outcome.error ? outcome.error->message : "");
  }
  static std::string Text(const Made& made) {
    return StrCat("issue ", made.issue, " number ", made.number, made.revoking ? " revoking" : "",
                  made.end == End::kOpen    ? ""
                  : made.end == End::kEnded ? " ended"
                                            : " long ended");
  }

  const uint64_t seed_ = FromEnvironment("THIMBLE_SEED", std::random_device{}());
  const uint64_t rounds_ = FromEnvironment("THIMBLE_ROUNDS", 10'000);
  Chance chance_{seed_};
  Tally tally_;
  Intel intel_;
  Amd amd_;
  const TrustAnchors anchors_ = intel_.anchors(), amd_anchors_ = amd_.anchors();
  const std::string intel_chain_ = sim::SimIntel::Make().TcbSigningChain();
  const std::map<IntelTee, Bytes> quotes_ = {{IntelTee::kSgx, intel_.Quote(IntelTee::kSgx)},
                                             {IntelTee::kTdx, intel_.Quote(IntelTee::kTdx)}};
};

TEST_F(WhoeverBroughtIt, TheNewestAuthenticCollateralDecidesAndNothingIsAcceptedOnOthersAlone) {
  std::cout << "THIMBLE_SEED=" << seed_ << "\n";
  for (uint64_t round = 0; round < rounds_ && !HasFailure(); ++round) {
    if (round % 50 == 0) UnsignedRound();
    round % 3 == 0 ? AmdRound() : IntelRound();
  }
  std::cout << tally_.Text();
  if (HasFailure() || rounds_ < 10'000) return;
  tally_.ExpectAtLeast(500, {"accept", "reject", "unavailable"});
  for (const std::string whose : {"held ", "brought ", "host table "}) {
    tally_.ExpectAtLeast(200, {whose + "absent", whose + "older", whose + "newer",
                               whose + "of another number", whose + "revoking", whose + "ended"});
  }
}

}  // namespace
}  // namespace thimble
