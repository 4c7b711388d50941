// SPDX-License-Identifier: Apache-2.0
//
// DELETE /v1/platforms/{QE id}: what is known of a platform is forgotten, so that its QE id may be registered for another
// board. Recorded in the audit trail first.
#pragma once

#include <string_view>

#include "cache/platform_registry.h"
#include "service/audit/audit_trail.h"
#include "service/http/router.h"
#include "service/platforms/pck_service.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to.
class PlatformApi {
 public:
  PlatformApi(PckService& service, PlatformRegistry& registry, AuditTrail& audit)
      : service_(service), registry_(registry), audit_(audit) {}

  void AddTo(http::Router& router);

 private:
  http::Response Forget(std::string_view qe_id, const http::Request& request);

  PckService& service_;
  PlatformRegistry& registry_;
  AuditTrail& audit_;
};

}  // namespace thimble
