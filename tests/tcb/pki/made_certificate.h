// SPDX-License-Identifier: Apache-2.0
//
// A certificate that these tests make, bent as they ask.
#pragma once

#include <gtest/gtest.h>

#include "tcb/check.h"
#include "tcb/pki/certificate.h"
#include "tests/support/sim_intel.h"

namespace thimble {

inline constexpr Check kCheck = Check::kCollateralMalformed;
inline const sim::SimKey kSubjectKey("subject"), kIssuerKey("issuer");

inline sim::CertificateSpec DefaultSpec() {
  return {.serial = {0x8f, 0x01},
          .subject = sim::IntelName("A Subject"),
          .issuer = sim::IntelName("An Issuer"),
          .validity = {sim::kNow - std::chrono::hours(24), sim::kNow + std::chrono::hours(24)},
          .is_ca = true,
          .path_length = uint8_t{0},
          .key_usage = uint16_t{kKeyCertSign | kCrlSign},
          .authority_key_id = kIssuerKey.KeyIdentifier(),
          .subject_key_id = kSubjectKey.KeyIdentifier(),
          .crl_url = "https://crl.example/root.der"};
}

inline Bytes Make(const sim::Bend<sim::CertificateSpec>& bend = {}) {
  sim::CertificateSpec spec = DefaultSpec();
  sim::Apply(bend, spec);
  return sim::MakeCertificate(spec, kSubjectKey, kIssuerKey);
}
inline Bytes MakeParts(const sim::Bend<sim::CertificateParts>& bend) {
  return Make([&](sim::CertificateSpec& spec) { spec.bend = bend; });
}

inline Result<CertificatePtr> Parse(const Bytes& bytes) { return Certificate::Parse(bytes, kCheck); }

inline constexpr const char* kAki = "2.5.29.35";

}  // namespace thimble
