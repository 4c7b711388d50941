// SPDX-License-Identifier: Apache-2.0
//
// What the rows of the rule table are made of.
#pragma once

#include "tests/tcb/policy/rule_table.h"

namespace thimble {

using amd::SnpClaims;
using intel::SgxClaims;
using intel::TdxClaims;

using RuleRows = std::vector<RuleRow>;
RuleRows Joined(std::initializer_list<RuleRows> parts);

// Values as a policy's JSON has them: `byte`, in hex, so many times; a list of one.
std::string Hex(size_t bytes, const char* byte);
std::string List(const std::string& entry);

void AddFinding(Verdict& verdict, Check check);

// `field` of the claims is in the list; another byte in it, and it is not.
template <class Claims, class Id, class Rules>
RuleRow AnyOfRow(std::string rule, Verdict good, Rules Policy::*section, std::vector<Id> Rules::*list,
                 Id Claims::*field, const char* byte) {
  const Id value = std::get<Claims>(good.claims).*field;
  return {std::move(rule),
          "",
          std::move(good),
          [=](Policy& p) {
            (p.*section).*list = {Filled<Id>(0xee), value};
          },
          [=](Verdict& v) {
            auto bytes = value.bytes();
            bytes.back() ^= 1;
            std::get<Claims>(v.claims).*field = Id(bytes);
          },
          "[" + Hex(Id::kSize, "ee") + "," + Hex(Id::kSize, byte) + "]",
          Hex(Id::kSize, byte),
          ""};
}

template <class Change>
std::function<void(Verdict&)> Sgx(Change change) {
  return [change](Verdict& v) { change(ClaimsOf<SgxClaims>(v)); };
}
template <class Change>
std::function<void(Verdict&)> Tdx(Change change) {
  return [change](Verdict& v) { change(ClaimsOf<TdxClaims>(v)); };
}
template <class Change>
std::function<void(Verdict&)> Snp(Change change) {
  return [change](Verdict& v) { change(ClaimsOf<SnpClaims>(v)); };
}
template <class Change>
std::function<void(Verdict&)> Platform(Change change) {
  return [change](Verdict& v) { change(FactsOf<intel::PlatformFacts>(v)); };
}

}  // namespace thimble
