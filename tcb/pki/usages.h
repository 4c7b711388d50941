// SPDX-License-Identifier: Apache-2.0
//
// What a certificate says of the use and the bearer of its key, beyond what every reader needs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tcb/pki/certificate.h"

namespace thimble {

// The purposes of extKeyUsage (RFC 5280 section 4.2.1.12), each the content bytes of an OID; empty: no such extension.
// nullopt: it is not well-formed. The views are valid as long as the certificate.
std::optional<std::vector<ByteView>> ExtendedKeyUsages(const Certificate& certificate);
bool HasExtendedKeyUsage(const Certificate& certificate, ByteView oid);
// The same of Microsoft's application policies, 1.3.6.1.4.1.311.21.10.
std::optional<std::vector<ByteView>> ApplicationPolicies(const Certificate& certificate);

// For messages: an OID with its dots, from its content bytes; several, "none"; keyUsage as its bits, "none".
std::string OidText(ByteView oid);
std::string OidsText(const std::optional<std::vector<ByteView>>& oids);
std::string KeyUsageText(const Certificate& certificate);

// What lies in a TPM's NV memory: DER, then to the size of the index zeros, or ones where nothing was written. The DER
// alone; nullopt when it is anything else.
std::optional<ByteView> WithoutNvPadding(ByteView nv);

}  // namespace thimble
