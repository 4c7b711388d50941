// SPDX-License-Identifier: Apache-2.0
//
// A cache before a simulated Intel, with a clock and an upstream that a test controls.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cache/collateral_cache.h"
#include "cache/memory_store.h"
#include "tcb/check.h"
#include "tests/support/eventually.h"
#include "tests/support/sim_intel.h"

namespace thimble::test {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = CacheEvent::Kind;

inline FetchedBytes FromIntel(Bytes body, std::string chain) {
  return {{std::move(body), std::move(chain)}, "https://pcs.example/"};
}
inline Error Unreachable() {
  return {ErrorKind::kUnavailable, Check::kUpstreamUnreachable, "connection refused"};
}
inline Error NotFound() { return {ErrorKind::kUnavailable, Check::kUpstreamNotFound, "HTTP 404"}; }

const inline CollateralKey kTcbKey =
    TcbInfoKey{IntelTee::kSgx, *intel::Fmspc::FromHex(sim::kServerFmspc), {}};
const inline CollateralKey kTdxTcbKey =
    TcbInfoKey{IntelTee::kTdx, *intel::Fmspc::FromHex(sim::kServerFmspc), {}};
const inline CollateralKey kPckCrlKey = PckCrlKey{intel::PckCa::kPlatform};
const inline CollateralKey kRootCrlKey = RootCaCrlKey{};
const inline CollateralKey kIdentityKey = EnclaveIdentityKey{EnclaveId::kQe, {}};

class CacheWorld {
 public:
  using Upstream = std::function<Result<FetchedBytes>(const CollateralKey&)>;

  explicit CacheWorld(CacheOptions options = {},
                      std::shared_ptr<Store> kept = std::make_shared<MemoryStore>())
      : options_(options), store(std::move(kept)) {
    Reopen();
  }

  // Another cache over the same store, as after a restart.
  void Reopen() {
    cache.reset();
    cache = std::make_unique<CollateralCache>(
        store, anchors,
        [this](const CollateralKey& key, SteadyTime deadline, const AcceptFunction& accept) -> Status {
          ++fetches;
          last_deadline = deadline;
          return Fetch(key, accept);
        },
        options_,
        [this](const CacheEvent& event) {
          const std::lock_guard lock(mutex_);
          events_.push_back({event.kind, std::string(event.item)});
        },
        [this] { return SteadyTime(milliseconds(steady_ms_.load())); });
  }

  // What the simulated Intel publishes now.
  Result<FetchedBytes> Good(const CollateralKey& key) const {
    if (const auto* tcb = std::get_if<TcbInfoKey>(&key)) return Tcb(intel, *tcb);
    if (const auto* crl = std::get_if<PckCrlKey>(&key))
      return FromIntel(intel.PckCrl(crl->ca), intel.CaChain(crl->ca));
    if (std::holds_alternative<RootCaCrlKey>(key)) return FromIntel(intel.RootCaCrl(), intel.RootPem());
    if (const auto* id = std::get_if<EnclaveIdentityKey>(&key)) {
      return FromIntel(intel.Identity(id->id), intel.TcbSigningChain());
    }
    return NotFound();
  }
  static FetchedBytes Tcb(const sim::SimIntel& intel, const TcbInfoKey& key,
                          uint32_t number = sim::kStandardNumber,
                          const sim::Bend<sim::TcbInfoSpec>& bend = {}) {
    return FromIntel(intel.TcbInfo(key.tee, key.fmspc.HexUpper(), number, bend), intel.TcbSigningChain());
  }

  void Tick(milliseconds step) { steady_ms_ += step.count(); }
  size_t Count(Kind kind) const {
    const std::lock_guard lock(mutex_);
    return static_cast<size_t>(std::ranges::count(events_, kind, &Seen::kind));
  }

  sim::SimIntel intel = sim::SimIntel::Make();
  TrustAnchors anchors = intel.Anchors();
  Instant now = sim::kNow;
  std::vector<Upstream> next;  // asked in turn after `upstream`, as the service's upstreams are
  std::atomic<int> fetches{0};
  SteadyTime last_deadline{};
  Upstream upstream = [this](const CollateralKey& key) { return Good(key); };

 private:
  Status Fetch(const CollateralKey& key, const AcceptFunction& accept) const {
    const auto ask = [&](const Upstream& one) -> Result<AfterAnswer> {
      TRY_ASSIGN(FetchedBytes answer, one(key));
      return accept(std::move(answer));
    };
    Result<AfterAnswer> last = ask(upstream);
    bool taken = last.ok();
    for (const Upstream& one : next) {
      if (last.ok() && *last == AfterAnswer::kStop) break;
      last = ask(one);
      taken = taken || last.ok();
    }
    return taken ? Status() : Status(last.error());
  }
  struct Seen {
    Kind kind;
    std::string item;
  };
  CacheOptions options_;
  mutable std::mutex mutex_;
  std::vector<Seen> events_;
  std::atomic<int64_t> steady_ms_{3'600'000};

 public:
  std::shared_ptr<Store> store;
  std::unique_ptr<CollateralCache> cache;  // last: its work in the background uses all of the above
};

template <class T>
Check CheckOf(const Result<T>& result) {
  return result.ok() ? Check::kNone : result.error().check;
}

}  // namespace thimble::test
