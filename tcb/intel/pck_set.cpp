// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/pck_set.h"

#include "tcb/base/json.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/collateral.h"
#include "tcb/intel/json_fields.h"
#include "tcb/intel/pck_chain.h"
#include "tcb/pki/pem.h"

namespace thimble::intel {
namespace {

constexpr size_t kMaxEntries = 256, kMaxIssuers = 8;
constexpr std::string_view kNotAvailable = "Not available";

struct Entry {
  PckTcb tcb;
  Bytes certificate;  // DER; empty: not available
};

Error Mismatch(std::string message) {
  return {ErrorKind::kRejected, Check::kCollateralMismatch, std::move(message)};
}

Result<Bytes> DecodeCertificate(std::string_view text) {
  const auto pem = PercentDecode(text);
  if (!pem) return MalformedField("cert", "a \"%\" without two hex digits after it");
  TRY_ASSIGN(auto certificates, DecodePem(*pem, "CERTIFICATE", 1, Check::kCollateralMalformed));
  if (certificates.empty()) return MalformedField("cert", "no certificate in PEM");
  return std::move(certificates.front());
}

Result<Entry> DecodeEntry(const json::Value& value) {
  Entry entry;
  TRY_ASSIGN(const json::Value tcbm_value, value.Get("tcbm"));
  TRY_ASSIGN(const std::string_view tcbm, tcbm_value.String());
  const auto tcb = PckTcb::FromHex(tcbm);
  if (!tcb) return MalformedField("tcbm", StrCat("\"", tcbm, "\" is not 36 hex digits"));
  entry.tcb = *tcb;
  TRY_ASSIGN(const json::Value cert_value, value.Get("cert"));
  TRY_ASSIGN(const std::string_view cert, cert_value.String());
  if (cert == kNotAvailable) return entry;
  TRY_ASSIGN(entry.certificate, DecodeCertificate(cert));
  return entry;
}

Result<std::vector<Entry>> DecodeEntries(ByteView body) {
  TRY_ASSIGN(const auto document, json::Document::Parse(AsText(body), "PCK certificates",
                                                        ErrorKind::kMalformed, Check::kCollateralMalformed));
  TRY_ASSIGN(const auto values, document->root().Array());
  if (values.size() > kMaxEntries) {
    return MalformedField("PCK certificates", StrCat(values.size(), " entries, at most ", kMaxEntries));
  }
  std::vector<Entry> entries;
  entries.reserve(values.size());
  for (const json::Value& value : values) {
    TRY_ASSIGN(entries.emplace_back(), DecodeEntry(value));
  }
  return entries;
}

// What every certificate of a platform says alike.
Status CheckSamePlatform(const PlatformFacts& first, const PlatformFacts& other) {
  if (first.ppid != other.ppid)
    return Mismatch(StrCat("PPID: ", first.ppid.hex(), " and ", other.ppid.hex()));
  if (first.fmspc != other.fmspc) {
    return Mismatch(StrCat("FMSPC: ", first.fmspc.hex(), " and ", other.fmspc.hex()));
  }
  if (first.pce_id != other.pce_id) {
    return Mismatch(StrCat("PCE-ID: ", first.pce_id.hex(), " and ", other.pce_id.hex()));
  }
  return {};
}

// The certificates of the array, each under the one issuer chain.
struct Chains {
  std::vector<std::shared_ptr<const PckChain>> chains;
  PckSet set;
};
Result<Chains> BuildChains(std::vector<Entry> entries, const std::vector<Bytes>& issuers,
                           CertificatePool& pool) {
  Chains out;
  for (Entry& entry : entries) {
    if (entry.certificate.empty()) {
      out.set.not_available.push_back(entry.tcb);
      continue;
    }
    std::vector<Bytes> certificates = issuers;
    certificates.push_back(std::move(entry.certificate));
    TRY_ASSIGN(auto chain, BuildPckChain(certificates, Check::kCollateralMalformed, pool));
    const PckTcb certified{chain->facts.cpu_svn, chain->facts.pce_svn};
    if (certified != entry.tcb) {
      return Mismatch(
          StrCat("tcbm ", entry.tcb.HexUpper(), ", its certificate is of ", certified.HexUpper()));
    }
    out.set.certificates.push_back({entry.tcb, chain->leaf});
    out.chains.push_back(std::move(chain));
  }
  if (out.chains.empty()) {
    return Error{
        ErrorKind::kUnavailable, Check::kCollateralMissing,
        StrCat("no PCK certificate is available; not yet for ", out.set.not_available.size(), " TCBs")};
  }
  for (const auto& chain : out.chains) TRY(CheckSamePlatform(out.chains.front()->facts, chain->facts));
  const PlatformFacts& facts = out.chains.front()->facts;
  out.set.fmspc = facts.fmspc;
  out.set.pce_id = facts.pce_id;
  out.set.ppid = facts.ppid;
  out.set.ca = facts.ca;
  return out;
}

// Of the certificate that was issued last. Those before it may well be expired: that is told by themselves, to
// whoever gets one.
Validity NewestWindow(const std::vector<std::shared_ptr<const PckChain>>& chains) {
  Validity newest = chains.front()->leaf->validity();
  for (const auto& chain : chains) {
    const Validity& window = chain->leaf->validity();
    if (window.not_before > newest.not_before) newest = window;
  }
  return newest;
}

void WriteEntry(json::Writer& writer, const PckTcb& tcb, std::string_view cert) {
  writer.BeginObject().Key("tcb").BeginObject();
  for (size_t i = 0; i < tcb.cpu_svn.size(); ++i) {
    writer.Key(StrCat("sgxtcbcomp", i < 9 ? "0" : "", i + 1, "svn")).Unsigned(tcb.cpu_svn[i]);
  }
  writer.Key("pcesvn").Unsigned(static_cast<uint16_t>(tcb.pce_svn)).EndObject();
  writer.Key("tcbm").String(tcb.HexUpper()).Key("cert").String(cert).EndObject();
}

}  // namespace

Result<ItemParts> AuthenticatePckCerts(const CollateralBytes& bytes, const TrustAnchors& anchors,
                                       CertificatePool& pool) {
  TRY_ASSIGN(auto entries, DecodeEntries(bytes.body));
  TRY_ASSIGN(const auto issuers,
             DecodeCertificates(AsBytes(bytes.issuer_chain), kMaxIssuers, Check::kCollateralMalformed));
  TRY_ASSIGN(auto built, BuildChains(std::move(entries), issuers, pool));
  const PckChain& chain = *built.chains.front();
  ItemParts parts;
  parts.anchor = anchors.Find(Vendor::kIntel, *chain.root);
  if (parts.anchor == nullptr) {
    return Error{ErrorKind::kRejected, Check::kPckRoot,
                 StrCat("root \"", chain.root->subject_cn(), "\" with SPKI SHA-256 ",
                        chain.root->spki_sha256().hex(), " is not a trust anchor")};
  }
  parts.key = PckCertsKey{*PlatformId::From("?", built.set.pce_id)};
  parts.body = bytes.body;
  parts.signers = {chain.intermediate, chain.root};
  parts.window = NewestWindow(built.chains);
  parts.pck_set = std::make_shared<const PckSet>(std::move(built.set));
  return parts;
}

std::string EncodePckCerts(const std::vector<PckCertificate>& certificates,
                           const std::vector<PckTcb>& not_available) {
  std::string out;
  json::Writer writer(&out);
  writer.BeginArray();
  for (const auto& [tcb, certificate] : certificates) {
    WriteEntry(writer, tcb, PercentEncode(EncodePem(certificate->der(), "CERTIFICATE")));
  }
  for (const PckTcb& tcb : not_available) WriteEntry(writer, tcb, kNotAvailable);
  writer.EndArray();
  return out;
}

}  // namespace thimble::intel
