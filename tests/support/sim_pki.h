// SPDX-License-Identifier: Apache-2.0
//
// Certificates and CRLs of simulated vendors. A spec is a plain struct with every field of the object; change
// one before it is signed and the rest stays good. What a field cannot express (a wrong version, a duplicate
// extension, an INTEGER that is not minimal) is done by `bend`, which sees the DER of each part just before
// it is signed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/time.h"
#include "tests/support/sim_key.h"

namespace thimble::sim {

// A function that changes one thing about something that is otherwise good. Empty: it stays good.
template <class T>
using Bend = std::function<void(T&)>;
template <class T>
void Apply(const Bend<T>& bend, T& value) {
  if (bend) bend(value);
}

// A distinguished name: (OID, value) in order. Country is a PrintableString, the rest UTF8Strings, as at the
// vendors.
using Name = std::vector<std::pair<std::string, std::string>>;
inline constexpr const char* kCommonName = "2.5.4.3";
inline constexpr const char* kCountry = "2.5.4.6";
inline constexpr const char* kLocality = "2.5.4.7";
inline constexpr const char* kState = "2.5.4.8";
inline constexpr const char* kOrganization = "2.5.4.10";
inline constexpr const char* kOrganizationalUnit = "2.5.4.11";
Bytes EncodeName(const Name& name);
// The name with another common name.
Name WithCommonName(Name name, std::string_view common_name);

Bytes MakeExtension(std::string_view oid, bool critical, ByteView value);

// The parts of a certificate in DER, in the order they are written; `extensions` are whole Extension
// SEQUENCEs.
struct CertificateParts {
  Bytes version, serial, algorithm, issuer, validity, subject, public_key;
  std::vector<Bytes> extensions;
  Bytes outer_algorithm;  // outside of what is signed
};

struct CertificateSpec {
  Bytes serial = {};  // unsigned magnitude
  Name subject = {}, issuer = {};
  Validity validity = {};
  // An absent value, or an empty one, is an absent extension.
  std::optional<bool> is_ca = {};
  std::optional<uint8_t> path_length = {};
  std::optional<uint16_t> key_usage = {};  // KeyUsageBit of tcb/pki/certificate.h, or bit n as 1 << n
  Bytes authority_key_id = {}, subject_key_id = {};
  std::string crl_url = {};
  std::vector<Bytes> more_extensions = {};      // from MakeExtension
  std::optional<SimKey> key = {}, signer = {};  // instead of the subject's and the issuer's own
  Bend<CertificateParts> bend = {};
};
Bytes MakeCertificate(const CertificateSpec& spec, const SimKey& subject_key, const SimKey& issuer_key);

// A key of any kind, for what it signs: its AlgorithmIdentifier in DER, and the signature over a message.
struct Signer {
  Bytes algorithm;
  std::function<Bytes(ByteView)> sign;
};
// `spec.key` and `spec.signer`, which are ECDSA keys, are not looked at in these two.
Bytes MakeCertificate(const CertificateSpec& spec, const Bytes& public_key_info, const Signer& issuer);

struct CrlParts {
  Bytes version, algorithm, issuer, this_update, next_update;
  std::vector<Bytes> revoked, extensions;
  Bytes outer_algorithm;
};

struct CrlSpec {
  Name issuer = {};
  Validity window = {};  // thisUpdate .. nextUpdate
  std::optional<uint64_t> number = 1;
  Bytes authority_key_id = {};        // empty: no extension
  std::vector<Bytes> revoked = {};    // serials, unsigned magnitudes
  std::optional<SimKey> signer = {};  // instead of the CA's own key
  Bend<CrlParts> bend = {};
};
Bytes MakeCrl(const CrlSpec& spec, const SimKey& issuer_key);
Bytes MakeCrl(const CrlSpec& spec, const Signer& issuer);

std::string ToPem(ByteView der, std::string_view label);

}  // namespace thimble::sim
