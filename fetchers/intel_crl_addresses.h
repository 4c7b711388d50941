// SPDX-License-Identifier: Apache-2.0
//
// Where Intel's CRLs lie: every address that a certificate, client or document of Intel's names for one. A fixed table:
// an address of a request is looked up here and never fetched.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tcb/collateral_key.h"
#include "tcb/pki/certificate.h"

namespace thimble {

// Each has its own root, and its own items under the same names.
enum class IntelSite : uint8_t { kProduction, kSandbox };

// Which CRL an address of this site means; nullopt: none. As the value of a parameter it may be percent-encoded once
// more: Azure's client encodes twice (spec/azure-thim.md section 3), but never its dots. Letter case does not matter.
std::optional<CollateralKey> KeyOfCrlAddress(std::string_view address, IntelSite site);

// Where the CRL of a root is to be fetched: a root that is pinned has its place in the table, one of the operator's names
// it as its distribution point.
class RootCrlAddresses {
 public:
  void Add(const Certificate& root);              // of the operator's
  std::string Of(const Certificate& root) const;  // empty: not known
  IntelSite site() const { return site_; }        // the sandbox, if a root of its was added

 private:
  std::map<std::string, std::string> added_;  // by the key's digest
  IntelSite site_ = IntelSite::kProduction;
};

}  // namespace thimble
