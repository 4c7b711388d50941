// SPDX-License-Identifier: Apache-2.0
//
// A chain held against a did:x509 identifier (spec/azure-containers.md section 4), in the order that matters: the path is
// verified first, and then the fingerprint is looked for *in that path*. Looked for anywhere among the certificates, it is
// found in one that adorns the chain of somebody else.
//
// Validity is not looked at here, as the specification has it: what is signed is held against it by its signing time.
#pragma once

#include <string_view>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/didx509/did.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/signature_memo.h"

namespace thimble::didx509 {

inline constexpr size_t kMinChain = 2, kMaxChain = 8;
using Chain = std::vector<CertificatePtr>;  // leaf first, the anchor last

// The path is the chain as it is, all of it, in that order (RFC 5280 section 6, without validity). `memo` may be null.
// Rejected with `check`.
Status VerifyPath(const Chain& chain, SignatureMemo* memo, Check check);

// Of a path that was verified: the fingerprint is of a certificate above the leaf, and the leaf meets every predicate.
// Rejected with `check`.
Status Match(const Did& did, const Chain& path, Check check);

}  // namespace thimble::didx509
