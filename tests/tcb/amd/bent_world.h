// SPDX-License-Identifier: Apache-2.0
//
// Reports and endorsements that are bent in one field, and what is judged of them.
#pragma once

#include <functional>

#include "tests/tcb/amd/world.h"

namespace thimble::amd {

inline sim::SnpPlatform Milan() { return sim::SnpPlatform::Of(Product::kMilan); }
inline sim::SnpPlatform Turin() { return sim::SnpPlatform::Of(Product::kTurin); }
inline sim::SnpPlatform MilanVlek() { return sim::SnpPlatform::Of(Product::kMilan, SigningKey::kVlek); }

inline Result<Verdict> JudgeLeaf(const sim::SnpPlatform& platform, const sim::Bend<sim::LeafSpec>& bend) {
  return Judge(World().Report(platform), World().Endorsements(platform, {.leaf = bend}));
}
inline Result<Verdict> JudgeReport(const sim::SnpPlatform& platform, const sim::ReportSpec& spec) {
  return Judge(World().Report(platform, spec), World().Endorsements(platform));
}
inline Result<Verdict> JudgeCrl(const sim::Bend<sim::CrlSpec>& bend) {
  return Judge(World().Report(Milan()), World().Endorsements(Milan(), {.crl = bend}));
}
// With one CA certificate bent; keys, and so the anchor, stay.
inline Result<Verdict> JudgeCa(const sim::SnpPlatform& platform, sim::AmdRole role,
                               const std::function<void(sim::CertificateSpec&)>& bend) {
  const sim::SimAmd world = sim::SimAmd::Make({.bend = [&](sim::AmdRole which, sim::CertificateSpec& spec) {
    if (which == role) bend(spec);
  }});
  return Judge(world.Report(platform), world.Endorsements(platform));
}

inline void ExpectHard(const Result<Verdict>& result, Check check) {
  ExpectOnly(result, check, Severity::kHard);
}
inline void ExpectSoft(const Result<Verdict>& result, Check check) {
  ExpectOnly(result, check, Severity::kSoft);
}

}  // namespace thimble::amd
