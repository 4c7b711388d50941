// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/collateral_form.h"

#include <stdexcept>

#include "service/verification/evidence_files.h"
#include "tcb/base/text.h"

namespace thimble::test {
namespace {

// {"tcbInfo":{...},"signature":"..."}: the signed text and the signature.
std::pair<std::string, std::string> CutSigned(const Bytes& body, std::string_view member) {
  const std::string_view text = AsText(body);
  const size_t begin = StrCat("{\"", member, "\":").size();
  const std::string_view mark = ",\"signature\":\"";
  const size_t end = text.rfind(mark);
  if (end == std::string_view::npos) throw std::runtime_error("no signature after the signed member");
  const size_t signature = end + mark.size();
  return {std::string(text.substr(begin, end - begin)),
          std::string(text.substr(signature, text.find('"', signature) - signature))};
}

}  // namespace

nlohmann::json CollateralFormOf(const intel::CollateralSet& set) {
  const auto [tcb_info, tcb_info_signature] = CutSigned(set.tcb_info, "tcbInfo");
  const auto [identity, identity_signature] = CutSigned(set.qe_identity, "enclaveIdentity");
  nlohmann::json form{{"root_ca_crl", HexLower(set.root_ca_crl)},
                      {"pck_crl", HexLower(set.pck_crl)},
                      {"pck_crl_issuer_chain", set.pck_crl_issuer_chain},
                      {"tcb_info", tcb_info},
                      {"tcb_info_signature", tcb_info_signature},
                      {"tcb_info_issuer_chain", set.tcb_info_issuer_chain},
                      {"qe_identity", identity},
                      {"qe_identity_signature", identity_signature},
                      {"qe_identity_issuer_chain", set.qe_identity_issuer_chain}};
  if (!set.pck_chain.empty()) form["pck_certificate_chain"] = set.pck_chain;
  return form;
}

nlohmann::json CollateralFormOf(const std::filesystem::path& directory) {
  const auto set = ReadIntelCollateral(directory.string());
  if (!set) throw std::runtime_error(set.error().message);
  return CollateralFormOf(*set);
}

}  // namespace thimble::test
