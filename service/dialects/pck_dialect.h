// SPDX-License-Identifier: Apache-2.0
//
// PCK certificates in the dialect of Intel's PCCS: `pckcert`, which chooses one for a TCB; and as the PCS has them, which
// PCCS lacks: `pckcerts`, all of a platform, by encrypted PPID or, posted, by manifest, and here by QE id, too
// (spec/intel-pccs-api.md sections 4, 6 and 10). With `api-version`, `pckcert` answers in
// Azure's form (spec/azure-thim.md section 3).
#pragma once

#include "service/http/router.h"
#include "service/platforms/pck_service.h"
#include "service/support/clock.h"

namespace thimble {

// Thread-safe. What it refers to outlives it, and it outlives the router that it is added to.
class PckDialect {
 public:
  PckDialect(PckService& service, const Clock& clock) : service_(service), clock_(clock) {}

  void AddTo(http::Router& router);

 private:
  http::Response PckCert(const http::Request& request, const http::Query& query);
  http::Response PckCerts(const http::Request& request, const http::Query& query);
  http::Response PckCertsByProof(const http::Request& request, const http::Query& query);
  http::Response PckCertsByManifest(const http::Request& request);
  http::Response AnswerAsPcs(const http::Request& request, const intel::PlatformProof& proof,
                             const intel::PceId& pce_id);
  http::Response RefusalOf(const Error& error) const;

  PckService& service_;
  const Clock& clock_;
};

}  // namespace thimble
