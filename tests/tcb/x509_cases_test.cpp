// SPDX-License-Identifier: Apache-2.0
//
// Whole requests whose certificates and CRLs break one rule of RFC 5280 (shared/cases/service), and a PCK certificate
// with seven entries under the Processor CA (shared/cases/intel).
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/amd/verify.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/crl.h"
#include "tcb/verdict.h"
#include "tests/tcb/corpus.h"

namespace thimble::test {
namespace {

using nlohmann::json;

const auto kCases = CorpusDir().parent_path() / "cases";
const Instant kAt = *ParseRfc3339("2026-11-30T07:00:00Z");

TrustAnchors CaseAnchors() {
  TrustAnchors anchors = TrustAnchors::Pinned();
  EXPECT_TRUE(anchors.AddExtra(ReadFile(kCases / "service" / "anchors.pem")).ok());
  return anchors;
}

Bytes BytesOf(const std::string& text) { return Bytes(text.begin(), text.end()); }

Bytes SignedMember(const json& collateral, const std::string& member, const std::string& name) {
  return BytesOf(StrCat("{\"", member, "\":", collateral.at(name).get<std::string>(), ",\"signature\":\"",
                        collateral.at(name + "_signature").get<std::string>(), "\"}"));
}

intel::CollateralSet SetOf(const json& collateral) {
  const auto text = [&](const char* name) { return collateral.value(name, std::string()); };
  return {.root_ca_crl = *FromHex(text("root_ca_crl")),
          .pck_crl = *FromHex(text("pck_crl")),
          .tcb_info = SignedMember(collateral, "tcbInfo", "tcb_info"),
          .qe_identity = SignedMember(collateral, "enclaveIdentity", "qe_identity"),
          .pck_crl_issuer_chain = text("pck_crl_issuer_chain"),
          .tcb_info_issuer_chain = text("tcb_info_issuer_chain"),
          .qe_identity_issuer_chain = text("qe_identity_issuer_chain"),
          .pck_chain = text("pck_certificate_chain")};
}

Result<Verdict> JudgeRequest(const json& request) {
  const Bytes evidence = *FromBase64(request.at("evidence").get<std::string>());
  if (request.contains("collateral")) {
    return intel::VerifyQuoteWith(evidence, SetOf(request.at("collateral")), CaseAnchors(), kAt, nullptr);
  }
  amd::EndorsementSet given;
  for (const json& base64 : request.at("endorsements")) {
    Bytes der = *FromBase64(base64.get<std::string>());
    const bool crl = Crl::Parse(der, Check::kCollateralMalformed).ok();
    if (crl) given.crl = std::move(der);
    if (!crl) given.certificates.push_back(std::move(der));
  }
  return amd::VerifyReport(evidence, given, std::nullopt, CaseAnchors(), kAt, AmdCrlMode::kIfAvailable);
}

TEST(X509Cases, EachEndsAtTheCheckOfItsObject) {
  if (!std::filesystem::exists(kCases)) GTEST_SKIP() << "no cases beside the project";
  const std::pair<const char*, Check> cases[] = {
      {"PCK_CA_without_cRLSign_signs_its_CRL", Check::kCrlPckIssuer},
      {"root_pathlen_0_above_an_intermediate", Check::kPckChain},
      {"PCK_leaf_keyAgreement_only", Check::kPckChain},
      {"crl_entry_unknown_critical_ext", Check::kCrlPckIssuer},
      {"delta_CRL_indicator_non-critical", Check::kCrlPckIssuer},
      {"crl_AKI_of_another_key", Check::kCrlPckIssuer},
      {"leaf_keyCertSign_only", Check::kSnpChain},
  };
  for (const auto& [name, check] : cases) {
    SCOPED_TRACE(name);
    const auto verdict =
        JudgeRequest(json::parse(ReadText(kCases / "service" / (std::string(name) + ".json"))));
    ASSERT_TRUE(verdict.ok()) << verdict.error().message;
    ASSERT_NE(verdict->hard(), nullptr);
    EXPECT_EQ(CheckName(verdict->hard()->check), CheckName(check)) << verdict->hard()->message;
    EXPECT_FALSE(verdict->authentic);
  }
}

TEST(X509Cases, SevenEntriesUnderTheProcessorCa) {
  const auto dir = kCases / "intel" / "processor-seven-entries";
  if (!std::filesystem::exists(dir)) GTEST_SKIP() << "no cases beside the project";
  const intel::CollateralSet set = ReadCollateralDir(dir);
  TrustAnchors anchors = TrustAnchors::Pinned();
  ASSERT_TRUE(anchors.AddExtra(ReadFile(dir / "root.pem")).ok());
  const auto verdict = intel::VerifyQuoteWith(ReadFile(dir / "quote.bin"), set, anchors,
                                              *ParseRfc3339("2026-09-15T00:00:00Z"), nullptr);
  ASSERT_TRUE(verdict.ok()) << verdict.error().message;
  EXPECT_TRUE(verdict->authentic);
  EXPECT_EQ(verdict->tcb_status, TcbStatus::kUpToDate);
  EXPECT_TRUE(std::get<intel::PlatformFacts>(verdict->platform).smt_enabled.value_or(false));
}

}  // namespace
}  // namespace thimble::test
