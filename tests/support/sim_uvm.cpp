// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_uvm.h"

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/cose/sign1.h"
#include "tests/support/der_writer.h"

namespace thimble::sim {
namespace {

constexpr uint16_t kLeafUsage = 1u << 0, kCaUsage = 1u << 5;
constexpr std::string_view kEku = "1.3.6.1.4.1.311.76.59.1.2";
constexpr std::string_view kEvidence = "ce:2.17:5e1f";

template <class Write>
Bytes Cbor(const Write& write) {
  Bytes out;
  cbor::Writer writer(&out);
  write(writer);
  return out;
}

void Append(Bytes& out, const Bytes& bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

Bytes CborMap(const std::vector<std::pair<Bytes, Bytes>>& members) {
  Bytes out = Cbor([&](cbor::Writer& w) { w.Map(members.size()); });
  for (const auto& [label, value] : members) {
    Append(out, label);
    Append(out, value);
  }
  return out;
}

Bytes CborTime(Instant at) {
  return Cbor([&](cbor::Writer& w) { w.Tag(cbor::kTagTime).Integer(at.time_since_epoch().count()); });
}

Bytes CborList(const std::vector<Bytes>& strings) {
  return Cbor([&](cbor::Writer& w) {
    w.Array(strings.size());
    for (const Bytes& each : strings) w.Bytes(each);
  });
}

Name UvmName(std::string_view common_name) {
  return {
      {kCountry, "US"}, {kOrganization, "Microsoft Corporation"}, {kCommonName, std::string(common_name)}};
}

Bytes Json(const UvmSpec& spec) {
  const std::string text =
      StrCat("{\n  \"x-ms-sevsnpvm-guestsvn\": \"", spec.svn,
             "\",\n  \"x-ms-sevsnpvm-launchmeasurement\": \"", HexLower(spec.measurement), "\"\n}");
  const ByteView bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

// Who says it, in the form's place for it.
void AddWho(const UvmSpec& spec, const std::string& issuer, StatementParts& parts) {
  if (spec.format == uvm::Format::kHashEnvelope) {
    std::vector<std::pair<Bytes, Bytes>> claims = {{CborInteger(1), CborText(issuer)},
                                                   {CborInteger(2), CborText(spec.feed)}};
    if (spec.signed_at) claims.emplace_back(CborInteger(6), CborTime(*spec.signed_at));
    claims.emplace_back(CborText("svn"), CborInteger(spec.svn));
    parts.header.emplace_back(CborInteger(cose::kCwtClaims), CborMap(claims));
    parts.header.emplace_back(CborInteger(cose::kPayloadHashAlg), CborInteger(-43));
    parts.header.emplace_back(CborInteger(cose::kPreimageContentType), CborText("application/octet-stream"));
    parts.payload = spec.measurement;
    return;
  }
  parts.header.emplace_back(CborInteger(cose::kContentType), CborText("application/json"));
  parts.header.emplace_back(CborText("iss"), CborText(issuer));
  parts.header.emplace_back(CborText("feed"), CborText(spec.feed));
  if (spec.signed_at) parts.header.emplace_back(CborText("signingtime"), CborTime(*spec.signed_at));
  parts.payload = Json(spec);
}

}  // namespace

Bytes CborInteger(int64_t value) {
  return Cbor([&](cbor::Writer& w) { w.Integer(value); });
}
Bytes CborText(std::string_view text) {
  return Cbor([&](cbor::Writer& w) { w.Text(text); });
}
Bytes CborBytes(ByteView bytes) {
  return Cbor([&](cbor::Writer& w) { w.Bytes(bytes); });
}

std::vector<Bytes> SimUvm::Chain(const UvmSpec& spec) const {
  const SimKey root_key = Key("root"), ca_key = Key("ca"), leaf_key = Key("leaf");
  const auto years = [](int n) { return std::chrono::hours(24 * 365 * n); };
  CertificateSpec root{.serial = {1},
                       .subject = UvmName("Microsoft Supply Chain RSA Root CA 2022"),
                       .issuer = UvmName("Microsoft Supply Chain RSA Root CA 2022"),
                       .validity = {kAmdNow - years(4), kAmdNow + years(20)},
                       .is_ca = true,
                       .key_usage = kCaUsage,
                       .subject_key_id = root_key.KeyIdentifier()};
  CertificateSpec ca{.serial = {2},
                     .subject = UvmName("Microsoft SCD Products RSA CA"),
                     .issuer = root.subject,
                     .validity = {kAmdNow - years(3), kAmdNow + years(15)},
                     .is_ca = true,
                     .key_usage = kCaUsage,
                     .authority_key_id = root_key.KeyIdentifier(),
                     .subject_key_id = ca_key.KeyIdentifier()};
  CertificateSpec leaf{.serial = {3},
                       .subject = UvmName("ContainerPlat"),
                       .issuer = ca.subject,
                       .validity = {kAmdNow - years(1), kAmdNow - std::chrono::hours(24)},
                       .is_ca = false,
                       .key_usage = kLeafUsage,
                       .authority_key_id = ca_key.KeyIdentifier(),
                       .subject_key_id = leaf_key.KeyIdentifier()};
  leaf.more_extensions.push_back(MakeExtension(
      "2.5.29.37", false, der::Sequence({der::Oid("1.3.6.1.4.1.311.76.59.1.1"), der::Oid(kEku)})));
  Apply(spec.intermediate, ca);
  Apply(spec.leaf, leaf);
  std::vector<Bytes> chain = {MakeCertificate(leaf, leaf_key, ca_key), MakeCertificate(ca, ca_key, root_key),
                              MakeCertificate(root, root_key, root_key)};
  Apply(spec.chain, chain);
  return chain;
}

std::string SimUvm::Issuer() const {
  return StrCat("did:x509:0:sha256:", Base64Url(Sha256(Chain().back()).view()), "::eku:", kEku);
}

AcceptedUvm SimUvm::Accepted(uint32_t min_svn) const {
  return {.issuer = Issuer(), .feed = "ContainerPlat-AMD-UVM", .min_svn = min_svn};
}

Bytes SimUvm::Encode(const UvmSpec& spec, const std::vector<Bytes>& receipts, bool unprotected) const {
  const std::vector<Bytes> chain = Chain(spec);
  StatementParts parts;
  parts.header.emplace_back(CborInteger(cose::kAlg),
                            CborInteger(static_cast<int64_t>(cose::Algorithm::kEs384)));
  parts.header.emplace_back(CborInteger(cose::kX5chain), CborList(chain));
  Bytes x5t = Cbor([&](cbor::Writer& w) { w.Array(2).Integer(-16).Bytes(Sha256(chain.front()).view()); });
  parts.header.emplace_back(CborInteger(cose::kX5t), std::move(x5t));
  AddWho(spec, spec.issuer.empty() ? Issuer() : spec.issuer, parts);
  Apply(spec.parts, parts);
  if (!receipts.empty()) parts.unprotected.emplace_back(CborInteger(cose::kReceipts), CborList(receipts));
  if (!unprotected) parts.unprotected.clear();
  const Bytes header = CborMap(parts.header);
  const Bytes to_sign = Cbor(
      [&](cbor::Writer& w) { w.Array(4).Text("Signature1").Bytes(header).Bytes({}).Bytes(parts.payload); });
  Bytes signature = spec.der_signature ? Key("leaf").SignDer(to_sign) : Key("leaf").SignRaw(to_sign);
  Apply(spec.signature, signature);
  Bytes out = Cbor([&](cbor::Writer& w) {
    if (parts.tagged) w.Tag(cbor::kTagCoseSign1);
    w.Array(4).Bytes(header);
  });
  Append(out, CborMap(parts.unprotected));
  Append(out, Cbor([&](cbor::Writer& w) {
           parts.attached ? w.Bytes(parts.payload) : w.Null();
           w.Bytes(signature);
         }));
  return out;
}

Bytes SimUvm::Endorsement(const UvmSpec& spec) const { return Encode(spec, {}, true); }

uvm::LedgerKey SimUvm::Ledger() const {
  const SimKey key = Key("ledger");
  return {.kid = Sha256(key.point()).hex(), .point = key.point()};
}

// CCF's tree, of three leaves: this statement's on the left of the second level.
Bytes SimUvm::Receipt(const UvmSpec& spec) const {
  const Digest256 data = Sha256(Encode(spec, {}, false)), transaction = Sha256(AsBytes("transaction")),
                  evidence = Sha256(AsBytes(kEvidence)), left = Sha256(AsBytes("left")),
                  right = Sha256(AsBytes("right"));
  Bytes leaf;
  for (const Digest256* part : {&transaction, &evidence, &data})
    Append(leaf, Bytes(part->view().begin(), part->view().end()));
  const Digest256 middle = Sha256(Sha256(leaf).view(), right.view()),
                  root = Sha256(left.view(), middle.view());
  const Bytes proof = Cbor([&](cbor::Writer& w) {
    w.Map(2).Integer(1).Array(3).Bytes(transaction.view()).Text(kEvidence).Bytes(data.view());
    w.Integer(2).Array(2).Array(2).Bool(false).Bytes(right.view()).Array(2).Bool(true).Bytes(left.view());
  });
  const Bytes header = Cbor([&](cbor::Writer& w) {
    w.Map(4).Integer(1).Integer(-35).Integer(4).Bytes(AsBytes(Ledger().kid));
    w.Integer(15).Map(1).Integer(1).Text("ledger.example").Integer(395).Integer(2);
  });
  const Bytes to_sign = Cbor(
      [&](cbor::Writer& w) { w.Array(4).Text("Signature1").Bytes(header).Bytes({}).Bytes(root.view()); });
  return Cbor([&](cbor::Writer& w) {
    w.Tag(18).Array(4).Bytes(header).Map(1).Integer(396).Map(1).Integer(-1).Array(1).Bytes(proof).Null();
    w.Bytes(Key("ledger").SignRaw(to_sign));
  });
}

Bytes SimUvm::WithReceipt(const UvmSpec& spec, std::optional<UvmSpec> other) const {
  return Encode(spec, {Receipt(other.value_or(spec))}, true);
}

}  // namespace thimble::sim
