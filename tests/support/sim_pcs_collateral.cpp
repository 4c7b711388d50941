// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_pcs_collateral.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "tcb/base/text.h"
#include "tests/support/sim_recovery.h"

namespace thimble::sim {
namespace {

using namespace std::chrono_literals;

constexpr Seconds kDay = 24h;

// The standard number, the early one, or the one asked for.
uint32_t NumberFor(const SimPcs& pcs, const Selector& selector) {
  switch (selector.kind) {
    case Selector::Kind::kStandard:
      return pcs.standard;
    case Selector::Kind::kEarly:
      return pcs.early;
    case Selector::Kind::kNumber:
      return selector.number;
  }
  return 0;
}

int StatusOf(const SimPcs& pcs, uint32_t number) {
  const uint32_t oldest = pcs.recovery ? kBeforeRecovery : kOldestNumber;
  const uint32_t newest = pcs.recovery ? kAfterRecovery : kEarlyNumber;
  return number < oldest ? 410 : number > newest ? 404 : 200;
}

bool Exists(const SimPcs& pcs, IntelTee tee, const std::string& fmspc) {
  if (pcs.recovery && fmspc == kRecoveryFmspc) return tee == IntelTee::kTdx;
  return fmspc == kServerFmspc ||
         ((fmspc == kClientFmspc || fmspc.starts_with(kManyFmspcs)) && tee == IntelTee::kSgx);
}

// The window of something issued and due, twisted.
template <class Spec>
void TwistWindow(Spec& spec, Twist twist, Instant now) {
  if (twist == Twist::kRollback) spec.issued -= 5 * kDay;
  if (twist == Twist::kExpired) {
    spec.next_update = now - kDay;
    spec.issued = spec.next_update - 30 * kDay;
  }
}

void TwistCrl(CrlSpec& spec, Twist twist, Instant now) {
  if (twist == Twist::kRollback) spec.window.not_before -= 5 * kDay;
  if (twist == Twist::kRollback || twist == Twist::kLowerNumber) spec.number = 1;
  if (twist == Twist::kExpired) spec.window = {now - 31 * kDay, now - kDay};
}

// Makes an item from the world; the twists that change what is said are applied here, before it is signed.
struct ItemMaker {
  const SimPcs& pcs;
  const SimIntel& intel;  // the world, or a forger's
  Twist twist;

  IntelTee Tee(IntelTee tee) const {
    if (twist != Twist::kWrongTee) return tee;
    return tee == IntelTee::kSgx ? IntelTee::kTdx : IntelTee::kSgx;
  }
  EnclaveId Enclave(EnclaveId id) const {
    if (twist != Twist::kWrongTee) return id;
    return id == EnclaveId::kQe ? EnclaveId::kTdQe : EnclaveId::kQe;
  }
  uint32_t Number(uint32_t number) const { return twist == Twist::kLowerNumber ? number - 1 : number; }

  PcsItem operator()(const RootCaCrlKey&) const {
    return {200, {intel.RootCaCrl([this](CrlSpec& crl) { TwistCrl(crl, twist, intel.now()); }), ""}};
  }
  PcsItem operator()(const PckCrlKey& key) const {
    const bool flip = twist == Twist::kWrongCa;
    const auto ca =
        (key.ca == intel::PckCa::kPlatform) != flip ? intel::PckCa::kPlatform : intel::PckCa::kProcessor;
    return {
        200,
        {intel.PckCrl(ca, [this](CrlSpec& crl) { TwistCrl(crl, twist, intel.now()); }), intel.CaChain(ca)}};
  }
  PcsItem operator()(const TcbInfoKey& key) const {
    const uint32_t number = NumberFor(pcs, key.selector);
    std::string fmspc = key.fmspc.HexUpper();
    if (!Exists(pcs, key.tee, fmspc)) return {404, {}};
    if (StatusOf(pcs, number) != 200) return {StatusOf(pcs, number), {}};
    if (twist == Twist::kWrongFmspc) fmspc = fmspc == kServerFmspc ? kClientFmspc : kServerFmspc;
    return {200,
            {intel.TcbInfo(Tee(key.tee), fmspc, Number(number),
                           [&](TcbInfoSpec& info) {
                             if (fmspc == kRecoveryFmspc) info = RecoveryTcbInfo(number, intel.now());
                             TwistWindow(info, twist, intel.now());
                           }),
             intel.TcbSigningChain()}};
  }
  PcsItem operator()(const EnclaveIdentityKey& key) const {
    const uint32_t number = NumberFor(pcs, key.selector);
    if (StatusOf(pcs, number) != 200) return {StatusOf(pcs, number), {}};
    return {200,
            {intel.Identity(Enclave(key.id), Number(number),
                            [this](IdentitySpec& identity) { TwistWindow(identity, twist, intel.now()); }),
             intel.TcbSigningChain()}};
  }
  PcsItem operator()(const EvaluationNumbersKey& key) const {
    return {200,
            {intel.EvaluationNumbers(
                 Tee(key.tee),
                 [this](EvaluationNumbersSpec& numbers) {
                   if (pcs.recovery) {
                     numbers.numbers = {{kAfterRecovery, "2026-05-12T00:00:00Z", "2026-05-13T00:00:00Z"},
                                        {kBeforeRecovery, "2025-08-12T00:00:00Z", "2025-08-13T00:00:00Z"}};
                   }
                   TwistWindow(numbers, twist, intel.now());
                 }),
             intel.TcbSigningChain()}};
  }
  template <class Other>
  PcsItem operator()(const Other&) const {
    return {404, {}};  // AMD's
  }
};

bool IsJson(const Bytes& body) { return !body.empty() && body.front() == '{'; }

size_t Position(const Bytes& body, std::string_view what) {
  const auto found = std::search(body.begin(), body.end(), what.begin(), what.end());
  if (found == body.end()) throw std::runtime_error(StrCat("no ", what, " to change"));
  return static_cast<size_t>(found - body.begin());
}

// The last bit of the signature: the last hex digit of the JSON's, the last byte of the CRL's.
void FlipSignature(Bytes& body) {
  if (!IsJson(body)) {
    body.back() ^= 0x01;
    return;
  }
  uint8_t& digit = body.at(body.size() - std::string_view("0\"}").size());
  digit = digit == '0' ? '1' : '0';
}

// The last digit of the seconds of the time of issue.
void ChangeContent(Bytes& body) {
  constexpr std::string_view kUtcTime("\x17\x0d", 2);
  const size_t seconds =
      IsJson(body) ? Position(body, "\"issueDate\":\"") + std::string_view("\"issueDate\":\"").size() +
                         std::string_view("2026-06-01T00:00:0").size()
                   : Position(body, kUtcTime) + kUtcTime.size() + std::string_view("26060100000").size();
  body.at(seconds) = body.at(seconds) == '0' ? '1' : '0';
}

}  // namespace

PcsItem FindPcsItem(const SimPcs& pcs, const CollateralKey& key, Twist twist) {
  const bool forges = twist == Twist::kForged || twist == Twist::kWrongChain;
  const SimIntel forger =
      forges ? SimIntel::Make({.seed = StrCat(pcs.intel.seed(), "/forger"), .now = pcs.intel.now()})
             : pcs.intel;
  const auto recorded = pcs.recorded.Find(key);
  if (!recorded && !pcs.recorded.empty()) return {404, {}};

  PcsItem item = recorded
                     ? PcsItem{200, *recorded}
                     : std::visit(ItemMaker{pcs, twist == Twist::kForged ? forger : pcs.intel, twist}, key);
  if (item.status != 200) return item;
  if (twist == Twist::kWrongChain)
    item.bytes.issuer_chain = std::visit(ItemMaker{pcs, forger, twist}, key).bytes.issuer_chain;
  if (twist == Twist::kNoChain) item.bytes.issuer_chain.clear();
  if (twist == Twist::kBadSignature) FlipSignature(item.bytes.body);
  if (twist == Twist::kBadContent) ChangeContent(item.bytes.body);
  return item;
}

}  // namespace thimble::sim
