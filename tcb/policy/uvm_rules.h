// SPDX-License-Identifier: Apache-2.0
//
// What a policy asks of the utility VM of confidential containers on Azure: [policy.NAME.uvm]
// (spec/azure-containers.md). Each key is a field here. The container policy is asked for by snp.host_data, its digest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tcb/uvm/ledger_key.h"

namespace thimble {

// Who may endorse which images, and the least of their SVNs. Issuers are compared as a whole.
struct AcceptedUvm {
  std::string issuer, feed;
  uint32_t min_svn = 0;
  bool operator==(const AcceptedUvm&) const = default;
};

// Microsoft's utility VMs of container instances and of AKS. Issuer and feed are promised for the life of the root.
std::vector<AcceptedUvm> MicrosoftUvms();

struct UvmRules {
  std::vector<AcceptedUvm> accepted = MicrosoftUvms();
  bool required = false;  // evidence without an endorsement does not pass
  // When there are any, the endorsement needs a receipt under one of them.
  std::vector<uvm::LedgerKey> ledger_keys;
};

}  // namespace thimble
