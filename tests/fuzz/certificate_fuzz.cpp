// SPDX-License-Identifier: Apache-2.0
//
// The certificate reader, and the extensions of Intel and AMD in certificates that it accepts.
#include "tcb/amd/endorsement.h"
#include "tcb/check.h"
#include "tcb/intel/pck_chain.h"
#include "tcb/pki/certificate.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;
using fuzz::Inside;

static void ReadVendorExtensions(const Certificate& certificate) {
  for (const auto ca : {intel::PckCa::kPlatform, intel::PckCa::kProcessor}) {
    const auto facts = intel::ParseSgxExtension(certificate, ca, Check::kCollateralMalformed);
    if (facts.ok()) {
      Holds(facts->ca == ca && facts->platform_instance_id.has_value() == (ca == intel::PckCa::kPlatform),
            "platform facts are there under the Platform CA alone");
    }
  }
  const auto endorsement = amd::ParseEndorsement(certificate, Check::kCollateralMalformed);
  if (endorsement.ok()) {
    (void)amd::IsOfKind(certificate, *endorsement, amd::SigningKey::kVcek);
    (void)amd::IsOfKind(certificate, *endorsement, amd::SigningKey::kVlek);
    (void)amd::TcbDifference(*endorsement, {});
  }
}

FUZZ_TARGET(input) {
  const auto parsed = Certificate::Parse(input, Check::kCollateralMalformed);
  if (!parsed.ok()) return;
  const Certificate& certificate = **parsed;
  Holds(Equal(certificate.der(), input), "the certificate is the whole input");
  Holds(certificate.ec_key() != nullptr || certificate.rsa_key() != nullptr, "there is a key");
  Holds(Inside(certificate.serial(), certificate.der()) && Inside(certificate.issuer(), certificate.der()) &&
            Inside(certificate.subject(), certificate.der()),
        "views lie inside the certificate");
  for (const Extension& extension : certificate.extensions()) {
    Holds(certificate.FindExtension(extension.oid) == &extension, "extensions are unique");
    Holds(Inside(extension.value, certificate.der()), "extensions lie inside the certificate");
  }
  (void)certificate.SignedBy(certificate);
  ReadVendorExtensions(certificate);
}
