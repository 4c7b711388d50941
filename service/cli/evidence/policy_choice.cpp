// SPDX-License-Identifier: Apache-2.0
#include "service/cli/evidence/policy_choice.h"

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {

Status ChoosePolicy(const VerifyOptions& options, const Config& config, VerificationRequest& request) {
  request.policy = std::make_shared<const Policy>(config.policies.at("default"));
  request.baseline = config.baselines.at("default");
  if (options.policy) {
    if (const auto named = config.policies.find(*options.policy); named != config.policies.end()) {
      request.policy = std::make_shared<const Policy>(named->second);
    } else {
      TRY_ASSIGN(const PolicyFile file, LoadPolicyFile(*options.policy));
      request.policy = std::make_shared<const Policy>(file.policy);
      request.baseline = file.baseline;
    }
  }
  if (!options.baseline) return {};
  const auto baseline = config.baselines.find(*options.baseline);
  if (baseline == config.baselines.end()) {
    std::string known;
    for (const auto& [name, chosen] : config.baselines) known += StrCat(known.empty() ? "" : ", ", name);
    return Error{
        ErrorKind::kMalformed, Check::kRequest,
        StrCat("--baseline: there is no ", *options.baseline, " in the configuration; known: ", known)};
  }
  request.baseline = baseline->second;
  return {};
}

}  // namespace thimble
