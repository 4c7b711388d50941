// SPDX-License-Identifier: Apache-2.0
//
// The database is gone for a while, under load of every kind: what that costs, and what it does not.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "tcb/base/text.h"
#include "tests/scale/fleet.h"
#include "tests/service/testing/pccs_world.h"
#include "tests/support/eventually.h"

namespace thimble::test {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr const char* kHeld = "/sgx/certification/v4/qe/identity";

enum class Phase : uint8_t { kBefore, kWithout, kAfter };

// How often something was well, was refused with 503, and was anything else; by when it was asked.
struct Count {
  std::atomic<int> good{0}, unavailable{0}, other{0};
  void Add(bool well, bool refused) { ++(well ? good : refused ? unavailable : other); }
};
using Counts = std::map<Phase, Count>;

class Load {
 public:
  explicit Load(Fleet& fleet) : fleet_(fleet), plain_(AsText(fleet.intel.Quote({.tdx = true}))) {
    for (Counts* counts : {&hits, &verified, &issued, &challenges, &registrations}) {
      for (const Phase phase : {Phase::kBefore, Phase::kWithout, Phase::kAfter}) (*counts)[phase];
    }
  }
  ~Load() { Stop(); }

  // The nonces are spread over the time.
  void Begin(std::vector<std::string> nonces) {
    nonces_ = std::move(nonces);
    for (size_t i = 0; i < fleet_.size(); ++i) {
      Repeat(milliseconds(10), [this, i] { Hit(i); });
      Repeat(milliseconds(60), [this, i] { VerifyPlain(i); });
      Repeat(milliseconds(100), [this, i] { VerifyIssued(i); });
      Repeat(milliseconds(300), [this, i] { Challenge(i); });
      Repeat(milliseconds(500), [this, i] { Register(i); });
    }
  }
  void Enter(Phase phase) { phase_ = phase; }
  void Stop() {
    ended_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  Counts hits, verified, issued, challenges, registrations;
  std::map<std::string, int> accepted;  // nonces, how often
  std::set<std::string> acknowledged;   // QE ids

 private:
  void Repeat(milliseconds pause, const std::function<void()>& work) {
    threads_.emplace_back([this, pause, work] {
      for (; !ended_; std::this_thread::sleep_for(pause)) work();
    });
  }
  // What was under way when the database went or came may be either: it counts as of before or after.
  void Note(Counts& counts, Phase begun, bool well, bool refused) {
    const Phase ended = phase_;
    const Phase phase = begun == Phase::kWithout && ended != begun ? ended : begun;
    counts.at(phase).Add(well, refused);
  }
  void Hit(size_t i) {
    const Phase begun = phase_;
    const int status = fleet_.Ask(i, kHeld).status;
    Note(hits, begun, status == 200, status == 503);
  }
  void VerifyPlain(size_t i) {
    const Phase begun = phase_;
    const RawAnswer answer = Post(fleet_.port(i), "/v1/verify", "application/octet-stream", plain_);
    Note(verified, begun,
         answer.status == 200 && answer.body.find("\"decision\":\"accept\"") != std::string::npos,
         answer.status == 503);
  }
  // Each nonce is tried again and again, wherever.
  void VerifyIssued(size_t i) {
    const size_t at = next_++ % nonces_.size();
    const Phase begun = phase_;
    const std::string decision = fleet_.Verify(i, nonces_[at]);
    Note(issued, begun, decision == "accept" || decision == "reject", decision == "503");
    if (decision != "accept") return;
    const std::lock_guard lock(mutex_);
    ++accepted[nonces_[at]];
  }
  void Challenge(size_t i) {
    const Phase begun = phase_;
    const int status = Post(fleet_.port(i), "/v1/challenge", "application/json", "").status;
    Note(challenges, begun, status == 200, status == 503);
  }
  void Register(size_t i) {
    std::string qe_id(32, '0');
    const std::string number = std::to_string(++registered_);
    qe_id.replace(qe_id.size() - number.size(), number.size(), number);
    const Phase begun = phase_;
    const int status = fleet_.Send(i, "POST", StrCat(kV4, "/platforms"), ByPpid(qe_id).dump()).status;
    Note(registrations, begun, status == 200, status == 503);
    if (status != 200) return;
    const std::lock_guard lock(mutex_);
    acknowledged.insert(qe_id);
  }

  Fleet& fleet_;
  const std::string plain_;
  std::vector<std::string> nonces_;
  std::atomic<Phase> phase_{Phase::kBefore};
  std::atomic<bool> ended_{false};
  std::atomic<size_t> next_{0};
  std::atomic<int> registered_{0};
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

class FleetOutage : public testing::TestWithParam<Fleet::Way> {
 protected:
  void SetUp() override {
    if (!fleet_.why_not().empty()) GTEST_SKIP() << fleet_.why_not();
    for (size_t i = 0; i < fleet_.size(); ++i) {
      ASSERT_EQ(fleet_.Ask(i, kHeld).status, 200);
      ASSERT_EQ(fleet_.Verify(i, fleet_.RequestWith("5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a")), "accept");
    }
  }
  // Requests that each have a nonce of the replicas.
  std::vector<std::string> Requests(int count) {
    std::vector<std::string> requests;
    for (int i = 0; i < count; ++i)
      requests.push_back(fleet_.RequestWith(fleet_.Challenge(static_cast<size_t>(i) % fleet_.size())));
    return requests;
  }
  // Every replica is in reach of the database, gives nonces, and knows every platform that it has.
  bool Consistent() const {
    if (!fleet_.AllReach()) return false;
    const double there =
        std::stod(fleet_.Sql("SELECT count(*) FROM thimble_facts WHERE value IS NOT NULL AND "
                             "substring(name FROM 1 FOR 18) = 'registry/platform/'"));
    for (size_t i = 0; i < fleet_.size(); ++i) {
      if (fleet_.Metric(i, "thimble_registrations") != there || fleet_.Challenge(i).empty()) return false;
    }
    return true;
  }
  void ExpectNothingWrong(Load& load);

  Fleet fleet_{3, GetParam()};
};

void Print(const char* what, const Counts& counts) {
  std::printf("  %-30s", what);
  for (const auto& [phase, count] : counts)
    std::printf(" %6d good %5d 503 %3d other |", count.good.load(), count.unavailable.load(),
                count.other.load());
  std::printf("\n");
}

void FleetOutage::ExpectNothingWrong(Load& load) {
  for (const Phase phase : {Phase::kBefore, Phase::kWithout, Phase::kAfter}) {
    for (const Counts* counts : {&load.hits, &load.verified}) {
      EXPECT_GT(counts->at(phase).good, 0);
      EXPECT_EQ(counts->at(phase).unavailable + counts->at(phase).other, 0);
    }
    for (const Counts* counts : {&load.issued, &load.challenges, &load.registrations})
      EXPECT_EQ(counts->at(phase).other, 0);
  }
  for (const Counts* counts : {&load.issued, &load.registrations}) {
    EXPECT_EQ(counts->at(Phase::kWithout).good, 0) << "nobody could tell";
    EXPECT_GT(counts->at(Phase::kWithout).unavailable, 0);
    EXPECT_GT(counts->at(Phase::kAfter).good, 0);
  }
  for (const auto& [nonce, times] : load.accepted) EXPECT_EQ(times, 1);
}

TEST_P(FleetOutage, CostsWhatNeedsTheDatabaseAndNothingElse) {
  const auto away = std::chrono::seconds(FullFigures() ? 60 : 10);
  Load load(fleet_);
  load.Begin(Requests(FullFigures() ? 300 : 100));
  std::this_thread::sleep_for(std::chrono::seconds(2));
  PostgresCluster::Shared().Stop();
  load.Enter(Phase::kWithout);
  std::this_thread::sleep_for(away);
  load.Enter(Phase::kAfter);
  PostgresCluster::Shared().Start();
  const auto back = Steady::now();
  EXPECT_TRUE(Eventually([&] { return fleet_.AllReach(); }));
  const std::chrono::duration<double> reached = Steady::now() - back;
  std::this_thread::sleep_for(std::chrono::seconds(3));
  load.Stop();
  const auto quiet = Steady::now();
  EXPECT_TRUE(Eventually([&] { return Consistent(); }));
  const std::chrono::duration<double> consistent = Steady::now() - quiet;
  ExpectNothingWrong(load);

  // Nothing acknowledged is lost: no platform, and no nonce that was used.
  const std::string names =
      fleet_.Sql("SELECT convert_from(name, 'UTF8') FROM thimble_facts WHERE value IS NOT NULL");
  for (const std::string& qe_id : load.acknowledged)
    EXPECT_NE(names.find(StrCat("registry/platform/", qe_id)), std::string::npos) << qe_id;
  size_t again = 0;
  for (const auto& [request, times] : load.accepted)
    EXPECT_EQ(fleet_.Verify(again++ % fleet_.size(), request), "reject");

  std::printf("the database away for %d s; counts before, meanwhile, afterwards:\n",
              static_cast<int>(away.count()));
  Print("hits", load.hits);
  Print("verifications", load.verified);
  Print("verifications, issued nonce", load.issued);
  Print("challenges", load.challenges);
  Print("registrations", load.registrations);
  std::printf(
      "  back: reached by all after %.2f s, consistent %.2f s after the load; %zu nonces accepted, "
      "%zu platforms\n",
      reached.count(), consistent.count(), load.accepted.size(), load.acknowledged.size());
}

INSTANTIATE_TEST_SUITE_P(All, FleetOutage, testing::Values(Fleet::Way::kDirect, Fleet::Way::kPooled),
                         [](const auto& info) {
                           return info.param == Fleet::Way::kDirect ? "Direct" : "PgBouncer";
                         });

}  // namespace
}  // namespace thimble::test
