// SPDX-License-Identifier: Apache-2.0
//
// The clients that `thimble doctor --client NAME` speaks as, and what each of them sends (spec/intel-qcnl-client.md,
// spec/azure-thim.md section 3, spec/intel-pccs-api.md section 10).
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "service/cli/doctor/client_probes.h"
#include "tcb/intel/ids.h"

namespace thimble {

struct ProbeScope {
  intel::Fmspc fmspc;
  // The server's own answer: what a client that uploads has fetched before.
  std::function<Result<HttpResponse>(std::string target)> ask;
};

struct KnownClient {
  std::string_view name;  // of --client
  std::vector<ClientProbe> (*probes)(const ProbeScope& scope);
};

std::span<const KnownClient> KnownClients();
// Null: none of this name.
const KnownClient* FindClient(std::string_view name);

// Those of pccsadmin, which writes to the server what the server itself has answered, and so changes nothing.
std::vector<ClientProbe> UploadProbes(const ProbeScope& scope);

}  // namespace thimble
