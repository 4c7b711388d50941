// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/moved_sets.h"

#include <algorithm>
#include <tuple>

#include "cache/selectors.h"
#include "service/baselines/impact_study.h"
#include "service/support/log.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr std::string_view kEntry = "moved_sets";
constexpr uint64_t kLayout = 1;

std::string_view TeeText(IntelTee tee) { return tee == IntelTee::kTdx ? "tdx" : "sgx"; }

IntelTee TeeOf(const CollateralKey& key) {
  if (const auto* tcb_info = std::get_if<TcbInfoKey>(&key)) return tcb_info->tee;
  const auto* identity = std::get_if<EnclaveIdentityKey>(&key);
  return identity != nullptr && identity->id == EnclaveId::kTdQe ? IntelTee::kTdx : IntelTee::kSgx;
}

void LogMove(const MovedSet& moved) {
  std::string baselines;
  for (const std::string& name : moved.baselines) baselines += StrCat(baselines.empty() ? "" : " ", name);
  LogWarning("baseline moved by Intel",
             {{"tee", TeeText(moved.tee)},
              {"set", moved.selector.ToString()},
              {"from", moved.from},
              {"to", moved.to},
              {"items", moved.items.size()},
              {"baselines", baselines},
              {"refused", moved.refused.ToString()}},
             StrCat("a baseline that names the number stays where it is: thimble baseline candidate --intel ",
                    moved.from));
}

}  // namespace

MovedSets::Numbers MovedSets::Held(Instant now) const {
  Numbers numbers;
  for (const CacheStatus& status : cache_.Status(now)) {
    if (SelectorOf(status.key) == nullptr || IsByNumber(status.key)) continue;
    numbers.emplace(KeyName(status.key), static_cast<uint32_t>(status.order_number));
  }
  return numbers;
}

void MovedSets::Load() {
  loaded_ = true;
  const auto read = [&]() -> Status {
    TRY_ASSIGN(const auto text, store_->Get(kEntry));
    if (!text) return {};
    TRY_ASSIGN(const auto document,
               json::Document::Parse(*text, kEntry, ErrorKind::kInternal, Check::kStoreCorrupt));
    TRY(document->root().GetUnsigned("layout", kLayout));  // a newer one is not read
    TRY_ASSIGN(const json::Value numbers, document->root().Get("numbers"));
    TRY_ASSIGN(const auto members, numbers.Members());
    for (const auto& [name, value] : members) {
      TRY_ASSIGN(const uint64_t number, value.Unsigned(UINT32_MAX));
      known_.emplace(name, static_cast<uint32_t>(number));
    }
    return {};
  };
  if (const Status done = read(); !done)
    LogWarning("a move of Intel's while no server ran cannot be seen", {}, done.error().message);
}

void MovedSets::Save() {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.Key("layout").Unsigned(kLayout);
  json.Key("numbers").BeginObject();
  for (const auto& [name, number] : known_) json.Key(name).Unsigned(number);
  json.EndObject();
  json.EndObject();
  if (const Status saved = store_->Apply({{std::string(kEntry), text}}); !saved)
    LogWarning("the numbers of evaluation data cannot be written down", {}, saved.error().message);
}

void MovedSets::Check(Instant now) {
  const std::lock_guard lock(checking_);
  if (!loaded_) Load();
  const Numbers held = Held(now);
  Numbers next = known_;
  for (const auto& [name, number] : held) next.emplace(name, number);
  for (MovedSet& moved : Find(held)) {
    const std::vector<CollateralKey> items = moved.items;
    const uint32_t to = moved.to;
    if (!Tell(std::move(moved), now)) continue;
    for (const CollateralKey& key : items) next[KeyName(key)] = to;
  }
  if (next == known_) return;
  known_ = std::move(next);
  Save();
}

std::vector<MovedSet> MovedSets::Find(const Numbers& held) const {
  std::map<std::tuple<IntelTee, std::string, uint32_t, uint32_t>, MovedSet> moved;
  for (const auto& [name, number] : held) {
    const auto before = known_.find(name);
    const auto key = ParseKeyName(name);
    if (before == known_.end() || before->second == number || !key) continue;
    const Selector& selector = *SelectorOf(*key);
    MovedSet& set = moved[{TeeOf(*key), selector.ToString(), before->second, number}];
    set.tee = TeeOf(*key);
    set.selector = selector;
    set.from = before->second;
    set.to = number;
    set.items.push_back(*key);
  }
  std::vector<MovedSet> all;
  for (auto& [place, set] : moved) all.push_back(std::move(set));
  return all;
}

std::vector<std::string> MovedSets::BaselinesOf(const Selector& selector) const {
  std::vector<std::string> names;
  for (const auto& [name, state] : book_.All()) {
    const EvaluationChoice& intel = state.current->baseline.intel;
    if (!intel.delay && intel.selector == selector)
      names.push_back(StrCat(name, "@", state.current->version));
  }
  return names;
}

// True when it is written down, or nobody's baseline.
bool MovedSets::Tell(MovedSet moved, Instant now) {
  moved.baselines = BaselinesOf(moved.selector);
  if (moved.baselines.empty()) return true;
  moved.refused = Judge(moved, now);
  LogMove(moved);
  if (const Status recorded = witness_(moved); !recorded) {
    LogError("a move of Intel's cannot be recorded", {}, recorded.error().message);
    return false;
  }
  const std::lock_guard lock(mutex_);
  Total& total = totals_[{std::string(TeeText(moved.tee)), moved.selector.ToString()}];
  ++total.moves;
  total.refused = moved.refused;
  return true;
}

// The last version of that number that was held.
ItemPtr MovedSets::Before(const CollateralKey& key, uint32_t number) const {
  for (const PastVersion& version : cache_.History(key)) {
    if (version.item->order_number() == number) return version.item;
  }
  return nullptr;
}

Refusals MovedSets::Judge(const MovedSet& moved, Instant now) const {
  std::vector<RememberedTcb> platforms = seen_.All();
  const Tee tee = moved.tee == IntelTee::kTdx ? Tee::kTdx : Tee::kSgx;
  std::erase_if(platforms, [tee](const RememberedTcb& one) { return thimble::TeeOf(one.tcb) != tee; });
  const auto held = [&](const CollateralKey& key) -> ItemPtr {
    const auto answer = cache_.Peek(key, now);
    return answer ? answer->item : nullptr;
  };
  const auto before = [&](const CollateralKey& key) -> ItemPtr {
    return std::ranges::find(moved.items, key) == moved.items.end() ? held(key) : Before(key, moved.from);
  };
  const IntelKinds kinds = KindsOf(platforms);
  const std::map<IntelTee, Selector> selectors{{moved.tee, moved.selector}};
  References then, now_by;
  GatherIntel(kinds, selectors, before, then);
  GatherIntel(kinds, selectors, held, now_by);
  const auto policies = policies_.Get();
  for (References* side : {&then, &now_by}) {
    side->set.policy = *policies->at("default");
    if (side->set.policy.max_collateral_age.crl) GatherCrls(platforms, cache_, now, side->set);
  }
  return RefusedThen(Compare(platforms, then.set, now_by.set, now));
}

void MovedSets::Write(PrometheusText& out) const {
  const std::lock_guard lock(mutex_);
  out.Metric("thimble_baseline_moves_total", "counter",
             "How often Intel made a set that a baseline names by a word another number.");
  for (const auto& [place, total] : totals_)
    out.Sample({{"tee", place.first}, {"set", place.second}}, static_cast<double>(total.moves));
  out.Metric("thimble_baseline_move_refused_sightings", "gauge",
             "Sightings that the last such move refuses; none where no platform was seen.");
  for (const auto& [place, total] : totals_) {
    if (!total.refused.sightings) continue;
    out.Sample({{"tee", place.first}, {"set", place.second}}, static_cast<double>(*total.refused.sightings));
  }
}

}  // namespace thimble
