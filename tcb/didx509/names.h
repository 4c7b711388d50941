// SPDX-License-Identifier: Apache-2.0
//
// What a certificate says of its subject, as far as identifiers ask for it. Internal to tcb/didx509.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tcb/didx509/did.h"
#include "tcb/pki/certificate.h"

namespace thimble::didx509 {

struct AlternativeName {
  SanKind kind{};
  std::string value;
};

// subjectAltName; empty when there is none, nullopt when it cannot be read. Names of a directory are left out, for no predicate asks for them; of any other type: nullopt.
std::optional<std::vector<AlternativeName>> AlternativeNames(const Certificate& certificate);

// The attributes of the subject; nullopt when one is there twice.
std::optional<std::vector<Attribute>> SubjectAttributes(const Certificate& certificate);

// The Fulcio issuer (1.3.6.1.4.1.57264.1.1); nullopt: there is none.
std::optional<std::string> FulcioIssuer(const Certificate& certificate);

}  // namespace thimble::didx509
