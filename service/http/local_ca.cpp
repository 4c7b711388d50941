// SPDX-License-Identifier: Apache-2.0
#include "service/http/local_ca.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

#include "tcb/base/bytes.h"
#include "tcb/base/openssl_ptr.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using Key = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using Certificate = OpensslPtr<X509, X509_free>;
using Memory = OpensslPtr<BIO, BIO_free>;
using ExtensionPtr = OpensslPtr<X509_EXTENSION, X509_EXTENSION_free>;

constexpr Seconds kDay{24 * 3600};
constexpr Seconds kBefore = kDay;  // for clocks that lag behind
constexpr Seconds kCaLife = 3652 * kDay, kServerLife = 397 * kDay;

Error Failed(std::string_view what) {
  return {ErrorKind::kInternal, Check::kRequest, StrCat("OpenSSL could not ", what)};
}
Error NotACa() { return {ErrorKind::kMalformed, Check::kRequest, "not a CA's certificate and key in PEM"}; }

// The text of a memory BIO that `write` has filled.
template <class Write>
Result<std::string> PemOf(const Write& write) {
  const Memory memory(BIO_new(BIO_s_mem()));
  if (!memory || write(memory.get()) != 1) return Failed("write PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

Result<PemPair> ToPem(X509* certificate, EVP_PKEY* key) {
  PemPair out;
  TRY_ASSIGN(out.certificate, PemOf([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); }));
  TRY_ASSIGN(out.key, PemOf([&](BIO* bio) {
               return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
             }));
  return out;
}

bool SetTime(ASN1_TIME* time, Instant at) {
  return ASN1_TIME_set(time, static_cast<time_t>(at.time_since_epoch().count())) != nullptr;
}

bool SetSerial(X509* certificate) {
  std::array<uint8_t, 16> serial{};
  if (RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) return false;
  serial[0] &= 0x7f;  // positive
  const OpensslPtr<BIGNUM, BN_free> number(
      BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Version 3, with everything but extensions and the signature.
Certificate Begin(EVP_PKEY* key, const std::string& common_name, Instant now, Seconds life) {
  Certificate certificate(X509_new());
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  const ByteView name = AsBytes(common_name);
  const bool done = X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                    SetSerial(certificate.get()) &&
                    SetTime(X509_getm_notBefore(certificate.get()), now - kBefore) &&
                    SetTime(X509_getm_notAfter(certificate.get()), now + life) &&
                    X509_set_pubkey(certificate.get(), key) == 1 &&
                    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, name.data(),
                                               static_cast<int>(name.size()), -1, 0) == 1;
  return done ? std::move(certificate) : nullptr;
}

bool IsAddress(const std::string& host) {
  std::array<uint8_t, 16> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

// A host name goes into OpenSSL's list syntax: nothing that has a meaning there may be in it.
bool IsHostName(const std::string& host) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), good);
}

Result<std::string> AlternativeNames(const std::vector<std::string>& hosts) {
  std::string names;
  for (const std::string& host : hosts) {
    const bool address = IsAddress(host);
    if (!address && !IsHostName(host)) {
      return Error{ErrorKind::kMalformed, Check::kRequest,
                   StrCat("\"", host, "\" is no host name or IP address")};
    }
    names += StrCat(names.empty() ? "" : ",", address ? "IP:" : "DNS:", host);
  }
  return names;
}

}  // namespace

Result<PemPair> MakeCa(const std::string& name, Instant now) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return Failed("make a key");
  const Certificate certificate = Begin(key.get(), name, now, kCaLife);
  if (!certificate) return Failed("make a certificate");
  X509* const x = certificate.get();
  if (X509_set_issuer_name(x, X509_get_subject_name(x)) != 1 ||
      !AddExtension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !AddExtension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !AddExtension(x, x, NID_subject_key_identifier, "hash") || X509_sign(x, key.get(), EVP_sha256()) == 0) {
    return Failed("make the CA's certificate");
  }
  return ToPem(x, key.get());
}

Result<PemPair> MakeCertificate(const PemPair& ca, CertificateUse use, const std::vector<std::string>& hosts,
                                Instant now) {
  const Memory ca_pem(BIO_new_mem_buf(ca.certificate.data(), static_cast<int>(ca.certificate.size())));
  const Memory key_pem(BIO_new_mem_buf(ca.key.data(), static_cast<int>(ca.key.size())));
  const Certificate issuer(PEM_read_bio_X509(ca_pem.get(), nullptr, nullptr, nullptr));
  const Key issuer_key(PEM_read_bio_PrivateKey(key_pem.get(), nullptr, nullptr, nullptr));
  if (!issuer || !issuer_key || X509_check_private_key(issuer.get(), issuer_key.get()) != 1) return NotACa();
  TRY_ASSIGN(const std::string names, AlternativeNames(hosts));
  const Key key(EVP_EC_gen("P-256"));
  if (!key || hosts.empty()) return Failed("make a key");
  const Certificate certificate = Begin(key.get(), hosts.front(), now, kServerLife);
  if (!certificate) return Failed("make a certificate");
  X509* const x = certificate.get();
  if (X509_set_issuer_name(x, X509_get_subject_name(issuer.get())) != 1 ||
      !AddExtension(x, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !AddExtension(x, issuer.get(), NID_key_usage, "critical,digitalSignature") ||
      !AddExtension(x, issuer.get(), NID_ext_key_usage,
                    use == CertificateUse::kServer ? "serverAuth" : "clientAuth") ||
      !AddExtension(x, issuer.get(), NID_subject_alt_name, names) ||
      !AddExtension(x, issuer.get(), NID_authority_key_identifier, "keyid:always") ||
      X509_sign(x, issuer_key.get(), EVP_sha256()) == 0) {
    return Failed("make the certificate");
  }
  return ToPem(x, key.get());
}

std::string RandomToken() {
  std::array<uint8_t, 32> bytes{};
  // Without randomness there is no token: an empty one is refused by whoever wants one.
  return RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1 ? HexLower(bytes) : std::string();
}

}  // namespace thimble
