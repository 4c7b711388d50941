// SPDX-License-Identifier: Apache-2.0
//
// Verifications per CPU second beside the bare signature checks that each needs.
#include <cstdio>
#include <cstdlib>

#include "service/support/malloc_tuning.h"
#include "tcb/collateral.h"
#include "tcb/intel/quote.h"
#include "tcb/intel/verify.h"
#include "tcb/openenclave/evidence.h"
#include "tcb/tpm/verify.h"
#include "tcb/uvm/container.h"
#include "tcb/vbs/verify.h"
#include "tests/bench/cpu_rate.h"
#include "tests/bench/floor.h"
#include "tests/bench/kind_floor.h"
#include "tests/bench/snp_floor.h"
#include "tests/support/sim_amd.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_openenclave.h"
#include "tests/support/sim_platform.h"
#include "tests/support/sim_uvm.h"

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

void ExpectAuthentic(const Result<Verdict>& verdict, const char* what) {
  if (verdict.ok() && verdict->authentic) return;
  std::fprintf(stderr, "bench: %s did not verify\n", what);
  std::abort();
}

// What rests on a signature of its own, its chain known.
template <class Work>
void PrintKind(const char* title, const char* signatures, const bench::KindFloor& floor, const Work& work) {
  work();
  const bench::Ratio ratio = bench::Compare(work, [&] { floor.Verify(); });
  std::printf("%s\n%-28s %8.0f /s   floor of %s %8.0f /s   ratio %.3f\n", title, "  chain known", ratio.rate,
              signatures, ratio.floor, ratio.ratio);
}

void RunOpenEnclave() {
  const sim::SimIntel world = sim::SimIntel::Make();
  const Bytes evidence = sim::MakeOeEvidence(world, sim::EncodeCustomClaims({{"name", {1}}}));
  const intel::CollateralSet set = world.Collateral();
  const TrustAnchors anchors = world.Anchors();
  const auto parsed = openenclave::ParseEvidence(evidence);
  const auto prepared = intel::PrepareCollateral(set, anchors);
  const auto floor = bench::SignatureFloor::OfQuote(parsed->quote, set);
  intel::Memo memo;
  const auto work = [&] {
    const auto read = openenclave::ParseEvidence(evidence);
    auto verdict = intel::VerifyQuote(read->quote, *prepared, anchors, world.now(), &memo);
    openenclave::CheckOpenEnclave(*verdict, *read);
    Expect(verdict);
  };
  std::printf("Open Enclave evidence\n");
  work();
  Print("  quoting enclave known", floor, 1, work);
}

void RunContainer() {
  const sim::SimAmd amd = sim::SimAmd::Make();
  const sim::SimUvm uvm = sim::SimUvm::Make();
  const sim::SnpPlatform platform = sim::SnpPlatform::Of(amd::Product::kMilan);
  const TrustAnchors anchors = amd.Anchors();
  const amd::EndorsementSet given = amd.Endorsements(platform);
  const Bytes report = amd.Report(platform), endorsement = uvm.Endorsement();
  SignatureMemo reports, endorsements;
  bench::KindFloor floor;
  floor.AddEcdsa(sim::SimKey("bench/report", Curve::kP384)).AddEcdsa(sim::SimKey("bench/uvm", Curve::kP384));
  PrintKind("Confidential container", "2 of P-384", floor, [&] {
    auto verification =
        amd::SnpVerification::Begin(report, given, std::nullopt, anchors, amd.now(), &reports);
    auto verdict = std::move(*verification).Finish({}, AmdCrlMode::kIfAvailable);
    const auto judged = uvm::JudgeEndorsement(endorsement, {}, &endorsements);
    uvm::CheckContainer(*verdict, {.endorsement = &*judged, .security_policy = {}});
    ExpectAuthentic(verdict, "the container");
  });
}

void RunTpm() {
  TrustAnchors anchors = TrustAnchors::Pinned();
  if (!anchors.AddExtra(sim::TpmRootCertificate())) std::abort();
  const sim::TpmQuoteSpec spec;
  const sim::TpmQuoteBytes bytes = sim::MakeTpmQuote(spec, sim::VtpmKey());
  tpm::KeyEvidence key;
  if (!tpm::TakeCertificate(sim::AkCertificate(), key) || !tpm::TakeChain(sim::TpmCaCertificate(), key))
    std::abort();
  SignatureMemo memo;
  bench::KindFloor floor;
  floor.AddPkcs1(sim::VtpmKey());
  PrintKind("TPM quote", "1 of RSA-2048", floor, [&] {
    const auto quote = tpm::ParseQuote(bytes.message, bytes.signature, spec.pcrs, tpm::kTpmChecks);
    ExpectAuthentic(
        tpm::VerifyQuote(*quote, key, spec.nonce, {.anchors = anchors, .at = sim::kNow, .memo = &memo}),
        "the TPM's quote");
  });
}

void RunVbs() {
  TrustAnchors anchors = TrustAnchors::Pinned();
  if (!anchors.AddExtra(sim::HgsCertificate())) std::abort();
  const Bytes package = sim::MakeVbsReport();
  vbs::Supplement beside;
  beside.signer = vbs::ReadSigner(sim::VbsSignerCertificate()).value();
  SignatureMemo memo;
  bench::KindFloor floor;
  floor.AddPss(sim::VtpmKey());
  PrintKind("VBS report", "1 of PSS-2048", floor, [&] {
    const auto report = vbs::ParseReport(package);
    ExpectAuthentic(vbs::VerifyReport(*report, beside, anchors, sim::kNow, &memo), "the VBS report");
  });
}

}  // namespace
}  // namespace thimble

int main() {
  thimble::KeepFreedMemory();  // as `thimble serve` does
  thimble::Run("SGX quote v3", {.tdx = false});
  thimble::Run("TDX quote v4", {.tdx = true});
  thimble::RunSnp("SEV-SNP report v3, Milan", thimble::amd::Product::kMilan, 3);
  thimble::RunSnp("SEV-SNP report v5, Turin", thimble::amd::Product::kTurin, 5);
  thimble::RunOpenEnclave();
  thimble::RunContainer();
  thimble::RunTpm();
  thimble::RunVbs();
  return 0;
}
