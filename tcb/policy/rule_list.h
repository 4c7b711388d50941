// SPDX-License-Identifier: Apache-2.0
//
// Recording the outcome of rules. Rules that the policy does not ask are not recorded; what was found may be absent
// (a claim that the evidence does not make), and then no rule holds. Internal to tcb/.
#pragma once

#include <string>
#include <vector>

#include "tcb/base/json.h"
#include "tcb/policy.h"

namespace thimble::policy {

inline std::string JsonBool(bool value) { return value ? "true" : "false"; }

// A JSON array of what `write` makes of each.
template <class List, class Write>
std::string JsonList(const List& list, const Write& write) {
  std::string out = "[";
  for (const auto& entry : list) {
    if (out.size() > 1) out += ',';
    out += write(entry);
  }
  return out + ']';
}

class RuleList {
 public:
  explicit RuleList(std::vector<RuleOutcome>* out) : out_(out) {}

  void Add(std::string_view rule, std::string wanted, std::string found, bool ok) {
    out_->push_back({std::string(rule), std::move(wanted), std::move(found), ok});
  }

  // One of the identifiers allowed, in hex.
  template <class Id>
  void AnyOf(std::string_view rule, const std::vector<Id>& allowed, const std::optional<Id>& found) {
    if (allowed.empty()) return;
    Add(rule, JsonList(allowed, [](const Id& id) { return json::Escape(id.hex()); }),
        found ? json::Escape(found->hex()) : "null",
        found && std::find(allowed.begin(), allowed.end(), *found) != allowed.end());
  }

  template <std::unsigned_integral N>
  void AnyOf(std::string_view rule, const std::vector<N>& allowed, const std::optional<N>& found) {
    if (allowed.empty()) return;
    Add(rule, JsonList(allowed, [](N number) { return std::to_string(number); }),
        found ? std::to_string(*found) : "null",
        found && std::find(allowed.begin(), allowed.end(), *found) != allowed.end());
  }

  template <std::unsigned_integral N>
  void AtLeast(std::string_view rule, const std::optional<N>& minimum, const std::optional<N>& found) {
    if (!minimum) return;
    Add(rule, std::to_string(*minimum), found ? std::to_string(*found) : "null", found && *found >= *minimum);
  }

  template <size_t N>
  void Matches(std::string_view rule, const std::optional<BitPattern<N>>& pattern,
               std::optional<ByteView> found) {
    if (!pattern) return;
    std::string wanted;
    json::Writer writer(&wanted);
    writer.BeginObject();
    writer.Key("value").Hex(pattern->value);
    writer.Key("mask").Hex(pattern->mask);
    writer.EndObject();
    Add(rule, std::move(wanted), found ? json::Escape(HexLower(*found)) : "null",
        found && pattern->Matches(*found));
  }

  // A permission: what is not allowed may not be found.
  void Permission(std::string_view rule, bool allowed, std::optional<bool> found) {
    Add(rule, JsonBool(allowed), found ? JsonBool(*found) : "null", allowed || (found && !*found));
  }

 private:
  std::vector<RuleOutcome>* out_;
};

// Each file of rules adds its own. `policy` is already the one for the evidence's class.
void AddTcbRules(const Verdict& verdict, const Policy& policy, Instant at, RuleList& rules);
void AddPlatformRules(const Verdict& verdict, const Policy& policy, RuleList& rules);
void AddCollateralRules(const Verdict& verdict, const Policy& policy, Instant at, RuleList& rules);
void AddFindingRules(const Verdict& verdict, const Policy& policy, Instant at, RuleList& rules);
void AddSgxRules(const Verdict& verdict, const SgxRules& sgx, RuleList& rules);
void AddTdxRules(const Verdict& verdict, const TdxRules& tdx, RuleList& rules);
void AddSnpRules(const Verdict& verdict, const SnpRules& snp, RuleList& rules);
void AddUvmRules(const Verdict& verdict, const UvmRules& uvm, RuleList& rules);
void AddHclRules(const Verdict& verdict, const HclRules& hcl, RuleList& rules);
void AddTpmRules(const Verdict& verdict, const TpmRules& tpm, RuleList& rules);
void AddVbsRules(const Verdict& verdict, const VbsRules& vbs, RuleList& rules);
void AddRestrictedRule(const Verdict& verdict, const RestrictedList& restricted, RuleList& rules);

}  // namespace thimble::policy
