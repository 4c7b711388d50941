// SPDX-License-Identifier: Apache-2.0
//
// Flips every single bit of valid evidence and of each piece of its collateral, one at a time, and verifies: what is
// still authentic must claim exactly what the unbent claimed, at the same dates. Prints, for each object, what became of
// the flips.
//   bit_flips [EVERY]     flips one bit in EVERY; default 1, all of them
// Exits with 1 on any other claims, or an internal error.
#include "tests/tcb/bit_flips.h"

#include "tcb/amd/hcl.h"
#include "tcb/amd/verify.h"
#include "tcb/base/text.h"
#include "tcb/intel/verify.h"
#include "tcb/openenclave/endorsements.h"
#include "tcb/openenclave/evidence.h"
#include "tcb/tpm/verify.h"
#include "tcb/uvm/container.h"
#include "tcb/vbs/verify.h"
#include "tests/support/sim_amd.h"
#include "tests/support/sim_hcl.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_openenclave.h"
#include "tests/support/sim_platform.h"
#include "tests/support/sim_uvm.h"

namespace thimble {
namespace {

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

// A TPM's set: quote, signature, the certificates of its key, its public area, the log.
void FlipTpm(Run& run) {
  TrustAnchors anchors = TrustAnchors::Pinned();
  if (!anchors.AddExtra(sim::TpmRootCertificate())) std::exit(2);
  struct Set {
    Bytes message, signature, certificate, ca, key, log;
  };
  sim::TpmQuoteSpec spec;
  spec.pcrs = sim::PcrsOfLog(4);
  const sim::TpmQuoteBytes quoted = sim::MakeTpmQuote(spec, sim::VtpmKey());
  const Set good = {quoted.message,          quoted.signature,    sim::AkCertificate(),
                    sim::TpmCaCertificate(), sim::AkPublicArea(), sim::MakeEventLog(4)};
  const auto verify = [&](const Set& set) -> Result<Verdict> {
    TRY_ASSIGN(const tpm::Quote quote,
               tpm::ParseQuote(set.message, set.signature, spec.pcrs, tpm::kTpmChecks));
    tpm::KeyEvidence key;
    TRY(tpm::TakePublicKey(set.key, key));
    TRY(tpm::TakeCertificate(set.certificate, key));
    TRY(tpm::TakeChain(set.ca, key));
    key.event_log = set.log;
    return tpm::VerifyQuote(quote, key, spec.nonce, {.anchors = anchors, .at = sim::kNow});
  };
  const auto part = [&](const char* name, Bytes Set::*member) {
    run.Object(StrCat("TPM ", name), good.*member, [&, member](const Bytes& bent) {
      Set set = good;
      set.*member = bent;
      return verify(set);
    });
  };
  part("quote", &Set::message);
  part("signature", &Set::signature);
  part("AK certificate", &Set::certificate);
  part("CA certificate", &Set::ca);
  part("public area", &Set::key);
  part("event log", &Set::log);
}

void FlipVbs(Run& run) {
  TrustAnchors anchors = TrustAnchors::Pinned();
  if (!anchors.AddExtra(sim::HgsCertificate())) std::exit(2);
  const std::string text = R"({"challenge":"abc"})";
  const Digest512 bound = Sha512(AsBytes(text));
  const Bytes report = sim::MakeVbsReport(
      {.enclave_data = {bound.view().begin(), bound.view().end()}, .blocks = sim::VbsModule("enclave.dll")});
  const auto verify = [&](const Bytes& package, const Bytes& signer,
                          const std::string& said) -> Result<Verdict> {
    TRY_ASSIGN(const vbs::Report read, vbs::ParseReport(package));
    vbs::Supplement beside;
    TRY_ASSIGN(beside.signer, vbs::ReadSigner(signer));
    beside.report_signed = said;
    return vbs::VerifyReport(read, beside, anchors, sim::kNow);
  };
  const Bytes signer = sim::VbsSignerCertificate();
  run.Object("VBS report", report, [&](const Bytes& bent) { return verify(bent, signer, text); });
  run.Object("VBS signer", signer, [&](const Bytes& bent) { return verify(report, bent, text); });
  run.Object("VBS report_signed", BytesOf(text),
             [&](const Bytes& bent) { return verify(report, signer, TextOf(bent)); });
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
  FlipTpm(run);
  FlipVbs(run);
  return run.Finish();
}
