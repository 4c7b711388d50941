// SPDX-License-Identifier: Apache-2.0
#include "service/cli/manual/explanations.h"

#include <algorithm>
#include <array>

#include "service/cli/manual/advice.h"
#include "service/cli/manual/check_index.h"
#include "service/cli/manual/similar.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

using Kind = Explanation::Kind;

constexpr std::string_view kRulePrefix = "policy.";

struct Status {
  std::string_view name, meaning, to_do;
};
// Intel's words, which AMD's floors use too (docs/AMD-FLOORS.md).
constexpr std::array kStatuses = {
    Status{"UpToDate", "every component is at the newest TCB level", "nothing"},
    Status{"SWHardeningNeeded",
           "the platform is patched, and software has to harden itself against its advisories",
           "harden the workload as the advisories say, and then accept the status in accepted_statuses"},
    Status{"ConfigurationNeeded", "a setting of the platform has to be changed, often in the BIOS",
           "change it as the advisories say; accept the status if the setting does not concern you"},
    Status{"ConfigurationAndSWHardeningNeeded", "both of ConfigurationNeeded and SWHardeningNeeded",
           "do both; or accept the status in accepted_statuses"},
    Status{"OutOfDate", "a component is older than the newest TCB level, which repairs something",
           "update what the shortfalls name; platform_grace accepts it for some days"},
    Status{"OutOfDateConfigurationNeeded", "both of OutOfDate and ConfigurationNeeded",
           "update what the shortfalls name, and change the setting"},
    Status{"TDRelaunchAdvised", "the platform was updated after the TD was started on the old TCB",
           "start the TD anew"},
    Status{"TDRelaunchAdvisedConfigurationNeeded", "both of TDRelaunchAdvised and ConfigurationNeeded",
           "change the setting, and start the TD anew"},
    Status{"Revoked", "the TCB level is withdrawn: its keys may be known",
           "do not use the platform before it is updated; no policy can accept it"},
    Status{"RelaunchAdvised", "the platform was updated after the guest was started on the old TCB",
           "start the guest anew"},
    Status{"RelaunchAdvisedConfigurationNeeded", "both of RelaunchAdvised and ConfigurationNeeded",
           "change the setting, and start the guest anew"},
};

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// What stands between the two, or nothing; `text` goes on behind it.
std::string_view Between(std::string_view& text, std::string_view before, std::string_view after) {
  const size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  const size_t first = begin + before.size(), end = text.find(after, first);
  if (end == std::string_view::npos) return {};
  const std::string_view found = text.substr(first, end - first);
  text.remove_prefix(end + after.size());
  return found;
}

bool IsSection(std::string_view text) {
  constexpr std::array<std::string_view, 8> kSpecs = {"DCAP ", "SNP ",  "HCL",  "OE ",
                                                      "UVM ",  "PCCS ", "RFC ", "spec/"};
  return std::any_of(kSpecs.begin(), kSpecs.end(),
                     [&](std::string_view spec) { return text.starts_with(spec); });
}

// "what it says; its section; its files".
void TakeComment(std::string_view comment, Explanation& out) {
  const auto last_part = [&comment] {
    const size_t semicolon = comment.rfind("; ");
    if (semicolon == std::string_view::npos) return std::string_view();
    const std::string_view part = comment.substr(semicolon + 2);
    comment = comment.substr(0, semicolon);
    return part;
  };
  last_part();
  const std::string_view before = comment;
  const std::string_view section = last_part();
  if (IsSection(section)) {
    out.section = section;
  } else {
    comment = before;
  }
  out.meaning = comment;
}

std::vector<Explanation> Checks() {
  std::vector<Explanation> out;
  for (std::string_view line : LinesOf(CheckIndexText())) {
    const std::string_view name = Between(line, "X(k", ")");
    const size_t quote = name.find('"');
    const std::string_view comment = Between(line, "/* ", " */");
    if (quote == std::string_view::npos || comment.empty()) continue;
    Explanation check;
    check.name = name.substr(quote + 1, name.size() - quote - 2);
    TakeComment(comment, check);
    check.to_do = AdviceOn(check.name);
    out.push_back(std::move(check));
  }
  return out;
}

// Where the policy asks it: "policy.snp.measurement" is `measurement = ...` in [policy.NAME.snp].
std::string KeyText(const Explanation& rule) {
  if (rule.meaning.find("no key") != std::string::npos) return "; it has no key of its own";
  const std::string_view path = std::string_view(rule.name).substr(kRulePrefix.size());
  const size_t dot = path.rfind('.');
  const std::string_view key = dot == std::string_view::npos ? path : path.substr(dot + 1);
  const std::string table = dot == std::string_view::npos ? "" : StrCat(".", path.substr(0, dot));
  return StrCat(": [policy.default", table, "] ", key, " = ...");
}

// The rows "| `name` ¹ | holds when | default |" of docs/POLICIES.md.
std::vector<Explanation> Rules() {
  std::vector<Explanation> out;
  for (std::string_view line : LinesOf(PolicyRulesText())) {
    if (!line.starts_with("| `")) continue;
    Explanation rule{
        .kind = Kind::kRule, .name = {}, .meaning = {}, .section = "docs/POLICIES.md", .to_do = {}};
    rule.name = StrCat(kRulePrefix, Between(line, "`", "`"));
    rule.meaning = StrCat("it holds when: ", Between(line, " | ", " |"));
    rule.to_do = StrCat("change the platform or the workload, or what the policy asks", KeyText(rule));
    out.push_back(std::move(rule));
  }
  return out;
}

// What shortfalls name. Numbers go from 00 to 15.
std::vector<Explanation> Components() {
  std::vector<Explanation> out;
  const auto add = [&out](std::string name, std::string meaning, std::string_view section,
                          std::string_view update) {
    out.push_back(
        {.kind = Kind::kComponent,
         .name = std::move(name),
         .meaning = std::move(meaning),
         .section = std::string(section),
         .to_do = StrCat("update ", update, "; a shortfall names the update where the vendor does")});
  };
  constexpr std::string_view kPlatform = "the microcode or BIOS of the platform";
  for (int i = 0; i < 16; ++i) {
    const std::string number = StrCat(i < 10 ? "0" : "", i);
    add(StrCat("sgx.", number), StrCat("component ", number, " of the SGX TCB, a byte of the CPUSVN"),
        "DCAP 5", kPlatform);
    const bool module = i < 2;
    add(StrCat("tdx.", number),
        StrCat("component ", number, " of the TDX TCB, a byte of TEE_TCB_SVN",
               i == 0   ? ": the SVN of the TDX module"
               : i == 1 ? ": the version of the TDX module"
                        : ""),
        "DCAP 5", module ? "the TDX module" : kPlatform);
  }
  add("pcesvn", "the SVN of Intel's provisioning certification enclave", "DCAP 5",
      "Intel's SGX platform software, and let the platform register again");
  add("tdx_module.isvsvn", "the SVN of the TDX module among those of its version", "DCAP 5",
      "the TDX module");
  add("qe.isvsvn", "the SVN of the quoting enclave", "DCAP 4", "Intel's quote generation packages");
  add("snp.bootloader", "the SVN of the boot loader of AMD's secure processor", "SNP d.5", "the host's BIOS");
  add("snp.tee", "the SVN of its operating system", "SNP d.5", "the host's BIOS");
  add("snp.fmc", "the SVN of its first mutable code, of Turin", "SNP d.5", "the host's BIOS");
  add("snp.snp", "the SVN of the SEV-SNP firmware", "SNP d.5", "the host's BIOS or its SEV firmware");
  add("snp.microcode", "the level of the CPU's microcode", "SNP d.5", "the host's BIOS or microcode");
  return out;
}

std::vector<Explanation> All() {
  std::vector<Explanation> out = Checks();
  for (const Status& status : kStatuses) {
    out.push_back({.kind = Kind::kStatus,
                   .name = std::string(status.name),
                   .meaning = std::string(status.meaning),
                   .section = "DCAP 6",
                   .to_do = std::string(status.to_do)});
  }
  for (Explanation& rule : Rules()) out.push_back(std::move(rule));
  for (Explanation& component : Components()) out.push_back(std::move(component));
  return out;
}

}  // namespace

const std::vector<Explanation>& Explanations() {
  static const std::vector<Explanation> kAll = All();
  return kAll;
}

const Explanation* FindExplanation(std::string_view name) {
  const auto& all = Explanations();
  const auto named = [&](const std::string& wanted) {
    return std::find_if(all.begin(), all.end(), [&](const Explanation& e) { return e.name == wanted; });
  };
  auto found = named(std::string(name));
  if (found == all.end()) found = named(StrCat(kRulePrefix, name));
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> NamesLike(std::string_view name) {
  std::vector<std::string> names;
  for (const Explanation& explanation : Explanations()) {
    const bool bare = explanation.kind == Kind::kRule && !name.starts_with(kRulePrefix);
    names.push_back(bare ? explanation.name.substr(kRulePrefix.size()) : explanation.name);
  }
  return Similar(name, names);
}

std::string ExplanationsPage() {
  std::string out =
      "# Checks and statuses\n\n"
      "What each name in a result means, and what to do when it fails. `thimble explain NAME` prints the "
      "same.\n"
      "This page is made by `thimble explain --page`: what it says of checks stands in `tcb/check.h` and\n"
      "`service/cli/manual/`. Rules of policies, `policy.NAME` in a result, are in `docs/POLICIES.md`.\n\n"
      "\"soft\": a policy may accept it. \"note\": it decides nothing. \"hard\": it rejects where it "
      "fails.\n";
  std::optional<Kind> before;
  for (const Explanation& e : Explanations()) {
    if (e.kind == Kind::kRule || e.kind == Kind::kComponent) continue;
    if (before != e.kind)
      out += StrCat("\n", e.kind == Kind::kCheck ? "## Checks" : "## TCB statuses",
                    "\n\n| name | says | section | to do |\n", "|---|---|---|---|\n");
    before = e.kind;
    out += StrCat("| `", e.name, "` | ", e.meaning, " | ", e.section, " | ", e.to_do, " |\n");
  }
  return out;
}

}  // namespace thimble
