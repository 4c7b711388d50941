// SPDX-License-Identifier: Apache-2.0
//
// The files of the corpus of real inputs, in the directory form of the command line.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tcb/base/bytes.h"
#include "tcb/intel/verify.h"
#include "tests/support/paths.h"

namespace thimble::test {

inline Bytes ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
inline std::string ReadText(const std::filesystem::path& path) { return std::string(AsText(ReadFile(path))); }

// The directory form of DESIGN section 4; what is not there is empty.
inline intel::CollateralSet ReadCollateralDir(const std::filesystem::path& dir) {
  intel::CollateralSet set;
  set.root_ca_crl = ReadFile(dir / "root_ca_crl.der");
  set.pck_crl = ReadFile(dir / "pck_crl.der");
  set.tcb_info = ReadFile(dir / "tcb_info.json");
  set.qe_identity = ReadFile(dir / "qe_identity.json");
  set.pck_crl_issuer_chain = ReadText(dir / "pck_crl_chain.pem");
  set.tcb_info_issuer_chain = ReadText(dir / "tcb_info_chain.pem");
  set.qe_identity_issuer_chain = ReadText(dir / "qe_identity_chain.pem");
  set.pck_chain = ReadText(dir / "pck_chain.pem");
  return set;
}

}  // namespace thimble::test
