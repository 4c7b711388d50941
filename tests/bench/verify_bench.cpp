// SPDX-License-Identifier: Apache-2.0
//
// Verifications per CPU second beside the bare signature checks that each needs.
#include <cstdio>
#include <cstdlib>

#include "service/support/malloc_tuning.h"
#include "tcb/collateral.h"
#include "tcb/intel/quote.h"
#include "tcb/intel/verify.h"
#include "tests/bench/cpu_rate.h"
#include "tests/bench/floor.h"
#include "tests/bench/snp_floor.h"
#include "tests/support/sim_amd.h"
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
  // is approximated by a new one that is given the chain.
  intel::Memo memo;
  Expect(intel::VerifyQuote(quote, *prepared, anchors, at, &memo));
  const auto parsed = intel::ParseQuote(quote);
  const std::string_view certificates = AsText(parsed->certification_data);
  Print("  platform known", floor, 2, [&] {
    intel::Memo of_platform;
    of_platform.AddChain(certificates, memo.FindChain(certificates));
    Expect(intel::VerifyQuote(quote, *prepared, anchors, at, &of_platform));
  });
  Print("  quoting enclave known", floor, 1,
        [&] { Expect(intel::VerifyQuote(quote, *prepared, anchors, at, &memo)); });
}

void ExpectSnp(const Result<Verdict>& verdict) {
  if (!verdict.ok() || !verdict->authentic) {
    std::fprintf(stderr, "bench: the report did not verify\n");
    std::abort();
  }
}

void RunSnp(const char* title, amd::Product product, uint32_t version) {
  const sim::SimAmd world = sim::SimAmd::Make();
  const sim::SnpPlatform platform = sim::SnpPlatform::Of(product);
  const Bytes report = world.Report(platform, {.version = version});
  const amd::EndorsementSet given = world.Endorsements(platform);
  const TrustAnchors anchors = world.Anchors();
  const Instant at = world.now();
  const auto floor = bench::SnpFloor::OfReport(report, given);
  const auto print = [](const char* name, const char* what, const bench::Ratio& ratio) {
    std::printf("%-28s %8.0f /s   floor of %s %8.0f /s   ratio %.3f\n", name, ratio.rate, what, ratio.floor,
                ratio.ratio);
  };
  std::printf("%s\n", title);
  print("  cold", "5 signatures",
        bench::Compare(
            [&] {
              ExpectSnp(amd::VerifyReport(report, given, std::nullopt, anchors, at, AmdCrlMode::kRequire));
            },
            [&] { floor.VerifyAll(); }));

  // As the service has them: authenticated items of the cache, and the memo.
  const std::string chain = world.ChainPem(product, amd::SigningKey::kVcek);
  const auto item = [&](const CollateralKey& key, const Bytes& body, const std::string& issuers) {
    const auto found = AuthenticateItem(key, {body, issuers}, anchors);
    if (!found.ok()) std::abort();
    return *found;
  };
  const amd::CachedEndorsements cached = {
      item(VcekKey{product, platform.hwid(), platform.tcb}, given.certificates.front(), chain),
      item(AmdChainKey{product, amd::SigningKey::kVcek}, Bytes(chain.begin(), chain.end()), ""),
      item(AmdCrlKey{product, amd::SigningKey::kVcek}, given.crl, chain)};
  SignatureMemo memo;
  print("  VCEK chain known", "1 signature ",
        bench::Compare(
            [&] {
              auto verification = amd::SnpVerification::Begin(report, {}, std::nullopt, anchors, at, &memo);
              ExpectSnp(std::move(*verification).Finish(cached, AmdCrlMode::kRequire));
            },
            [&] { floor.VerifyReport(); }));
}

}  // namespace
}  // namespace thimble

int main() {
  thimble::KeepFreedMemory();  // as `thimble serve` does
  thimble::Run("SGX quote v3", {.tdx = false});
  thimble::Run("TDX quote v4", {.tdx = true});
  thimble::RunSnp("SEV-SNP report v3, Milan", thimble::amd::Product::kMilan, 3);
  thimble::RunSnp("SEV-SNP report v5, Turin", thimble::amd::Product::kTurin, 5);
  return 0;
}
