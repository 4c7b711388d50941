// SPDX-License-Identifier: Apache-2.0
//
// Our certificate and CRL reader against OpenSSL's, on the same bytes: what ours accepts, OpenSSL parses, and both read
// the same serial, names, dates, key, CA bit, key usage, and revoked serials. (Not the other way round: ours refuses
// more.)
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "tcb/base/openssl_ptr.h"
#include "tcb/check.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/crl.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

namespace {

void FreeBytes(unsigned char* bytes) { OPENSSL_free(bytes); }
using OwnedX509 = OpensslPtr<X509, X509_free>;
using OwnedCrl = OpensslPtr<X509_CRL, X509_CRL_free>;

template <class T>
Bytes Der(T* object, int (*encode)(T*, unsigned char**)) {
  const int size = encode(object, nullptr);
  Holds(size > 0, "OpenSSL can write what it has read");
  Bytes out(static_cast<size_t>(size));
  unsigned char* cursor = out.data();
  encode(object, &cursor);
  return out;
}
Bytes NameDer(const X509_NAME* name) {
  const unsigned char* data = nullptr;
  size_t size = 0;
  Holds(X509_NAME_get0_der(const_cast<X509_NAME*>(name), &data, &size) == 1, "a name has an encoding");
  return {data, data + size};
}

Bytes SerialOf(const ASN1_INTEGER* serial) {
  const OpensslPtr<BIGNUM, BN_free> number(ASN1_INTEGER_to_BN(serial, nullptr));
  Holds(number != nullptr && BN_is_negative(number.get()) == 0, "serials are not negative");
  Bytes out(std::max<size_t>(static_cast<size_t>(BN_num_bytes(number.get())), 1));
  BN_bn2binpad(number.get(), out.data(), static_cast<int>(out.size()));
  return out;
}

Instant TimeOf(const ASN1_TIME* time) {
  std::tm tm{};
  Holds(ASN1_TIME_to_tm(time, &tm) == 1, "OpenSSL reads the time");
  return Instant(Seconds(timegm(&tm)));
}

void CompareKey(const Certificate& ours, X509* theirs) {
  const Bytes spki =
      Der<X509_PUBKEY>(X509_get_X509_PUBKEY(theirs),
                       [](X509_PUBKEY* key, unsigned char** out) { return i2d_X509_PUBKEY(key, out); });
  Holds(Sha256(spki) == ours.spki_sha256(), "the same SubjectPublicKeyInfo");
  EVP_PKEY* const key = X509_get0_pubkey(theirs);
  Holds(key != nullptr, "OpenSSL takes the key");
  if (ours.ec_key() == nullptr) return Holds(EVP_PKEY_is_a(key, "RSA") == 1, "an RSA key");
  unsigned char* point = nullptr;
  const size_t size = EVP_PKEY_get1_encoded_public_key(key, &point);
  const OpensslPtr<unsigned char, FreeBytes> owner(point);
  Holds(size == ours.ec_key()->point().size() + 1 &&
            Equal(ByteView(point + 1, size - 1), ours.ec_key()->point()),
        "the same point");
}

void CompareExtensions(const Certificate& ours, X509* theirs) {
  Holds(static_cast<size_t>(X509_get_ext_count(theirs)) == ours.extensions().size(), "as many extensions");
  const OpensslPtr<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> basic(
      static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(theirs, NID_basic_constraints, nullptr, nullptr)));
  Holds((basic != nullptr) == ours.is_ca().has_value(), "basic constraints are there or not");
  if (basic) Holds((basic->ca != 0) == *ours.is_ca(), "the same CA bit");
  const OpensslPtr<ASN1_BIT_STRING, ASN1_BIT_STRING_free> usage(
      static_cast<ASN1_BIT_STRING*>(X509_get_ext_d2i(theirs, NID_key_usage, nullptr, nullptr)));
  Holds((usage != nullptr) == ours.key_usage().has_value(), "key usage is there or not");
  for (int bit = 0; usage && bit < 16; ++bit)
    Holds((ASN1_BIT_STRING_get_bit(usage.get(), bit) != 0) == ((*ours.key_usage() >> bit & 1) != 0),
          "the same usage");
}

void CompareCertificate(ByteView input) {
  const auto parsed = Certificate::Parse(input, Check::kCollateralMalformed);
  if (!parsed.ok()) return;
  const Certificate& ours = **parsed;
  const unsigned char* cursor = input.data();
  const OwnedX509 theirs(d2i_X509(nullptr, &cursor, static_cast<long>(input.size())));
  Holds(theirs != nullptr, "what our certificate reader accepts, OpenSSL parses");
  Holds(cursor == input.data() + input.size(), "the certificate is the whole input");
  Holds(Equal(SerialOf(X509_get0_serialNumber(theirs.get())), ours.serial()), "the same serial");
  Holds(Equal(NameDer(X509_get_issuer_name(theirs.get())), ours.issuer()), "the same issuer");
  Holds(Equal(NameDer(X509_get_subject_name(theirs.get())), ours.subject()), "the same subject");
  Holds(TimeOf(X509_get0_notBefore(theirs.get())) == ours.validity().not_before, "the same notBefore");
  Holds(TimeOf(X509_get0_notAfter(theirs.get())) == ours.validity().not_after, "the same notAfter");
  CompareKey(ours, theirs.get());
  CompareExtensions(ours, theirs.get());
  // Ours is strict DER, and OpenSSL's verdict on a self-signature is ours.
  const int verified = X509_verify(theirs.get(), X509_get0_pubkey(theirs.get()));
  Holds(!ours.SignedBy(ours) || verified == 1, "a signature that we accept, OpenSSL accepts");
}

std::vector<Bytes> RevokedOf(X509_CRL* crl) {
  std::vector<Bytes> serials;
  STACK_OF(X509_REVOKED)* const revoked = X509_CRL_get_REVOKED(crl);
  for (int i = 0; i < sk_X509_REVOKED_num(revoked); ++i)
    serials.push_back(SerialOf(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, i))));
  std::sort(serials.begin(), serials.end());
  return serials;
}

void CompareCrl(ByteView input) {
  const auto parsed = Crl::Parse(input, Check::kCollateralMalformed);
  if (!parsed.ok()) return;
  const Crl& ours = **parsed;
  const unsigned char* cursor = input.data();
  const OwnedCrl theirs(d2i_X509_CRL(nullptr, &cursor, static_cast<long>(input.size())));
  Holds(theirs != nullptr, "what our CRL reader accepts, OpenSSL parses");
  Holds(cursor == input.data() + input.size(), "the CRL is the whole input");
  Holds(Equal(NameDer(X509_CRL_get_issuer(theirs.get())), ours.issuer()), "the same issuer");
  Holds(TimeOf(X509_CRL_get0_lastUpdate(theirs.get())) == ours.window().not_before, "the same thisUpdate");
  Holds(TimeOf(X509_CRL_get0_nextUpdate(theirs.get())) == ours.window().not_after, "the same nextUpdate");
  std::vector<Bytes> serials;
  for (const std::string_view serial : ours.revoked()) serials.emplace_back(serial.begin(), serial.end());
  std::sort(serials.begin(), serials.end());
  Holds(serials == RevokedOf(theirs.get()), "the same revoked serials");
  const OpensslPtr<ASN1_INTEGER, ASN1_INTEGER_free> number(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(theirs.get(), NID_crl_number, nullptr, nullptr)));
  Holds((number != nullptr) == ours.has_number(), "a CRL number is there or not");
  if (number) Holds(Equal(SerialOf(number.get()), ours.number()), "the same CRL number");
}

}  // namespace

FUZZ_TARGET(input) {
  CompareCertificate(input);
  CompareCrl(input);
}
