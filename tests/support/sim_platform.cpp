// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_platform.h"

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"
#include "tests/support/der_writer.h"
#include "tests/support/sim_intel.h"

namespace thimble::sim {
namespace {

using std::chrono::hours;

const SimRsaKey& RootKey() {
  static const SimRsaKey key("forger/vtpm", 2048);
  return key;
}
const SimRsaKey& CaKey() {
  static const SimRsaKey key("amd/asvk/Milan");
  return key;
}
const SimRsaKey& HgsKey() { return RootKey(); }
const SimRsaKey& VbsKey() {
  static const SimRsaKey key = VtpmKey();
  return key;
}

Name Named(std::string_view name) { return {{kCommonName, std::string(name)}}; }

CertificateSpec Spec(std::string_view subject, std::string_view issuer, const SimRsaKey& key,
                     const SimRsaKey& issuer_key) {
  return {.serial = {0x01},
          .subject = Named(subject),
          .issuer = Named(issuer),
          .validity = {kNow - hours(24), kNow + hours(24 * 90)},
          .authority_key_id = issuer_key.KeyIdentifier(),
          .subject_key_id = key.KeyIdentifier()};
}

Bytes Issue(CertificateSpec spec, const Bend<CertificateSpec>& bend, const SimRsaKey& key,
            const SimRsaKey& issuer_key) {
  Apply(bend, spec);
  return MakeCertificate(spec, key.SubjectPublicKeyInfo(), issuer_key.Pkcs1Signer(HashAlgorithm::kSha384));
}

constexpr std::string_view kRoot = "Simulated Virtual TPM Root", kCa = "Simulated Virtual TPM CA",
                           kHgs = "Simulated Host Guardian Service";

Bytes Big(uint64_t value, size_t size) {
  Bytes out(size);
  for (size_t i = 0; i < size; ++i) out[size - 1 - i] = static_cast<uint8_t>(value >> 8 * i);
  return out;
}
Bytes Little(uint64_t value, size_t size = 4) {
  Bytes out(size);
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<uint8_t>(value >> 8 * i);
  return out;
}
Bytes ToBytes(ByteView view) { return {view.begin(), view.end()}; }
Bytes DigestOfEvent(uint8_t pcr) { return ToBytes(Sha256(Bytes{pcr}).view()); }

}  // namespace

Bytes TpmRootCertificate(const Bend<CertificateSpec>& bend) {
  CertificateSpec spec = Spec(kRoot, kRoot, RootKey(), RootKey());
  spec.is_ca = true;
  spec.key_usage = uint16_t{1u << 5};
  return Issue(std::move(spec), bend, RootKey(), RootKey());
}

Bytes TpmCaCertificate(const Bend<CertificateSpec>& bend) {
  CertificateSpec spec = Spec(kCa, kRoot, CaKey(), RootKey());
  spec.is_ca = true;
  spec.path_length = uint8_t{0};
  spec.key_usage = uint16_t{1u << 5};
  return Issue(std::move(spec), bend, CaKey(), RootKey());
}

Bytes AkPurposes(std::string_view oid) {
  return MakeExtension("2.5.29.37", false,
                       der::Sequence({der::Oid("1.3.6.1.4.1.311.10.3.12"), der::Oid(oid)}));
}

Bytes AkCertificate(const Bend<CertificateSpec>& bend, const SimRsaKey& key) {
  CertificateSpec spec = Spec(kTrustedLaunchName, kCa, key, CaKey());
  spec.key_usage = uint16_t{1u << 0};
  spec.more_extensions = {AkPurposes()};
  return Issue(std::move(spec), bend, key, CaKey());
}

Bytes AkPublicArea(uint32_t attributes) {
  const Bytes modulus = VtpmKey().modulus();
  return der::Concat({Big(1, 2), Big(0x0b, 2), Big(attributes, 4), Big(0, 2), Big(0x10, 2), Big(0x14, 2),
                      Big(0x0b, 2), Big(2048, 2), Big(0, 4), Big(modulus.size(), 2), modulus});
}

Bytes MakeEventLog(uint8_t pcrs, const Bend<Bytes>& bend) {
  const std::string_view name("Spec ID Event03\0", 16);
  const Bytes spec_id = der::Concat({ToBytes(AsBytes(name)), Little(0), Bytes{0, 2, 0, 2}, Little(1),
                                     Little(tpm::kSha256, 2), Little(32, 2), Bytes{0}});
  Bytes log = der::Concat({Little(0), Little(3), Bytes(20), Little(spec_id.size()), spec_id});
  for (uint8_t pcr = 0; pcr < pcrs; ++pcr) {
    const Bytes event = der::Concat({Little(pcr), Little(4), Little(1), Little(tpm::kSha256, 2),
                                     DigestOfEvent(pcr), Little(4), Bytes{1, 2, 3, pcr}});
    log.insert(log.end(), event.begin(), event.end());
  }
  Apply(bend, log);
  return log;
}

tpm::PcrValues PcrsOfLog(uint8_t pcrs) {
  tpm::PcrValues values;
  for (uint8_t pcr = 0; pcr < pcrs; ++pcr)
    values[tpm::kSha256][pcr] = ToBytes(Sha256(Bytes(32), DigestOfEvent(pcr)).view());
  return values;
}

std::string TpmEvidenceJson(const TpmEvidenceSpec& spec) {
  const TpmQuoteBytes quote = MakeTpmQuote(spec.quote, spec.signer);
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("tpm_quote").BeginObject();
  json.Key("message").String(Base64(quote.message));
  json.Key("signature").String(Base64(quote.signature));
  json.Key("pcrs").Raw(PcrsJson(spec.pcrs.value_or(spec.quote.pcrs)));
  json.EndObject();
  if (!spec.certificate.empty()) json.Key("ak_cert").String(Base64(spec.certificate));
  if (!spec.certificate.empty())
    json.Key("ak_chain")
        .String(spec.chain.empty() ? EncodePem(TpmCaCertificate(), "CERTIFICATE") : spec.chain);
  if (spec.certificate.empty()) json.Key("ak_public").String(Base64(AkPublicArea()));
  json.EndObject();
  return out;
}

Bytes MakeVbsReport(const VbsSpec& spec) {
  Bytes statement =
      der::Concat({Little(224 + spec.blocks.size()), Little(1), spec.enclave_data, Bytes(32, 0x01),
                   Bytes(32, 0x02), Bytes(32, 0x03), Bytes(16, 0x04), Bytes(16, 0x05),
                   Little(spec.enclave_svn), Little(spec.secure_kernel_svn), Little(spec.platform_svn),
                   Little(spec.flags), Little(12), Little(spec.enclave_type), spec.blocks});
  Apply(spec.bend_statement, statement);
  const Bytes signature = VbsKey().SignPss(statement, HashAlgorithm::kSha256);
  Bytes package =
      der::Concat({Little(24 + statement.size() + signature.size()), Little(1), Little(spec.scheme),
                   Little(statement.size()), Little(signature.size()), Little(0), statement, signature});
  Apply(spec.bend, package);
  return package;
}

Bytes VbsModule(std::string_view name) {
  Bytes text;
  for (const char c : name) text.insert(text.end(), {static_cast<uint8_t>(c), 0});
  text.resize((text.size() + 2 + 3) / 4 * 4 + 4);
  const size_t size = 8 + 100 + text.size();
  return der::Concat({Little(1), Little(size), Bytes(32, 0x11), Bytes(32, 0x12), Bytes(16, 0x13),
                      Bytes(16, 0x14), Little(7), text});
}

Bytes HealthPolicies(std::string_view oid) {
  return MakeExtension("1.3.6.1.4.1.311.21.10", false, der::Sequence({der::Sequence({der::Oid(oid)})}));
}

Bytes HgsCertificate(const Bend<CertificateSpec>& bend) {
  CertificateSpec spec = Spec(kHgs, kHgs, HgsKey(), HgsKey());
  spec.is_ca = true;
  spec.key_usage = uint16_t{1u << 5};
  return Issue(std::move(spec), bend, HgsKey(), HgsKey());
}

Bytes VbsSignerCertificate(const Bend<CertificateSpec>& bend) {
  CertificateSpec spec = Spec("A secure kernel", kHgs, VbsKey(), HgsKey());
  spec.key_usage = uint16_t{1u << 0};
  spec.more_extensions = {HealthPolicies()};
  return Issue(std::move(spec), bend, VbsKey(), HgsKey());
}

std::string VbsEvidenceJson(const VbsSpec& spec, const std::string& report_signed, const Bytes& signer) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("vbs_report").String(Base64(MakeVbsReport(spec)));
  json.Key("signer").String(EncodePem(signer, "CERTIFICATE"));
  if (!report_signed.empty()) json.Key("report_signed").String(report_signed);
  json.EndObject();
  return out;
}

}  // namespace thimble::sim
