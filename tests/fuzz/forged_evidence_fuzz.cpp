// SPDX-License-Identifier: Apache-2.0
//
// Structure-aware: an attacker who has every genuine object of the simulated Intel, but none of its keys, puts pieces
// together, changes bytes, and signs with keys of his own. Whatever is authentic then says what genuine keys signed:
// a genuine body, on the platform that it came from, judged by genuine collateral.
#include "tests/fuzz/forgery.h"

using namespace thimble;
using namespace thimble::fuzz;

static bool IsGenuine(ByteView bytes, const std::vector<Bytes>& genuine) {
  return std::any_of(genuine.begin(), genuine.end(), [&](const Bytes& one) { return Equal(one, bytes); });
}

static void CheckAuthentic(const Parts& parts, const Verdict& verdict) {
  const Genuine& genuine = GenuineObjects();
  const auto quote = intel::ParseQuote(parts[kQuote]);
  const GenuineQuote* source = nullptr;
  for (const GenuineQuote& one : genuine.quotes) {
    if (Equal(one.signed_bytes, quote->signed_bytes)) source = &one;
  }
  Holds(source != nullptr, "an authentic body is one that a genuine QE signed");
  Holds(!source->revoked, "a revoked platform is not authentic");
  const auto& facts = std::get<intel::PlatformFacts>(verdict.platform);
  Holds(facts.fmspc == source->facts.fmspc && facts.ppid == source->facts.ppid &&
            facts.cpu_svn == source->facts.cpu_svn && facts.pce_svn == source->facts.pce_svn,
        "it is on the platform that it came from");
  Holds(verdict.collateral.size() == 4, "four items were used");
  for (const auto& item : verdict.collateral) {
    const bool json = item->crl() == nullptr;
    const auto split = json ? intel::SplitSignedJson(
                                  item->body(), item->tcb_info() != nullptr ? "tcbInfo" : "enclaveIdentity")
                            : Result<intel::SignedJson>(intel::SignedJson{item->body(), {}});
    Holds(IsGenuine(split->signed_bytes, genuine.signed_objects),
          "collateral says what a genuine key signed");
    Holds(item->anchor_spki() == genuine.root_spki, "it rests on the genuine root");
  }
}

FUZZ_TARGET(input) {
  Choices in(input);
  const Parts parts = Forge(in);
  const Genuine& genuine = GenuineObjects();
  const auto verdict =
      intel::VerifyQuoteWith(parts[kQuote], SetOf(parts), genuine.anchors, genuine.now, nullptr);
  if (!verdict.ok())
    return Holds(verdict.error().kind != ErrorKind::kInternal, "no input is an internal error");
  size_t hard = 0;
  for (const Finding& finding : verdict->findings) hard += finding.severity == Severity::kHard ? 1 : 0;
  Holds(hard <= 1 && (hard == 0 || verdict->findings.back().severity == Severity::kHard),
        "one hard finding, the last");
  if (verdict->authentic) return CheckAuthentic(parts, *verdict);
  Holds(hard == 1, "what is not authentic says why");
  Holds(!verdict->tcb_status, "what is not authentic has no TCB status");
}
