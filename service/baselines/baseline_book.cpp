// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/baseline_book.h"

#include <mutex>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using Action = BaselineChange::Action;

constexpr uint64_t kLayout = 1;
constexpr size_t kMaxPast = 32;

std::string EntryOf(std::string_view name) { return StrCat("baseline/", name); }

Error Refuse(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

// -- in the store --

void WriteVersion(json::Writer& json, const BaselineVersion& version) {
  json.BeginObject();
  json.Key("version").Unsigned(version.version);
  WriteBaseline(json, version.baseline);
  json.Key("since").String(FormatRfc3339(version.since));
  json.EndObject();
}

void WriteDefinition(json::Writer& json, const Baseline& baseline) {
  json.BeginObject();
  WriteBaseline(json, baseline);
  json.EndObject();
}

void WriteVersions(json::Writer& json, const BaselineState& state) {
  WriteVersion(json.Key("current"), *state.current);
  if (state.candidate) WriteDefinition(json.Key("candidate"), *state.candidate);
  json.Key("past").BeginArray();
  for (const BaselinePtr& version : state.past) WriteVersion(json, *version);
  json.EndArray();
}

std::string Encode(const BaselineState& state) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("layout").Unsigned(kLayout);
  json.Key("highest").Unsigned(state.highest);
  WriteDefinition(json.Key("configured"), state.configured);
  WriteVersions(json, state);
  json.EndObject();
  return out;
}

Result<BaselinePtr> ReadVersion(const json::Value& object, const std::string& name) {
  auto version = std::make_shared<BaselineVersion>();
  version->name = name;
  TRY_ASSIGN(const uint64_t number, object.GetUnsigned("version", UINT32_MAX));
  version->version = static_cast<uint32_t>(number);
  TRY(ReadBaselineMembers(object, version->baseline));
  TRY_ASSIGN(version->since, object.GetTime("since"));
  return BaselinePtr(std::move(version));
}

Result<BaselineState> Decode(const std::string& name, std::string_view text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, EntryOf(name), ErrorKind::kInternal, Check::kStoreCorrupt));
  const json::Value root = document->root();
  TRY(root.GetUnsigned("layout", kLayout));  // a newer one is not read
  BaselineState state;
  TRY_ASSIGN(const uint64_t highest, root.GetUnsigned("highest", UINT32_MAX));
  state.highest = static_cast<uint32_t>(highest);
  TRY_ASSIGN(const json::Value configured, root.Get("configured"));
  TRY(ReadBaselineMembers(configured, state.configured));
  TRY_ASSIGN(const json::Value current, root.Get("current"));
  TRY_ASSIGN(state.current, ReadVersion(current, name));
  if (const auto candidate = root.Find("candidate")) {
    TRY(ReadBaselineMembers(*candidate, state.candidate.emplace()));
  }
  TRY_ASSIGN(const auto versions, root.GetArray("past"));
  for (const json::Value& entry : versions) {
    TRY_ASSIGN(BaselinePtr version, ReadVersion(entry, name));
    state.past.push_back(std::move(version));
  }
  return state;
}

// -- changes --

BaselinePtr NewVersion(const std::string& name, uint32_t number, const Baseline& baseline, Instant now) {
  return std::make_shared<const BaselineVersion>(BaselineVersion{name, number, baseline, now});
}

BaselineState FirstState(const std::string& name, const Baseline& configured, Instant now) {
  BaselineState state;
  state.current = NewVersion(name, 1, configured, now);
  state.configured = configured;
  return state;
}

// A new version in force; the one before it can be gone back to.
void PutInForce(BaselineState& state, const Baseline& baseline, Instant now) {
  state.past.insert(state.past.begin(), state.current);
  if (state.past.size() > kMaxPast) state.past.pop_back();
  state.current = NewVersion(state.current->name, ++state.highest, baseline, now);
}

}  // namespace

std::string_view ActionName(Action action) {
  switch (action) {
    case Action::kConfigure:
      return "configure";
    case Action::kCandidate:
      return "candidate";
    case Action::kPromote:
      return "promote";
    case Action::kRollBack:
      return "rollback";
    case Action::kUndo:
      return "undo";
    case Action::kTakeOver:
      break;
  }
  return "take_over";
}

void WriteState(json::Writer& json, const BaselineState& state) {
  json.BeginObject();
  json.Key("name").String(state.current->name);
  WriteVersions(json, state);
  json.EndObject();
}

Result<std::unique_ptr<BaselineBook>> BaselineBook::Open(std::shared_ptr<Store> store,
                                                         const Baselines& configured, Instant now,
                                                         Witness witness, BaselineLedger* ledger) {
  std::unique_ptr<BaselineBook> book(new BaselineBook(std::move(store), std::move(witness), ledger));
  TRY(book->Configure(configured, now));
  return book;
}

Result<std::optional<BaselineState>> BaselineBook::Load(const std::string& name) {
  TRY_ASSIGN(const auto text, store_->Get(EntryOf(name)));
  if (!text) return std::optional<BaselineState>();
  auto state = Decode(name, *text);
  // The store holds a promotion that an operator decided on: never silently replaced by an earlier version.
  if (!state) {
    return Error{ErrorKind::kInternal, Check::kStoreCorrupt,
                 StrCat(EntryOf(name), ": ", state.error().message)};
  }
  return std::optional(std::move(state).value());
}

Status BaselineBook::Configure(const Baselines& configured, Instant now) {
  const std::lock_guard changing(changing_);
  for (const auto& [name, baseline] : configured) {
    TRY_ASSIGN(auto state, Load(name));
    if (state && state->configured == baseline) {
      proposals_.erase(name);
      const std::unique_lock lock(mutex_);
      states_.try_emplace(name, *std::move(state));
      continue;
    }
    if (state && ledger_ != nullptr) {
      proposals_.insert_or_assign(name, baseline);
      const std::unique_lock lock(mutex_);
      const auto held = states_.find(name);
      if (held != states_.end()) state->agreed = held->second.agreed;
      states_.insert_or_assign(name, *std::move(state));
      continue;
    }
    BaselineState next = state ? *std::move(state) : FirstState(name, baseline, now);
    next.configured = baseline;
    if (next.current->baseline != baseline) PutInForce(next, baseline, now);
    TRY(Record(Action::kConfigure, "configuration", next));
  }
  const std::unique_lock lock(mutex_);
  std::erase_if(states_, [&](const auto& entry) { return !configured.contains(entry.first); });
  return {};
}

BaselinePtr BaselineBook::Find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = states_.find(name);
  return found != states_.end() ? found->second.current : nullptr;
}

std::map<std::string, BaselineState, std::less<>> BaselineBook::All() const {
  const std::shared_lock lock(mutex_);
  return states_;
}

Result<BaselineState> BaselineBook::Find(std::string_view name, std::string_view purpose) const {
  const std::shared_lock lock(mutex_);
  const auto found = states_.find(name);
  if (found == states_.end())
    return Refuse(StrCat("cannot ", purpose, " baseline \"", name, "\": it is not in the configuration"));
  return found->second;
}

// Witnessed, then written down, then in force.
Status BaselineBook::Record(Action action, const Author& by, const BaselineState& next,
                            const std::optional<Refusals>& refused) {
  if (witness_) TRY(witness_({action, by, next, refused}));
  const std::string& name = next.current->name;
  if (Status saved = store_->Apply({{EntryOf(name), Encode(next)}}); !saved) {
    const std::shared_lock lock(mutex_);
    const auto held = states_.find(name);
    if (witness_ && held != states_.end()) TRY(witness_({Action::kUndo, by, held->second}));
    return saved;
  }
  const std::unique_lock lock(mutex_);
  states_.insert_or_assign(name, next);
  return {};
}

// With replicas, agreed on before it is in force here.
Status BaselineBook::Commit(Action action, const Author& by, BaselineState& next,
                            const std::optional<Refusals>& refused) {
  if (ledger_ != nullptr) {
    TRY_ASSIGN(next.agreed, Agree(action, next));
  }
  return Record(action, by, next, refused);
}

Result<int64_t> BaselineBook::Agree(Action action, const BaselineState& next) {
  const bool in_force = action == Action::kPromote || action == Action::kRollBack;
  const std::string& name = next.current->name;
  const auto unavailable = [&](std::string_view why) {
    return Error{ErrorKind::kUnavailable, Check::kStoreIo, StrCat("baseline \"", name, "\": ", why)};
  };
  if (next.agreed == 0) return unavailable("what the replicas have agreed on was not read yet: try again");
  TRY_ASSIGN(const auto number, ledger_->Replace({name, Encode(next), next.agreed},
                                                 in_force ? BaselineLedger::Needs::kAllReplicas
                                                          : BaselineLedger::Needs::kNobody));
  if (!number) return unavailable("another replica changes it: look at it, and try again");
  return *number;
}

// Nothing is locked meanwhile: this replica, too, takes over what others agree on.
Result<BaselineState> BaselineBook::Settled(BaselineState next) {
  if (ledger_ != nullptr) TRY(ledger_->Settle(next.current->name, next.agreed));
  return next;
}

// ---- of other replicas ----

Status BaselineBook::TakeOver(const std::vector<AgreedBaseline>& agreed, bool all, const Usable& usable,
                              Instant now) {
  const std::lock_guard changing(changing_);
  for (const AgreedBaseline& one : agreed) TRY(TakeOver(one, all, usable));
  if (!all && proposals_.empty()) return {};
  return Propose(now);
}

// Of a ledger that was put back, a version that this one has and that does not know of it is older.
Status BaselineBook::TakeOver(const AgreedBaseline& agreed, bool all, const Usable& usable) {
  BaselineState held;
  {
    const std::shared_lock lock(mutex_);
    const auto found = states_.find(agreed.name);
    if (found == states_.end()) return {};  // not in the configuration here
    held = found->second;
  }
  if (!all && held.agreed >= agreed.number) return {};
  TRY_ASSIGN(BaselineState next, Decode(agreed.name, agreed.state));
  next.agreed = agreed.number;
  next.configured = held.configured;
  if (all && held.agreed != 0 && held.highest > next.highest) {
    held.agreed = agreed.number;
    TRY_ASSIGN(const auto number,
               ledger_->Replace({agreed.name, Encode(held), agreed.number}, BaselineLedger::Needs::kNobody));
    if (number) next = held, next.agreed = *number;
  }
  if (Encode(next) == Encode(held)) {
    const std::unique_lock lock(mutex_);
    states_.insert_or_assign(agreed.name, next);
    return {};
  }
  TRY(usable(next.current->baseline));
  return Record(Action::kTakeOver, "replica", next);
}

// What the ledger lacks, and what the configuration has changed since it was read last.
Status BaselineBook::Propose(Instant now) {
  for (auto& [name, state] : All()) {
    BaselineState next = state;
    const auto proposal = proposals_.find(name);
    const bool changes = proposal != proposals_.end();
    if (!changes && next.agreed != 0) continue;
    if (changes) {
      next.configured = proposal->second;
      if (next.current->baseline != next.configured) PutInForce(next, next.configured, now);
    }
    TRY_ASSIGN(const auto number,
               ledger_->Replace({name, Encode(next), next.agreed}, BaselineLedger::Needs::kNobody));
    if (!number) continue;  // the next look brings another's
    next.agreed = *number;
    TRY(Record(Action::kConfigure, "configuration", next));
    if (changes) proposals_.erase(proposal);
  }
  return {};
}

// ---- by command ----

Result<BaselineState> BaselineBook::SetCandidate(std::string_view name, const Baseline& candidate,
                                                 const Author& by) {
  const std::lock_guard changing(changing_);
  TRY_ASSIGN(BaselineState next, Find(name, "stage a candidate for"));
  next.candidate = candidate;
  TRY(Commit(Action::kCandidate, by, next));
  return next;
}

Result<BaselineState> BaselineBook::Promote(std::string_view name, const Author& by, Instant now,
                                            const Guard& guard) {
  std::unique_lock changing(changing_);
  TRY_ASSIGN(BaselineState next, Find(name, "promote"));
  if (!next.candidate) return Refuse(StrCat("baseline \"", name, "\" has no candidate to promote"));
  std::optional<Refusals> refused;
  if (guard) {
    TRY_ASSIGN(refused, guard(next));
  }
  PutInForce(next, *next.candidate, now);
  next.candidate.reset();
  TRY(Commit(Action::kPromote, by, next, refused));
  changing.unlock();
  return Settled(std::move(next));
}

Result<BaselineState> BaselineBook::RollBack(std::string_view name, const Author& by, Instant now) {
  std::unique_lock changing(changing_);
  TRY_ASSIGN(BaselineState next, Find(name, "roll back"));
  if (next.past.empty()) return Refuse(StrCat("baseline \"", name, "\" has no earlier version"));
  if (!next.candidate) next.candidate = next.current->baseline;
  const BaselineVersion& before = *next.past.front();
  next.current = NewVersion(before.name, before.version, before.baseline, now);
  next.past.erase(next.past.begin());
  TRY(Commit(Action::kRollBack, by, next));
  changing.unlock();
  return Settled(std::move(next));
}

}  // namespace thimble
