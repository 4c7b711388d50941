// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include "tcb/amd/named_bits.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/policy/rule_list.h"

namespace thimble {

std::optional<uint8_t>& TcbMinimum::At(amd::TcbComponent component) {
  switch (component) {
    case amd::TcbComponent::kFmc:
      return fmc;
    case amd::TcbComponent::kBootloader:
      return bootloader;
    case amd::TcbComponent::kTee:
      return tee;
    case amd::TcbComponent::kSnp:
      return snp;
    case amd::TcbComponent::kMicrocode:
      break;
  }
  return microcode;
}

std::optional<uint8_t> TcbMinimum::At(amd::TcbComponent component) const {
  return TcbMinimum(*this).At(component);
}

}  // namespace thimble

namespace thimble::policy {
namespace {

using amd::SnpClaims;

std::string Text(const amd::FirmwareVersion& version) {
  return json::Escape(StrCat(version.major, ".", version.minor, ".", version.build));
}
std::string Text(const AbiVersion& version) {
  return json::Escape(StrCat(version.major, ".", version.minor));
}

std::string BitNames(std::span<const NamedBit> bits, uint64_t value) {
  return JsonList(NamesOfBits(bits, value), json::Escape);
}

std::string BitNumbers(uint64_t value) {
  std::string out = "[";
  for (uint8_t i = 0; i < 64; ++i) {
    if ((value >> i & 1) != 0) out += StrCat(out.size() > 1 ? "," : "", i);
  }
  return out + ']';
}

// -- POLICY, PLATFORM_INFO, mitigation vectors --

struct BitDemand {
  std::string_view required_rule, forbidden_rule;
  std::span<const NamedBit> names;
  uint64_t required, forbidden;
};

void AddBitRules(const BitDemand& demand, std::optional<uint64_t> found, RuleList& rules) {
  const std::string set = found ? BitNames(demand.names, *found) : "null";
  if (demand.required != 0) {
    rules.Add(demand.required_rule, BitNames(demand.names, demand.required), set,
              found && (*found & demand.required) == demand.required);
  }
  if (demand.forbidden != 0) {
    rules.Add(demand.forbidden_rule, BitNames(demand.names, demand.forbidden), set,
              found && (*found & demand.forbidden) == 0);
  }
}

void AddMitigationRule(std::string_view rule, uint64_t required, std::optional<uint64_t> found,
                       RuleList& rules) {
  if (required == 0) return;
  rules.Add(rule, BitNumbers(required), found ? BitNumbers(*found) : "null",
            found && (*found & required) == required);
}

void AddGuestRules(const SnpClaims* claims, const SnpRules& snp, RuleList& rules) {
  const auto found = [&](auto SnpClaims::*field) {
    using Field = std::decay_t<decltype(claims->*field)>;
    return claims != nullptr ? std::optional<Field>(claims->*field) : std::nullopt;
  };
  rules.AnyOf("snp.measurement", snp.measurement, found(&SnpClaims::measurement));
  rules.AnyOf("snp.host_data", snp.host_data, found(&SnpClaims::host_data));
  rules.AnyOf("snp.family_id", snp.family_id, found(&SnpClaims::family_id));
  rules.AnyOf("snp.image_id", snp.image_id, found(&SnpClaims::image_id));
  rules.AtLeast("snp.min_guest_svn", snp.min_guest_svn, found(&SnpClaims::guest_svn));
  rules.AnyOf("snp.id_key_digest", snp.id_key_digest, found(&SnpClaims::id_key_digest));
  const bool author_key = claims != nullptr && claims->author_key_en;
  rules.AnyOf("snp.author_key_digest", snp.author_key_digest,
              author_key ? found(&SnpClaims::author_key_digest) : std::nullopt);
  rules.AnyOf("snp.vmpl", snp.vmpl, found(&SnpClaims::vmpl));
  const auto policy = found(&SnpClaims::policy);
  AddBitRules({"snp.policy_required", "snp.policy_forbidden", amd::kGuestPolicyBits, snp.policy_required,
               snp.policy_forbidden},
              policy, rules);
  AddBitRules({"snp.platform_info_required", "snp.platform_info_forbidden", amd::kPlatformInfoBits,
               snp.platform_info_required, snp.platform_info_forbidden},
              found(&SnpClaims::platform_info), rules);
  if (snp.min_abi) {
    const AbiVersion abi{static_cast<uint8_t>(policy.value_or(0) >> 8),
                         static_cast<uint8_t>(policy.value_or(0))};
    rules.Add("snp.min_abi", Text(*snp.min_abi), policy ? Text(abi) : "null", policy && abi >= *snp.min_abi);
  }
}

// -- versions --

// The same shape for what is wanted and what is found.
std::string TcbJson(const amd::Cpus& cpus, const TcbMinimum& tcb) {
  std::string out;
  json::Writer writer(&out);
  writer.BeginObject();
  writer.Key("product").String(amd::ProductName(cpus.product));
  if (cpus.line != nullptr) writer.Key("line").String(cpus.line->name);
  for (const amd::TcbComponent component : amd::kTcbComponents) {
    if (const auto svn = tcb.At(component)) writer.Key(amd::ComponentName(component)).Unsigned(*svn);
  }
  writer.EndObject();
  return out;
}

bool Reaches(const TcbMinimum& tcb, const TcbMinimum& minimum) {
  return std::ranges::all_of(amd::kTcbComponents, [&](amd::TcbComponent component) {
    const auto need = minimum.At(component);
    return !need || tcb.At(component).value_or(0) >= *need;
  });
}

// What a CPU that goes by these names, widest first, has to reach; nullopt: no minimum is given for it.
std::optional<TcbMinimum> MinimumOf(const TcbMinimums& minimums, const std::vector<amd::Cpus>& names) {
  std::optional<TcbMinimum> out;
  for (const amd::Cpus& cpus : names) {
    const auto given = minimums.find(cpus);
    if (given == minimums.end()) continue;
    if (!out) out.emplace();
    for (const amd::TcbComponent component : amd::kTcbComponents) {
      if (const auto svn = given->second.At(component)) out->At(component) = svn;
    }
  }
  return out;
}

// The highest of each component, for a CPU that is not known; nullopt: it may be one without a minimum.
std::optional<TcbMinimum> StrictestOf(const TcbMinimums& minimums, amd::Product product) {
  TcbMinimum out;
  for (const auto& names : amd::PossibleCpus(product)) {
    const auto minimum = MinimumOf(minimums, names);
    if (!minimum) return std::nullopt;
    for (const amd::TcbComponent component : amd::kTcbComponents) {
      out.At(component) = std::max(out.At(component), minimum->At(component));
    }
  }
  return out;
}

void AddMinTcb(std::string_view rule, const TcbMinimums& minimums,
               const std::optional<amd::TcbVersion>& found, const std::optional<amd::CpuId>& cpuid,
               RuleList& rules) {
  if (minimums.empty()) return;
  const auto all = [&] {
    return JsonList(minimums, [](const auto& m) { return TcbJson(m.first, m.second); });
  };
  if (!found) return rules.Add(rule, all(), "null", false);
  const TcbMinimum tcb{found->fmc, found->bootloader, found->tee, found->snp, found->microcode};
  const auto names = cpuid ? amd::CpusOf(found->product, *cpuid) : std::vector{amd::Cpus(found->product)};
  const auto minimum = cpuid ? MinimumOf(minimums, names) : StrictestOf(minimums, found->product);
  rules.Add(rule, minimum ? TcbJson(names.back(), *minimum) : all(), TcbJson(names.back(), tcb),
            minimum && Reaches(tcb, *minimum));
}

void AddMinVersion(std::string_view rule, const std::optional<amd::FirmwareVersion>& minimum,
                   const amd::FirmwareVersion* found, RuleList& rules) {
  if (!minimum) return;
  rules.Add(rule, Text(*minimum), found != nullptr ? Text(*found) : "null",
            found != nullptr && *found >= *minimum);
}

void AddVersionRules(const SnpClaims* claims, const SnpRules& snp, RuleList& rules) {
  const auto tcb = [&](std::optional<amd::TcbVersion> SnpClaims::*field) {
    return claims != nullptr ? claims->*field : std::nullopt;
  };
  const auto cpuid = claims != nullptr ? claims->cpuid : std::nullopt;
  AddMinTcb("snp.min_reported_tcb", snp.min_reported_tcb, tcb(&SnpClaims::reported_tcb), cpuid, rules);
  AddMinTcb("snp.min_committed_tcb", snp.min_committed_tcb, tcb(&SnpClaims::committed_tcb), cpuid, rules);
  AddMinTcb("snp.min_current_tcb", snp.min_current_tcb, tcb(&SnpClaims::current_tcb), cpuid, rules);
  AddMinTcb("snp.min_launch_tcb", snp.min_launch_tcb, tcb(&SnpClaims::launch_tcb), cpuid, rules);
  AddMinVersion("snp.min_current_version", snp.min_current_version,
                claims != nullptr ? &claims->current_version : nullptr, rules);
  AddMinVersion("snp.min_committed_version", snp.min_committed_version,
                claims != nullptr ? &claims->committed_version : nullptr, rules);
  const auto vector = [&](std::optional<uint64_t> SnpClaims::*field) {
    return claims != nullptr ? claims->*field : std::nullopt;
  };
  AddMitigationRule("snp.current_mitigations", snp.current_mitigations,
                    vector(&SnpClaims::current_mit_vector), rules);
  AddMitigationRule("snp.launch_mitigations", snp.launch_mitigations, vector(&SnpClaims::launch_mit_vector),
                    rules);
}

// -- the platform --

// A CPU that is not known is of its product, and of no line.
void AddProductRule(const amd::PlatformFacts* facts, const SnpRules& snp, RuleList& rules) {
  const auto& wanted = snp.products;
  if (wanted.empty()) return;
  const auto name = [](const amd::Cpus& cpus) { return json::Escape(cpus.name()); };
  if (facts == nullptr || !facts->product) {
    return rules.Add("snp.products", JsonList(wanted, name), "null", false);
  }
  const auto names =
      facts->cpuid ? amd::CpusOf(*facts->product, *facts->cpuid) : std::vector{amd::Cpus(*facts->product)};
  rules.Add("snp.products", JsonList(wanted, name), name(names.back()),
            std::find_first_of(names.begin(), names.end(), wanted.begin(), wanted.end()) != names.end());
}

// The chip by its id, or the provider by its certificate: whichever the signing key can show.
void AddIdentityRules(const SnpClaims* claims, const amd::PlatformFacts* facts, const SnpRules& snp,
                      RuleList& rules) {
  const bool vlek = facts != nullptr && facts->signing_key == amd::SigningKey::kVlek;
  if (!vlek || snp.csp_id.empty()) {
    const bool known = !vlek && claims != nullptr && facts != nullptr;
    rules.AnyOf("snp.chip_id", snp.chip_id, known ? ChipOf(*claims, *facts) : std::nullopt);
  }
  if (!snp.csp_id.empty() && (vlek || snp.chip_id.empty())) {
    const auto found = facts != nullptr ? facts->csp_id : std::nullopt;
    rules.Add("snp.csp_id", JsonList(snp.csp_id, json::Escape), found ? json::Escape(*found) : "null",
              found && std::find(snp.csp_id.begin(), snp.csp_id.end(), *found) != snp.csp_id.end());
  }
}

}  // namespace

void AddSnpRules(const Verdict& verdict, const SnpRules& snp, RuleList& rules) {
  const auto* claims = std::get_if<SnpClaims>(&verdict.claims);
  const auto* facts = std::get_if<amd::PlatformFacts>(&verdict.platform);
  AddProductRule(facts, snp, rules);
  AddGuestRules(claims, snp, rules);
  AddVersionRules(claims, snp, rules);
  const bool masked = std::ranges::any_of(
      verdict.findings, [](const Finding& finding) { return finding.check == Check::kSnpChipIdMasked; });
  rules.Permission("snp.allow_masked_chip_id", snp.allow_masked_chip_id,
                   claims != nullptr ? std::optional(masked) : std::nullopt);
  AddIdentityRules(claims, facts, snp, rules);
}

}  // namespace thimble::policy
