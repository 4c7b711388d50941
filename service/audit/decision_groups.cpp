// SPDX-License-Identifier: Apache-2.0
#include "service/audit/decision_groups.h"

#include "service/support/peer_address.h"
#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr std::chrono::seconds kMinute{60};
constexpr size_t kMostNamed = 32;  // clients in one summary

std::string KeyOf(const DecisionRecord& decision) {
  const Digest256 digest = Sha256(AsBytes(decision.shared));
  return std::string(AsText(digest.view()));
}

std::string WithoutBraces(const std::string& object) { return object.substr(1, object.size() - 2); }

std::string_view DecisionName(bool accepted) { return accepted ? "accept" : "reject"; }

}  // namespace

Status DecisionGroups::Add(const DecisionRecord& decision) {
  return decision.gave ? AddByItself(decision) : AddGrouped(decision);
}

// On the disk before anybody has what it gave. While the disk fails nobody waits for it: by on_failure it is refused, or
// is written when the disk is back.
Status DecisionGroups::AddByItself(const DecisionRecord& decision) {
  std::string members = StrCat(decision.own, ",", decision.shared);
  if (!log_.state().last_error.empty()) return log_.Append(std::move(members));
  const Status written = log_.AppendDurably(members);
  return written || log_.must_record() ? written : log_.Append(std::move(members));
}

Status DecisionGroups::AddGrouped(const DecisionRecord& decision) {
  const Steady now = clocks_.steady();
  std::string key = KeyOf(decision);
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found != by_key_.end() && now - found->second->opened < kMinute) {
    if (log_.must_record()) TRY(log_.Accepts());
    ++found->second->repetitions;
    found->second->last = clocks_.wall();
    ++totals_.repeated;
    return {};
  }
  if (found != by_key_.end()) CloseGroup(found->second);
  if (!decision.accepted && !Affords(decision.client, now)) return Summarise(decision, now);
  TRY(log_.Append(StrCat(decision.own, ",", decision.shared)));
  Open(std::move(key), decision, now);
  return {};
}

bool DecisionGroups::Affords(const std::string& client, Steady now) {
  const std::string counted_as = http::PeerCountedAs(client);
  if (clients_.size() >= budgets_.max_clients && !clients_.contains(counted_as)) {
    // Whoever has a full bucket is as good as never seen.
    std::erase_if(clients_, [&](const auto& entry) { return entry.second.full(budgets_.per_client, now); });
    if (clients_.size() >= budgets_.max_clients) return false;
  }
  return clients_[counted_as].Take(budgets_.per_client, now) && in_all_.Take(budgets_.in_all, now);
}

Status DecisionGroups::Summarise(const DecisionRecord& decision, Steady now) {
  if (log_.must_record()) TRY(log_.Accepts());
  if (summary_ && now - summary_->opened >= kMinute) CloseSummary();
  if (!summary_) {
    summary_.emplace();
    summary_->opened = now;
    summary_->since = clocks_.wall();
  }
  ++totals_.summarised;
  ++summary_->count;
  ++summary_->causes[decision.cause];
  const std::string client = http::PeerCountedAs(decision.client);
  if (summary_->clients.size() >= kMostNamed && !summary_->clients.contains(client)) {
    ++summary_->of_other_clients;
  } else {
    ++summary_->clients[client];
  }
  return {};
}

void DecisionGroups::Open(std::string key, const DecisionRecord& decision, Steady now) {
  if (open_.size() >= budgets_.max_groups) CloseGroup(open_.begin());
  open_.push_back({.key = key,
                   .opened = now,
                   .request = decision.request,
                   .client = decision.client,
                   .evidence = decision.evidence,
                   .accepted = decision.accepted});
  by_key_.emplace(std::move(key), std::prev(open_.end()));
}

void DecisionGroups::CloseGroup(Groups::iterator group) {
  if (group->repetitions != 0) {
    std::string members;
    json::Writer(&members)
        .BeginObject()
        .Key("kind")
        .String("repeated")
        .Key("count")
        .Unsigned(group->repetitions)
        .Key("of")
        .String(group->request)
        .Key("client")
        .String(group->client)
        .Key("evidence_sha256")
        .Hex(group->evidence.view())
        .Key("decision")
        .String(DecisionName(group->accepted))
        .Key("last")
        .String(FormatRfc3339(group->last))
        .EndObject();
    log_.AppendOwed(WithoutBraces(members));
  }
  by_key_.erase(group->key);
  open_.erase(group);
}

void DecisionGroups::CloseSummary() {
  std::string members;
  json::Writer json(&members);
  json.BeginObject().Key("kind").String("rejections").Key("count").Unsigned(summary_->count);
  json.Key("since").String(FormatRfc3339(summary_->since));
  json.Key("clients").BeginObject();
  for (const auto& [client, count] : summary_->clients) json.Key(client).Unsigned(count);
  json.EndObject();
  if (summary_->of_other_clients != 0) json.Key("of_other_clients").Unsigned(summary_->of_other_clients);
  json.Key("causes").BeginObject();
  for (const auto& [cause, count] : summary_->causes) json.Key(cause).Unsigned(count);
  json.EndObject().EndObject();
  log_.AppendOwed(WithoutBraces(members));
  summary_.reset();
}

void DecisionGroups::Close(Which which) {
  const Steady now = clocks_.steady();
  const std::lock_guard lock(mutex_);
  const auto over = [&](Steady opened) { return which == Which::kAll || now - opened >= kMinute; };
  while (!open_.empty() && over(open_.front().opened)) CloseGroup(open_.begin());
  if (summary_ && over(summary_->opened)) CloseSummary();
}

DecisionGroups::Totals DecisionGroups::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace thimble
