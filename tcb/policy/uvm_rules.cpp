// SPDX-License-Identifier: Apache-2.0
//
// The rules on issuer, feed and SVN. They are asked of an endorsement that is there; that one is there is a rule of its own.
#include <algorithm>

#include "tcb/policy/rule_list.h"

namespace thimble {

std::vector<AcceptedUvm> MicrosoftUvms() {
  // The fingerprint is that of Microsoft Supply Chain RSA Root CA 2022; the last arc says for whom it signs.
  constexpr std::string_view kMicrosoft =
      "did:x509:0:sha256:I__iuL25oXEVFdTP_aBLx_eT1RPHbCQ_ECBQfYZpt9s::eku:1.3.6.1.4.1.311.76.59.1.";
  return {{std::string(kMicrosoft) + "2", "ContainerPlat-AMD-UVM", 100},
          {std::string(kMicrosoft) + "5", "ConfAKS-AMD-UVM", 1}};
}

}  // namespace thimble

namespace thimble::policy {
namespace {

std::string AcceptedJson(const AcceptedUvm& accepted) {
  std::string out;
  json::Writer writer(&out);
  writer.BeginObject();
  writer.Key("issuer").String(accepted.issuer);
  writer.Key("feed").String(accepted.feed);
  writer.Key("min_svn").Unsigned(accepted.min_svn);
  writer.EndObject();
  return out;
}

// Each rule is over what the one before it leaves: an issuer is accepted for a feed, and a feed of an issuer has a minimum.
void AddAcceptedRules(const uvm::Endorsement& endorsement, std::vector<AcceptedUvm> left, RuleList& rules) {
  const auto keep = [&](auto matches) {
    std::erase_if(left, [&](const AcceptedUvm& one) { return !matches(one); });
  };
  const auto wanted = JsonList(left, AcceptedJson);
  keep([&](const AcceptedUvm& one) { return one.issuer == endorsement.issuer; });
  rules.Add("uvm.issuer", wanted, json::Escape(endorsement.issuer), !left.empty());
  if (left.empty()) return;
  const auto feeds = JsonList(left, [](const AcceptedUvm& one) { return json::Escape(one.feed); });
  keep([&](const AcceptedUvm& one) { return one.feed == endorsement.feed; });
  rules.Add("uvm.feed", feeds, json::Escape(endorsement.feed), !left.empty());
  if (left.empty()) return;
  const uint32_t minimum = std::ranges::min(left, {}, &AcceptedUvm::min_svn).min_svn;
  rules.Add("uvm.min_svn", std::to_string(minimum), std::to_string(endorsement.svn),
            endorsement.svn >= minimum);
}

}  // namespace

void AddUvmRules(const Verdict& verdict, const UvmRules& uvm, RuleList& rules) {
  const bool there = verdict.container && verdict.container->endorsement;
  // Whoever asks for a receipt asks for what it is of: leaving both out is no way around.
  if (uvm.required || !uvm.ledger_keys.empty())
    rules.Add("uvm.required", "true", there ? "true" : "null", there);
  if (there) AddAcceptedRules(*verdict.container->endorsement, uvm.accepted, rules);
}

}  // namespace thimble::policy
