// SPDX-License-Identifier: Apache-2.0
//
// Flips every single bit of valid evidence and of each piece of its collateral, one at a time, and verifies: what is
// still authentic must claim exactly what the unbent claimed, at the same dates. Prints, for each object, what became of
// the flips.
//   bit_flips [EVERY]     flips one bit in EVERY; default 1, all of them
// Exits with 1 on any other claims, or an internal error.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tcb/amd/hcl.h"
#include "tcb/amd/verify.h"
#include "tcb/base/text.h"
#include "tcb/intel/verify.h"
#include "tcb/openenclave/endorsements.h"
#include "tcb/openenclave/evidence.h"
#include "tcb/uvm/container.h"
#include "tests/support/sim_amd.h"
#include "tests/support/sim_hcl.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_openenclave.h"
#include "tests/support/sim_uvm.h"

namespace thimble {
namespace {

using Verifier = std::function<Result<Verdict>(const Bytes& bent)>;

struct Totals {
  size_t flips = 0, same = 0, wrong = 0, internal = 0;
  std::map<std::string, size_t> ended_by;  // "malformed quote.format" -> how many

  void Add(const Totals& other) {
    flips += other.flips;
    same += other.same;
    wrong += other.wrong;
    internal += other.internal;
    for (const auto& [what, count] : other.ended_by) ended_by[what] += count;
  }
};

// A bent hint is dropped with a note, which says nothing of the platform.
std::vector<Finding> FindingsOf(const Verdict& verdict) {
  std::vector<Finding> out = verdict.findings;
  std::erase_if(out, [](const Finding& finding) { return finding.check == Check::kHintDropped; });
  return out;
}

bool SameWrapping(const Verdict& a, const Verdict& b) {
  return (a.open_enclave == nullptr) == (b.open_enclave == nullptr) &&
         (a.open_enclave == nullptr || *a.open_enclave == *b.open_enclave);
}

// The endorsement's own digest is over its unsigned header, too, and so is the count of receipts that nobody asked for.
bool SameContainer(const Verdict& a, const Verdict& b) {
  if (a.container == nullptr || b.container == nullptr) return a.container == b.container;
  uvm::Claims x = *a.container, y = *b.container;
  for (uvm::Claims* each : {&x, &y}) {
    if (each->endorsement) each->endorsement->sha256 = {};
    if (each->endorsement) each->endorsement->receipts = 0;
  }
  return x == y;
}

bool ClaimsTheSame(const Verdict& a, const Verdict& b) {
  const bool same_hcl = (a.hcl == nullptr) == (b.hcl == nullptr) && (a.hcl == nullptr || *a.hcl == *b.hcl);
  return a.tee == b.tee && a.tcb_status == b.tcb_status && a.status_source == b.status_source &&
         a.tcb_date == b.tcb_date && a.advisories == b.advisories && a.platform == b.platform &&
         a.claims == b.claims && same_hcl && SameWrapping(a, b) && SameContainer(a, b) &&
         a.tcb_info_evaluation == b.tcb_info_evaluation &&
         a.qe_identity_evaluation == b.qe_identity_evaluation && a.trust_anchor == b.trust_anchor &&
         FindingsOf(a) == FindingsOf(b) && a.window == b.window;
}

std::string_view KindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kMalformed:
      return "malformed";
    case ErrorKind::kRejected:
      return "rejected";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

void Count(Totals& totals, const Result<Verdict>& got, const Verdict& unbent, size_t bit) {
  ++totals.flips;
  if (!got.ok()) {
    totals.internal += got.error().kind == ErrorKind::kInternal ? 1 : 0;
    ++totals.ended_by[StrCat(KindName(got.error().kind), " ", CheckName(got.error().check))];
  } else if (!got->authentic) {
    const Finding* hard = got->hard();
    ++totals.ended_by[StrCat("rejected ", hard ? CheckName(hard->check) : "without a finding")];
    totals.internal += hard == nullptr ? 1 : 0;
  } else if (ClaimsTheSame(*got, unbent)) {
    ++totals.same;
  } else {
    ++totals.wrong;
    std::printf("  bit %zu: authentic, but it claims something else\n", bit);
  }
}

// All flips of one object, shared out between the processors.
Totals FlipAll(const Bytes& good, size_t every, const Verifier& verify, const Verdict& unbent) {
  constexpr size_t kPortion = 256;
  const size_t count = good.size() * 8 / every;
  std::atomic<size_t> next{0};
  std::mutex mutex;
  Totals all;
  const auto work = [&] {
    Totals mine;
    Bytes bent = good;
    for (size_t from; (from = next.fetch_add(kPortion)) < count;) {
      for (size_t i = from; i < std::min(from + kPortion, count); ++i) {
        const size_t bit = i * every;
        const auto mask = static_cast<uint8_t>(1u << (bit % 8));
        bent[bit / 8] ^= mask;
        Count(mine, verify(bent), unbent, bit);
        bent[bit / 8] ^= mask;
      }
    }
    const std::lock_guard lock(mutex);
    all.Add(mine);
  };
  std::vector<std::thread> threads(std::max(1u, std::thread::hardware_concurrency()));
  for (std::thread& thread : threads) thread = std::thread(work);
  for (std::thread& thread : threads) thread.join();
  return all;
}

class Run {
 public:
  explicit Run(size_t every) : every_(every) {}

  void Object(const std::string& name, const Bytes& good, const Verifier& verify) {
    const auto unbent = verify(good);
    if (!unbent.ok() || !unbent->authentic) {
      const Finding* const hard = unbent.ok() ? unbent->hard() : nullptr;
      const std::string why = hard ? hard->message : unbent.ok() ? "" : unbent.error().message;
      std::printf("%s: the unbent one is not authentic: %s\n", name.c_str(), why.c_str());
      std::exit(2);
    }
    const Totals totals = FlipAll(good, every_, verify, *unbent);
    std::printf("%-34s %6zu bytes %7zu flips: %7zu ended, %5zu the same, %zu wrong\n", name.c_str(),
                good.size(), totals.flips, totals.flips - totals.same - totals.wrong, totals.same,
                totals.wrong);
    std::fflush(stdout);
    all_.Add(totals);
  }

  int Finish() const {
    std::printf("\nended by\n");
    for (const auto& [what, count] : all_.ended_by) std::printf("  %9zu  %s\n", count, what.c_str());
    std::printf(
        "\n%zu flips: %zu authentic with the same claims and dates, %zu with others, %zu internal errors\n",
        all_.flips, all_.same, all_.wrong, all_.internal);
    return all_.wrong + all_.internal == 0 ? 0 : 1;
  }

 private:
  size_t every_;
  Totals all_;
};

Bytes BytesOf(std::string_view text) { return Bytes(text.begin(), text.end()); }
std::string TextOf(const Bytes& bytes) { return std::string(bytes.begin(), bytes.end()); }

void FlipIntel(Run& run, const std::string& title, const sim::QuoteOptions& options) {
  const sim::SimIntel world = sim::SimIntel::Make();
  const Bytes quote = world.Quote(options);
  const intel::CollateralSet set = world.CollateralFor(options);
  const TrustAnchors anchors = world.Anchors();
  const auto prepared = intel::PrepareCollateral(set, anchors);
  run.Object(title + " quote", quote, [&](const Bytes& bent) {
    return intel::VerifyQuote(bent, *prepared, anchors, world.now(), nullptr);
  });
  const auto with = [&](const auto& change) {
    return [&, change](const Bytes& bent) {
      intel::CollateralSet changed = set;
      change(changed, bent);
      return intel::VerifyQuoteWith(quote, changed, anchors, world.now(), nullptr);
    };
  };
  const auto item = [&](const char* name, Bytes intel::CollateralSet::*member) {
    run.Object(StrCat(title, " ", name), set.*member,
               with([member](intel::CollateralSet& changed, const Bytes& bent) { changed.*member = bent; }));
  };
  const auto chain = [&](const char* name, std::string intel::CollateralSet::*member) {
    run.Object(
        StrCat(title, " ", name), BytesOf(set.*member),
        with([member](intel::CollateralSet& changed, const Bytes& bent) { changed.*member = TextOf(bent); }));
  };
  item("root CA CRL", &intel::CollateralSet::root_ca_crl);
  item("PCK CRL", &intel::CollateralSet::pck_crl);
  item("TCB info", &intel::CollateralSet::tcb_info);
  item("QE identity", &intel::CollateralSet::qe_identity);
  chain("PCK CRL chain", &intel::CollateralSet::pck_crl_issuer_chain);
  chain("TCB info chain", &intel::CollateralSet::tcb_info_issuer_chain);
  chain("QE identity chain", &intel::CollateralSet::qe_identity_issuer_chain);
}

void FlipAmd(Run& run, amd::Product product, amd::SigningKey kind, uint32_t version) {
  const sim::SimAmd world = sim::SimAmd::Make();
  const sim::SnpPlatform platform = sim::SnpPlatform::Of(product, kind);
  const TrustAnchors anchors = world.Anchors();
  const std::string title = StrCat("SNP ", amd::ProductName(product),
                                   kind == amd::SigningKey::kVcek ? " VCEK" : " VLEK", " v", version);
  const auto verify = [&](const Bytes& evidence, const amd::EndorsementSet& given) {
    return amd::VerifyReport(evidence, given, product, anchors, world.now(), AmdCrlMode::kRequire);
  };
  const amd::EndorsementSet given = world.Endorsements(platform);
  // Its certificate table has leaf, intermediate and root. Its CRL, the host's, is not the one that is required.
  run.Object(title + " extended report", world.ExtendedReport(platform, {.version = version}),
             [&](const Bytes& bent) { return verify(bent, {.certificates = {}, .crl = given.crl}); });
  const Bytes report = world.Report(platform, {.version = version});
  run.Object(title + " report", report, [&](const Bytes& bent) { return verify(bent, given); });
  run.Object(title + " leaf", given.certificates.front(), [&](const Bytes& bent) {
    amd::EndorsementSet changed = given;
    changed.certificates.front() = bent;
    return verify(report, changed);
  });
  run.Object(title + " CRL", given.crl, [&](const Bytes& bent) {
    amd::EndorsementSet changed = given;
    changed.crl = bent;
    return verify(report, changed);
  });
}

void FlipHcl(Run& run) {
  const sim::SimAmd world = sim::SimAmd::Make();
  const sim::SnpPlatform platform = sim::SnpPlatform::Of(amd::Product::kMilan);
  const TrustAnchors anchors = world.Anchors();
  const std::string runtime_data = sim::RuntimeData(sim::VtpmKey());
  const Bytes report = world.Report(platform, {.report_data = sim::BindingOf(runtime_data)});
  const Bytes hcl = sim::EncodeHclReport({.hardware_report = report, .runtime_data = runtime_data});
  const amd::EndorsementSet given = world.Endorsements(platform);
  run.Object("HCL report", hcl, [&](const Bytes& bent) -> Result<Verdict> {
    TRY_ASSIGN(const amd::HclReport parsed, amd::ParseHclReport(bent));
    TRY_ASSIGN(Verdict verdict, amd::VerifyReport(parsed.hardware_report, given, amd::Product::kMilan,
                                                  anchors, world.now(), AmdCrlMode::kRequire));
    amd::CheckHcl(verdict, parsed, nullptr, std::nullopt);
    return verdict;
  });
}

void FlipOpenEnclave(Run& run) {
  const sim::SimIntel world = sim::SimIntel::Make();
  const intel::CollateralSet set = world.Collateral();
  const TrustAnchors anchors = world.Anchors();
  const auto with = [&](ByteView bytes, const intel::CollateralSet& collateral) -> Result<Verdict> {
    TRY_ASSIGN(const openenclave::Evidence evidence, openenclave::ParseEvidence(bytes));
    TRY_ASSIGN(Verdict verdict,
               intel::VerifyQuoteWith(evidence.quote, collateral, anchors, world.now(), nullptr));
    openenclave::CheckOpenEnclave(verdict, evidence);
    return verdict;
  };
  const auto verify = [&](const Bytes& bent) { return with(bent, set); };
  const Bytes claims = sim::EncodeCustomClaims({{"name", BytesOf("value")}});
  const Bytes evidence = sim::MakeOeEvidence(world, claims);
  run.Object("OE evidence", evidence, verify);
  run.Object("OE report", sim::EncodeOeReport(world.Quote()), verify);
  const sim::SimKey key("an enclave's key");
  run.Object(
      "OE certificate",
      sim::MakeOeCertificate(sim::kOeEvidenceOid, sim::MakeOeEvidence(world, sim::OeKeyPem(key)), key, key),
      verify);
  run.Object("OE endorsements", sim::EncodeOeEndorsements(set), [&](const Bytes& bent) -> Result<Verdict> {
    TRY_ASSIGN(const intel::CollateralSet read, openenclave::ParseEndorsements(bent));
    return with(evidence, read);
  });
}

// A complete set of a confidential container: report, endorsement with a receipt, security policy.
void FlipContainer(Run& run) {
  const auto amd = sim::SimAmd::Make();
  const auto microsoft = sim::SimUvm::Make();
  const auto platform = sim::SnpPlatform::Of(amd::Product::kMilan);
  const auto given = amd.Endorsements(platform);
  const TrustAnchors anchors = amd.Anchors();
  const Bytes policy = BytesOf("package policy");
  sim::ReportSpec spec;
  spec.bend = [&](Bytes& bytes) { std::ranges::copy(Sha256(policy).view(), bytes.begin() + 0xc0); };
  const Bytes report = amd.Report(platform, spec);
  const std::vector<uvm::LedgerKey> keys = {microsoft.Ledger()};
  const auto verify = [&](const Bytes& bytes, const Bytes& endorsement,
                          const Bytes& said) -> Result<Verdict> {
    TRY_ASSIGN(Verdict verdict,
               amd::VerifyReport(bytes, given, {}, anchors, amd.now(), AmdCrlMode::kRequire));
    TRY_ASSIGN(const uvm::Judged judged, uvm::JudgeEndorsement(endorsement, keys, nullptr));
    uvm::CheckContainer(verdict, {.endorsement = &judged, .security_policy = said});
    return verdict;
  };
  for (const auto format : {uvm::Format::kLegacy, uvm::Format::kHashEnvelope}) {
    sim::UvmSpec of_form;
    of_form.format = format;
    of_form.measurement.assign(report.begin() + 0x90, report.begin() + 0xc0);
    const Bytes endorsement = microsoft.WithReceipt(of_form);
    const std::string title = StrCat("container, ", uvm::FormatName(format));
    run.Object(title + " endorsement", endorsement,
               [&](const Bytes& bent) { return verify(report, bent, policy); });
    run.Object(title + " report", report,
               [&](const Bytes& bent) { return verify(bent, endorsement, policy); });
    run.Object(title + " policy", policy,
               [&](const Bytes& bent) { return verify(report, endorsement, bent); });
  }
}

}  // namespace
}  // namespace thimble

int main(int argc, char** argv) {
  using namespace thimble;
  const int every = argc > 1 ? std::atoi(argv[1]) : 1;
  if (argc > 2 || every < 1) {
    std::fprintf(stderr, "usage: bit_flips [EVERY]\n");
    return 2;
  }
  Run run(static_cast<size_t>(every));
  FlipIntel(run, "SGX v3", {.version = 3});
  FlipIntel(run, "TDX v4", {.tdx = true, .version = 4});
  FlipIntel(run, "TDX v5", {.tdx = true, .version = 5});
  FlipAmd(run, amd::Product::kMilan, amd::SigningKey::kVcek, 3);
  FlipAmd(run, amd::Product::kTurin, amd::SigningKey::kVcek, 5);
  FlipAmd(run, amd::Product::kGenoa, amd::SigningKey::kVlek, 3);
  FlipHcl(run);
  FlipOpenEnclave(run);
  FlipContainer(run);
  return run.Finish();
}
