// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/tcb_ladders.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "tcb/intel/tcb_level.h"

namespace thimble {
namespace {

// A TCB info that is held, and by which words it is asked for.
struct HeldSet {
  ItemPtr item;
  std::vector<Selector> selectors;

  const intel::TcbInfo& info() const { return *item->tcb_info(); }
};

// Levels are matched from the highest SVNs down (DCAP 3.1).
using Height = std::tuple<intel::TcbComponents, intel::PceSvn, intel::TcbComponents>;
using Rungs = std::map<Height, TcbLadder::Rung, std::greater<>>;

Height HeightOf(const intel::TcbLevel& level) { return {level.sgx, level.pce_svn, level.tdx}; }

Rungs RungsOf(const std::vector<HeldSet>& sets) {
  Rungs rungs;
  for (size_t i = 0; i < sets.size(); ++i) {
    for (const intel::TcbLevel& level : sets[i].info().levels) {
      TcbLadder::Rung& rung = rungs[HeightOf(level)];
      rung.sgx = level.sgx;
      rung.tdx = level.tdx;
      rung.pce_svn = level.pce_svn;
      rung.date = std::max(rung.date, level.date);
      rung.places.resize(sets.size());
      rung.places[i].listed = true;
      rung.places[i].status = level.status;
      rung.places[i].advisories = level.advisories;
    }
  }
  return rungs;
}

void Stand(const RememberedTcb& platforms, const IntelTcbRecord& tcb, const std::vector<HeldSet>& sets,
           Rungs& rungs, TcbLadder& ladder) {
  const intel::PlatformTcb platform{tcb.cpu_svn, tcb.pce_svn, tcb.tee_tcb_svn, 0};
  for (size_t i = 0; i < sets.size(); ++i) {
    const intel::TcbLevel* const level = intel::MatchTcbLevel(sets[i].info(), platform);
    if (level == nullptr) {
      ladder.sets[i].below += platforms.count;
      continue;
    }
    TcbLadder::Place& place = rungs[HeightOf(*level)].places[i];
    place.sightings += platforms.count;
    ++place.kinds;
  }
  ladder.sightings += platforms.count;
  ++ladder.kinds;
}

TcbLadder MakeLadder(const TcbInfoKey& of, const std::vector<HeldSet>& sets,
                     const std::vector<RememberedTcb>& seen) {
  TcbLadder ladder{of.tee, of.fmspc, {}, {}};
  for (const HeldSet& set : sets) ladder.sets.push_back({set.info().evaluation_number, set.selectors});
  Rungs rungs = RungsOf(sets);
  for (const RememberedTcb& platforms : seen) {
    const auto* tcb = std::get_if<IntelTcbRecord>(&platforms.tcb);
    if (tcb != nullptr && tcb->tee == of.tee && tcb->fmspc == of.fmspc)
      Stand(platforms, *tcb, sets, rungs, ladder);
  }
  for (auto& [height, rung] : rungs) ladder.rungs.push_back(std::move(rung));
  return ladder;
}

void AddSet(std::vector<HeldSet>& sets, ItemPtr item, const Selector& selector) {
  const auto same = std::ranges::find_if(sets, [&](const HeldSet& set) {
    return set.info().evaluation_number == item->tcb_info()->evaluation_number;
  });
  if (same != sets.end()) {
    same->selectors.push_back(selector);
    return;
  }
  sets.push_back({std::move(item), {selector}});
}

}  // namespace

std::vector<TcbLadder> MakeTcbLadders(CollateralCache& cache, const std::vector<CacheStatus>& items,
                                      const std::vector<RememberedTcb>& seen, Instant now,
                                      const std::optional<intel::Fmspc>& only) {
  std::map<std::pair<std::string, IntelTee>, std::vector<HeldSet>> held;
  for (const CacheStatus& item : items) {
    const auto* key = std::get_if<TcbInfoKey>(&item.key);
    if (key == nullptr || (only && key->fmspc != *only)) continue;
    const auto answer = cache.Peek(item.key, now);
    if (answer && answer->item->tcb_info() != nullptr)
      AddSet(held[{key->fmspc.hex(), key->tee}], answer->item, key->selector);
  }
  std::vector<TcbLadder> ladders;
  for (auto& [of, sets] : held) {
    std::ranges::sort(sets, {}, [](const HeldSet& set) { return set.info().evaluation_number; });
    ladders.push_back(MakeLadder({of.second, sets.front().info().fmspc, {}}, sets, seen));
  }
  std::ranges::stable_sort(ladders, std::greater<>(), &TcbLadder::sightings);
  return ladders;
}

}  // namespace thimble
