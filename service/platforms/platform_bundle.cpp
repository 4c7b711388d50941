// SPDX-License-Identifier: Apache-2.0
#include "service/platforms/platform_bundle.h"

#include <array>

#include "service/platforms/registration_json.h"
#include "tcb/base/json.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/ids.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

using json::Value;

constexpr Selector kStandard{}, kEarly{Selector::Kind::kEarly, 0};
constexpr size_t kMaxChain = 8;

Error Wrong(std::string_view member) {
  return {ErrorKind::kMalformed, Check::kRequest, StrCat(member, ": missing, or not what it should be")};
}

void AppendCompact(json::Writer& out, const Value& value) {
  switch (value.type()) {
    case json::Type::kObject:
      out.BeginObject();
      if (const auto members = value.Members(); members.ok()) {
        for (const auto& [name, member] : *members) {
          out.Key(name);
          AppendCompact(out, member);
        }
      }
      out.EndObject();
      break;
    case json::Type::kArray:
      out.BeginArray();
      if (const auto elements = value.Array(); elements.ok()) {
        for (const Value& element : *elements) AppendCompact(out, element);
      }
      out.EndArray();
      break;
    case json::Type::kString:
      out.String(value.String().value());
      break;
    case json::Type::kNumber:
      // Nothing that is signed has another kind of number; null makes sure that the signature fails.
      if (const auto number = value.Unsigned(UINT64_MAX); number.ok()) {
        out.Unsigned(*number);
      } else {
        out.Null();
      }
      break;
    case json::Type::kBool:
      out.Bool(value.Bool().value());
      break;
    case json::Type::kNull:
      out.Null();
      break;
  }
}

Bytes CompactBytes(const Value& value) {
  std::string text;
  json::Writer writer(&text);
  AppendCompact(writer, value);
  return Bytes(text.begin(), text.end());
}

// A member that is null or an empty text says nothing.
std::optional<Value> FindSaid(const Value& object, std::string_view name) {
  const auto value = object.Find(name);
  if (!value || value->IsNull()) return std::nullopt;
  if (value->type() == json::Type::kString && value->String().value().empty()) return std::nullopt;
  return value;
}

class BundleReader {
 public:
  BundleReader(const Value& root, PcsVersion version) : root_(root), version_(version) {}

  Result<PlatformBundle> Read() {
    TRY(ReadPlatforms());
    TRY_ASSIGN(const Value collaterals, Member(root_, "collaterals"));
    TRY(ReadVersion(collaterals));
    TRY(ReadChains(collaterals));
    TRY(ReadPckCerts(collaterals));
    TRY(ReadTcbInfos(collaterals));
    TRY(ReadCrls(collaterals));
    TRY(ReadIdentities(collaterals));
    return std::move(out_);
  }

 private:
  static Result<Value> Member(const Value& object, std::string_view name) {
    auto member = object.Get(name);
    if (!member.ok()) return Wrong(name);
    return member;
  }
  static Result<std::vector<Value>> List(const Value& object, std::string_view name) {
    TRY_ASSIGN(const Value member, Member(object, name));
    auto list = member.Array();
    if (!list.ok()) return Wrong(name);
    return list;
  }

  Status ReadVersion(const Value& collaterals) const {
    if (version_ == PcsVersion::kV3) return {};
    TRY_ASSIGN(const Value version, Member(collaterals, "version"));
    const auto number = version.Unsigned(4);
    return number.ok() && *number == 4 ? Status() : Wrong("version");
  }

  Status ReadPlatforms() {
    TRY_ASSIGN(const auto platforms, List(root_, "platforms"));
    for (const Value& platform : platforms) {
      TRY_ASSIGN(Registration registration, ReadRegistration(platform));
      out_.platforms.push_back(std::move(registration));
    }
    return {};
  }

  // -- chains --

  static Status ReadChain(const Value& object, std::string_view name, std::string& chain) {
    const auto value = FindSaid(object, name);
    if (!value) return {};
    const auto text = value->String();
    const auto decoded = text.ok() ? PercentDecode(*text) : std::nullopt;
    if (!decoded) return Wrong(name);
    chain = *decoded;
    return {};
  }

  Status ReadChains(const Value& collaterals) {
    TRY_ASSIGN(const Value chains, Member(collaterals, "certificates"));
    TRY_ASSIGN(const Value pck, Member(chains, "SGX-PCK-Certificate-Issuer-Chain"));
    TRY(ReadChain(pck, "PROCESSOR", processor_chain_));
    TRY(ReadChain(pck, "PLATFORM", platform_chain_));
    TRY(ReadChain(chains, version_ == PcsVersion::kV4 ? "TCB-Info-Issuer-Chain" : "SGX-TCB-Info-Issuer-Chain",
                  tcb_chain_));
    return ReadChain(chains, "SGX-Enclave-Identity-Issuer-Chain", identity_chain_);
  }

  // The root alone, out of the first chain that there is: what the root CA CRL is checked under.
  std::string RootPem() const {
    for (const std::string* chain : {&processor_chain_, &platform_chain_, &tcb_chain_, &identity_chain_}) {
      const auto ders = DecodePem(*chain, "CERTIFICATE", kMaxChain, Check::kRequest);
      if (ders.ok() && !ders->empty()) return EncodePem(ders->back(), "CERTIFICATE");
    }
    return {};
  }

  // -- items --

  void Add(CollateralKey key, Bytes body, std::string chain) {
    out_.items.push_back({std::move(key), {std::move(body), std::move(chain)}});
  }

  Status ReadPckCerts(const Value& collaterals) {
    TRY_ASSIGN(const auto sets, List(collaterals, "pck_certs"));
    for (const Value& set : sets) {
      TRY_ASSIGN(Registration platform, ReadRegistration(set));
      TRY_ASSIGN(const auto certificates, List(set, "certs"));
      if (certificates.empty()) return Wrong("certs");
      TRY_ASSIGN(const Value first, Member(certificates.front(), "cert"));
      TRY_ASSIGN(const std::string chain, ChainOfPck(first));
      TRY_ASSIGN(const Value list, Member(set, "certs"));
      Add(PckCertsKey{platform.platform}, CompactBytes(list), chain);
      out_.certified.push_back(std::move(platform));
    }
    return {};
  }

  // That of the CA which issued the first certificate.
  Result<std::string> ChainOfPck(const Value& certificate) const {
    const auto text = certificate.String();
    const auto pem = text.ok() ? PercentDecode(*text) : std::nullopt;
    const auto ders = DecodePem(pem.value_or(""), "CERTIFICATE", 1, Check::kRequest);
    if (!ders.ok() || ders->empty()) return Wrong("cert");
    const auto parsed = Certificate::Parse(ders->front(), Check::kRequest);
    if (!parsed.ok()) return Wrong("cert");
    const bool platform = (*parsed)->issuer_cn() == intel::kPlatformCaCn;
    return platform ? platform_chain_ : processor_chain_;
  }

  Status ReadTcbInfos(const Value& collaterals) {
    struct Place {
      std::string_view name;
      IntelTee tee;
      Selector selector;
    };
    static constexpr std::array kV4 = {Place{"sgx_tcbinfo", IntelTee::kSgx, kStandard},
                                       Place{"tdx_tcbinfo", IntelTee::kTdx, kStandard},
                                       Place{"sgx_tcbinfo_early", IntelTee::kSgx, kEarly},
                                       Place{"tdx_tcbinfo_early", IntelTee::kTdx, kEarly}};
    static constexpr std::array kV3 = {Place{"tcbinfo", IntelTee::kSgx, kStandard},
                                       Place{"tcbinfo_early", IntelTee::kSgx, kEarly}};
    const bool v4 = version_ == PcsVersion::kV4;
    const std::span<const Place> places = v4 ? std::span<const Place>(kV4) : std::span<const Place>(kV3);
    TRY_ASSIGN(const auto infos, List(collaterals, "tcbinfos"));
    for (const Value& info : infos) {
      TRY_ASSIGN(const Value hex, Member(info, "fmspc"));
      const auto text = hex.String();
      const auto fmspc = intel::Fmspc::FromHex(text.ok() ? *text : "");
      if (!fmspc) return Wrong("fmspc");
      for (const Place& place : places) {
        const auto value = FindSaid(info, place.name);
        if (!value) continue;
        if (value->type() != json::Type::kObject) return Wrong(place.name);
        (v4 ? out_.items : out_.version3_infos)
            .push_back({TcbInfoKey{place.tee, *fmspc, place.selector}, {CompactBytes(*value), tcb_chain_}});
      }
    }
    return {};
  }

  Status ReadCrl(const Value& object, std::string_view name, CollateralKey key, std::string chain) {
    const auto value = FindSaid(object, name);
    if (!value) return {};
    const auto text = value->String();
    const auto der = text.ok() ? FromHex(*text) : std::nullopt;
    if (!der) return Wrong(name);
    Add(std::move(key), *der, std::move(chain));
    return {};
  }

  Status ReadCrls(const Value& collaterals) {
    if (const auto pck = FindSaid(collaterals, "pckcacrl")) {
      TRY(ReadCrl(*pck, "processorCrl", PckCrlKey{intel::PckCa::kProcessor}, processor_chain_));
      TRY(ReadCrl(*pck, "platformCrl", PckCrlKey{intel::PckCa::kPlatform}, platform_chain_));
    }
    return ReadCrl(collaterals, "rootcacrl", RootCaCrlKey{}, RootPem());
  }

  Status ReadIdentities(const Value& collaterals) {
    struct Place {
      std::string_view name;
      EnclaveId id;
      Selector selector;
    };
    static constexpr std::array kPlaces = {Place{"qeidentity", EnclaveId::kQe, kStandard},
                                           Place{"qeidentity_early", EnclaveId::kQe, kEarly},
                                           Place{"tdqeidentity", EnclaveId::kTdQe, kStandard},
                                           Place{"tdqeidentity_early", EnclaveId::kTdQe, kEarly},
                                           Place{"qveidentity", EnclaveId::kQve, kStandard},
                                           Place{"qveidentity_early", EnclaveId::kQve, kEarly}};
    for (const Place& place : kPlaces) {
      const auto value = FindSaid(collaterals, place.name);
      if (!value) continue;
      const auto text = value->String();
      if (!text.ok()) return Wrong(place.name);
      Add(EnclaveIdentityKey{place.id, place.selector}, Bytes(text->begin(), text->end()), identity_chain_);
    }
    return {};
  }

  const Value root_;
  const PcsVersion version_;
  std::string processor_chain_, platform_chain_, tcb_chain_, identity_chain_;  // PEM
  PlatformBundle out_;
};

}  // namespace

Result<PlatformBundle> ParsePlatformBundle(std::string_view text, PcsVersion version) {
  TRY_ASSIGN(const auto document, json::Document::Parse(text, "platformcollateral", ErrorKind::kMalformed,
                                                        Check::kRequest, json::kManyValues));
  return BundleReader(document->root(), version).Read();
}

}  // namespace thimble
