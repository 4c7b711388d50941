// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/made_items.h"

#include <gtest/gtest.h>

#include "tcb/check.h"
#include "tcb/pki/certificate.h"

namespace thimble::test {
namespace {

using End = Made::End;
constexpr Seconds kDay{24 * 3600};

// The issue alone tells which is newer, whenever they end.
Validity WindowOf(const Made& made) {
  const Instant issued = sim::kNow - (20 - made.issue) * kDay;
  switch (made.end) {
    case End::kOpen:
      return {issued, sim::kNow + 20 * kDay};
    case End::kEnded:
      return {issued, sim::kNow - kDay};
    case End::kLongEnded:
      break;
  }
  return {issued, sim::kNow - 9 * kDay};
}

Bytes SerialIn(ByteView der) {
  const auto certificate = Certificate::Parse(der, Check::kPckChain);
  const ByteView serial = (*certificate)->serial();
  return {serial.begin(), serial.end()};
}

// A CRL of this number and window, with this serial in it when it revokes.
sim::Bend<sim::CrlSpec> CrlBend(const Made& made, const Bytes& serial) {
  return [=](sim::CrlSpec& spec) {
    spec.number = made.issue;
    spec.window = WindowOf(made);
    if (made.revoking) spec.revoked.push_back(serial);
  };
}

// A TCB info or an identity: its dates, and all its levels revoked when it revokes.
void SetIssue(auto& spec, const Made& made) {
  const Validity window = WindowOf(made);
  spec.issued = window.not_before;
  spec.next_update = window.not_after;
  for (auto& level : spec.levels)
    if (made.revoking) level.status = "Revoked";
}

}  // namespace

Bytes Intel::Quote(IntelTee tee) const {
  return intel_.Quote({.tdx = tee == IntelTee::kTdx,
                       .platform = sim::ServerPlatform(sim::Tcb::kNewest),
                       .tee_tcb_svn = {7, 1, 3}});  // the newest module, too: good under every number
}

CollateralKey Intel::KeyOf(IntelTee tee, Item item, const Selector& selector) {
  switch (item) {
    case Item::kRootCrl:
      return RootCaCrlKey{};
    case Item::kPckCrl:
      return PckCrlKey{intel::PckCa::kPlatform};
    case Item::kTcbInfo:
      return TcbInfoKey{tee, *intel::Fmspc::FromHex(sim::kServerFmspc), selector};
    case Item::kIdentity:
      break;
  }
  return EnclaveIdentityKey{tee == IntelTee::kTdx ? EnclaveId::kTdQe : EnclaveId::kQe, selector};
}

const Version& Intel::Get(IntelTee tee, Item item, const Made& made, const Selector& selector) {
  const CollateralKey key = KeyOf(tee, item, selector);
  Version& version = versions_[{KeyName(key), made}];
  if (version.item) return version;
  version.bytes = BytesOf(tee, item, made);
  auto authentic = AuthenticateItem(key, version.bytes, intel_.Anchors());
  if (!authentic) ADD_FAILURE() << KeyName(key) << ": " << authentic.error().message;
  version.item = *authentic;
  return version;
}

CollateralBytes Intel::BytesOf(IntelTee tee, Item item, const Made& made) const {
  switch (item) {
    case Item::kRootCrl:
      return {
          intel_.RootCaCrl(CrlBend(made, SerialIn(intel_.Certificate(sim::IntelCertificate::kPlatformCa)))),
          intel_.RootPem()};
    case Item::kPckCrl:
      return {intel_.PckCrl(
                  intel::PckCa::kPlatform,
                  CrlBend(made, SerialIn(intel_.PckCertificate(sim::ServerPlatform(sim::Tcb::kNewest))))),
              intel_.CaChain(intel::PckCa::kPlatform)};
    case Item::kTcbInfo:
      return {intel_.TcbInfo(tee, sim::kServerFmspc, made.number,
                             [&](sim::TcbInfoSpec& spec) { SetIssue(spec, made); }),
              intel_.TcbSigningChain()};
    case Item::kIdentity:
      break;
  }
  return {intel_.Identity(tee == IntelTee::kTdx ? EnclaveId::kTdQe : EnclaveId::kQe, made.number,
                          [&](sim::IdentitySpec& spec) { SetIssue(spec, made); }),
          intel_.TcbSigningChain()};
}

Bytes Amd::Evidence(const std::optional<Made>& host) {
  std::vector<std::pair<std::string, Bytes>> table = certificates_;
  if (host) table.emplace_back(sim::kCrlGuid, Get(*host).bytes.body);
  Bytes evidence = report_;
  const Bytes encoded = sim::EncodeCertificateTable(table);
  evidence.insert(evidence.end(), encoded.begin(), encoded.end());
  return evidence;
}

const Version& Amd::Get(const Made& made) {
  Version& version = versions_[made];
  if (!version.bytes.body.empty()) return version;
  const amd::Product product = made.number == 0 ? kProduct : amd::Product::kGenoa;
  version.bytes = {amd_.Crl(product, CrlBend(made, sim::SimAmd::Serial(product, sim::AmdRole::kAsk))),
                   amd_.ChainPem(product, amd::SigningKey::kVcek)};
  if (made.number != 0) return version;
  auto authentic = AuthenticateItem(KeyOf(), version.bytes, amd_.Anchors());
  if (!authentic) ADD_FAILURE() << authentic.error().message;
  version.item = *authentic;
  return version;
}

}  // namespace thimble::test
