// SPDX-License-Identifier: Apache-2.0
//
// What refresh passes are tried in.
#pragma once

#include <gtest/gtest.h>

#include <set>

#include "cache/pck_levels.h"
#include "cache/refresher.h"
#include "tcb/intel/pck_set.h"
#include "tests/cache/cache_world.h"

namespace thimble::test {

// A world with a refresher, whose Intel knows numbers, early and standard, and PCK certificates of one platform.
struct RefreshWorld : CacheWorld {
  RefreshWorld() {
    upstream = [this](const CollateralKey& key) { return Intel(key); };
  }

  Result<FetchedBytes> Intel(const CollateralKey& key) {
    asked.insert(KeyName(key));
    if (failing.contains(KeyName(key))) return Unreachable();
    if (const auto* numbers = std::get_if<EvaluationNumbersKey>(&key)) {
      return FromIntel(intel.EvaluationNumbers(
                           numbers->tee, [this](sim::EvaluationNumbersSpec& spec) { bend_numbers(spec); }),
                       intel.TcbSigningChain());
    }
    if (const auto* tcb = std::get_if<TcbInfoKey>(&key)) {
      const bool early_set = tcb->selector.kind == Selector::Kind::kEarly;
      const uint32_t number = early_set ? early : sim::kStandardNumber;
      return Tcb(intel, *tcb, number, bend_tcb);
    }
    if (std::holds_alternative<PckCertsKey>(key)) return certified ? PckCertificates() : Unreachable();
    return Good(key);
  }

  Result<FetchedBytes> PckCertificates() const {
    const auto tcb = sim::ServerPlatform();
    auto certificate = Certificate::Parse(intel.PckCertificate(tcb), Check::kPckChain);
    const std::string list = intel::EncodePckCerts(
        {{{tcb.cpu_svn, static_cast<intel::PceSvn>(tcb.pce_svn)}, *std::move(certificate)}}, {});
    return FromIntel(Bytes(list.begin(), list.end()), intel.CaChain(intel::PckCa::kPlatform));
  }
  // A platform whose certificates have come; where `levels` are told, as they were listed then. Without `held` only its
  // registration is here.
  std::string Bind(const char* qe_id, std::optional<std::vector<intel::PckTcb>> levels, bool held = true) {
    const auto id = *intel::PlatformId::From(qe_id, {});
    const PckCertsKey key{id};
    const auto item = cache->Put(key, *PckCertificates(), now, false);
    EXPECT_TRUE(item.ok());
    if (!held) {
      EXPECT_TRUE(cache->Remove(key));
    }
    intel::PckSet set;
    set.fmspc = *intel::Fmspc::FromHex(sim::kServerFmspc);
    set.ppid = (*item)->pck_set()->ppid;
    const Status bound = registry.Edit([&](RegistryEdit& edit) -> Status {
      TRY(edit.Bind(id, set));
      TRY(edit.Remember({id, {}, intel::EncryptedPpid::From(Bytes(384, 0x11)), {}}));
      return levels ? edit.RecordLevels(id, *levels) : Status();
    });
    EXPECT_TRUE(bound.ok());
    return KeyName(PckCertsKey{id});
  }
  std::vector<intel::PckTcb> Levels() {
    return HeldLevels(*cache, *intel::Fmspc::FromHex(sim::kServerFmspc), now);
  }

  RefreshReport Pass(RefreshUrge urge = RefreshUrge::kNow) {
    asked.clear();
    return refresher.Pass(now, urge, stop);
  }
  // Everything Intel publishes from now on is of `now`.
  void Advance(Seconds by) {
    now += by;
    intel = intel.At(now);
    Tick(by);
  }

  std::set<std::string> asked, failing;
  uint32_t early = sim::kEarlyNumber;
  std::function<void(sim::EvaluationNumbersSpec&)> bend_numbers = [](sim::EvaluationNumbersSpec&) {};
  sim::Bend<sim::TcbInfoSpec> bend_tcb;
  std::atomic<bool> stop{false};
  bool certified = false;  // whether Intel gives PCK certificates
  PlatformRegistry registry{store};
  Refresher refresher{*cache, {.threads = 1, .has_upstream = {}, .registry = &registry}};
};

}  // namespace thimble::test
