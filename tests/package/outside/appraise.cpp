// SPDX-License-Identifier: Apache-2.0
//
// A relying party's whole job with the installed library: verifies a quote, binds it to what this exchange expects,
// appraises it, and prints why.
//
//   c++ -std=c++20 -o appraise appraise.cpp $(pkg-config --cflags --libs thimble_tcb)
//   appraise ROOT.pem QUOTE COLLATERAL_DIR REPORT_DATA_HEX
//
// ROOT.pem is an extra anchor: leave it away for Intel's hardware. The directory has the files of docs/DESIGN.md, section
// 4, as `thimble verify --collateral DIR` takes them. Exit codes are Thimble's: 0 accepted, 1 rejected, 2 usage,
// 3 something is missing and there is no verdict, 4 malformed.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "tcb/check.h"
#include "tcb/intel/verify.h"
#include "tcb/policy.h"
#include "tcb/policy/digest.h"
#include "tcb/verify.h"

namespace {

using thimble::Bytes;
using thimble::ErrorKind;

// What is not there is empty, and so missing: the library says which item, and gives no verdict.
Bytes Read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string ReadText(const std::filesystem::path& path) { return std::string(thimble::AsText(Read(path))); }

thimble::intel::CollateralSet ReadCollateral(const std::filesystem::path& directory) {
  thimble::intel::CollateralSet set;
  set.root_ca_crl = Read(directory / "root_ca_crl.der");
  set.pck_crl = Read(directory / "pck_crl.der");
  set.pck_crl_issuer_chain = ReadText(directory / "pck_crl_chain.pem");
  set.tcb_info = Read(directory / "tcb_info.json");
  set.tcb_info_issuer_chain = ReadText(directory / "tcb_info_chain.pem");
  set.qe_identity = Read(directory / "qe_identity.json");
  set.qe_identity_issuer_chain = ReadText(directory / "qe_identity_chain.pem");
  return set;
}

int Fail(const thimble::Error& error) {
  std::cerr << thimble::CheckName(error.check) << ": " << error.message << '\n';
  if (error.kind == ErrorKind::kMalformed) return 4;
  return error.kind == ErrorKind::kRejected ? 1 : 3;
}

// Start from the default and name what you run: the default accepts any software that runs on an up-to-date platform.
thimble::Policy ThePolicy() {
  thimble::Policy policy;
  policy.id = "example";
  policy.accepted_statuses = {thimble::TcbStatus::kUpToDate};
  policy.sha256 = thimble::PolicyDigest(policy);
  return policy;
}

void Print(const thimble::Verdict& verdict, const thimble::Decision& decision) {
  std::cout << (decision.accept ? "accept" : "reject") << ", "
            << (verdict.authentic ? "authentic" : "not authentic") << ", TCB status "
            << (verdict.tcb_status ? thimble::TcbStatusName(*verdict.tcb_status) : "none") << '\n';
  for (const thimble::Finding& finding : verdict.findings) {
    std::cout << "  " << thimble::SeverityName(finding.severity) << ' ' << thimble::CheckName(finding.check)
              << ": " << finding.message << '\n';
  }
  for (const thimble::Shortfall& shortfall : verdict.shortfalls) {
    std::cout << "  " << shortfall.component << " is " << shortfall.have << ", needs " << shortfall.need
              << " (" << shortfall.update << ")\n";
  }
  for (const thimble::RuleOutcome& rule : decision.rules) {
    if (!rule.ok)
      std::cout << "  policy." << rule.rule << ": wanted " << rule.wanted << ", found " << rule.found << '\n';
  }
  if (verdict.authentic) {
    std::cout << "  rests on " << verdict.trust_anchor << " until "
              << thimble::FormatRfc3339(verdict.window.not_after) << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto expected = argc == 5 ? thimble::FromHex(argv[4]) : std::nullopt;
  auto anchors = thimble::TrustAnchors::Pinned();
  if (!expected || !anchors.AddExtra(Read(argv[1])).ok()) {
    std::cerr << "usage: appraise ROOT.pem QUOTE COLLATERAL_DIR REPORT_DATA_HEX\n";
    return 2;
  }
  // Trusted time, since everything ends at some time. The library has no clock.
  const auto now = std::chrono::floor<thimble::Seconds>(std::chrono::system_clock::now());

  // 1. Is it authentic?
  const Bytes quote = Read(argv[2]);
  auto verdict = thimble::intel::VerifyQuoteWith(quote, ReadCollateral(argv[3]), anchors, now, nullptr);
  if (!verdict.ok()) return Fail(verdict.error());
  // 2. Is it about this exchange? Here REPORTDATA hold what the caller gave: a nonce that he made, a hash of a key.
  thimble::CheckReportData(*verdict, *expected);
  // 3. Is it good enough?
  const thimble::Decision decision = thimble::Appraise(*verdict, ThePolicy(), now);
  Print(*verdict, decision);
  return decision.accept ? 0 : 1;
}
