// SPDX-License-Identifier: Apache-2.0
//
// Verifications per CPU second beside the bare signature checks that each needs.
#include <cstdio>
#include <cstdlib>

#include "tcb/intel/verify.h"
#include "tests/bench/cpu_rate.h"
#include "tests/bench/floor.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

void Expect(const Result<Verdict>& verdict) {
  if (!verdict.ok() || !verdict->authentic || verdict->tcb_status != TcbStatus::kUpToDate) {
    std::fprintf(stderr, "bench: the quote did not verify\n");
    std::abort();
  }
}

template <class Work>
void Print(const char* name, const bench::SignatureFloor& floor, size_t signatures, const Work& work) {
  const bench::Ratio ratio = bench::Compare(work, [&] { floor.Verify(signatures); });
  std::printf("%-28s %8.0f /s   floor of %zu signatures %8.0f /s   ratio %.3f\n", name, ratio.rate,
              signatures, ratio.floor, ratio.ratio);
}

void Run(const char* title, const sim::QuoteOptions& options) {
  const sim::SimIntel world = sim::SimIntel::Make();
  const Bytes quote = world.Quote(options);
  const intel::CollateralSet set = world.CollateralFor(options);
  const TrustAnchors anchors = world.Anchors();
  const Instant at = world.now();
  const auto floor = bench::SignatureFloor::OfQuote(quote, set);
  const auto prepared = intel::PrepareCollateral(set, anchors);
  if (!prepared.ok()) std::abort();

  std::printf("%s\n", title);
  Print("  cold", floor, 9, [&] {
    const auto collateral = intel::PrepareCollateral(set, anchors);
    Expect(intel::VerifyQuote(quote, *collateral, anchors, at, nullptr));
  });
  Print("  collateral known", floor, 3,
        [&] { Expect(intel::VerifyQuote(quote, *prepared, anchors, at, nullptr)); });

  // The platform is known, its quoting enclave's report is new each time: a memo that never remembers reports
  // is approximated by one that has just forgotten them.
  intel::Memo memo;
  Expect(intel::VerifyQuote(quote, *prepared, anchors, at, &memo));
  Print("  platform known", floor, 2, [&] {
    memo.ForgetQeReports();
    Expect(intel::VerifyQuote(quote, *prepared, anchors, at, &memo));
  });
  Print("  quoting enclave known", floor, 1,
        [&] { Expect(intel::VerifyQuote(quote, *prepared, anchors, at, &memo)); });
}

}  // namespace
}  // namespace thimble

int main() {
  thimble::Run("SGX quote v3", {.tdx = false});
  thimble::Run("TDX quote v4", {.tdx = true});
  return 0;
}
