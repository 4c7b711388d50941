// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/certificate.h"
#include "tests/fuzz/bends.h"

namespace thimble::fuzz {
namespace {

using sim::CertificateSpec;
using sim::CrlSpec;
using sim::IdentitySpec;
using sim::IntelCertificate;
using sim::TcbInfoSpec;

constexpr Seconds kDay = std::chrono::hours(24);

// Days around now, both ends inclusive.
struct Days {
  int from, to;
  explicit Days(Choices& in) : from(in.U8() - 16), to(16 - in.U8()) {}
  bool holds() const { return from <= 0 && to >= 0; }
};

// -- CRLs --

template <sim::Bend<CrlSpec> sim::CollateralOptions::*Which>
bool CrlWindow(Scene& scene, Choices& in) {
  const Days days(in);
  Also(scene.collateral.*Which, [=, now = scene.world.now](CrlSpec& crl) {
    crl.window = {now + kDay * days.from, now + kDay * days.to};
  });
  return days.holds();
}

template <sim::Bend<CrlSpec> sim::CollateralOptions::*Which>
bool CrlExtensions(Scene& scene, Choices& in) {
  const size_t choice = in.Below(3);
  Also(scene.collateral.*Which, [=](CrlSpec& crl) {
    if (choice == 0) crl.number.reset();
    if (choice == 1) crl.authority_key_id.clear();
  });
  return choice == 2;
}

template <sim::Bend<CrlSpec> sim::CollateralOptions::*Which>
bool CrlIssuer(Scene& scene, Choices& in) {
  const bool other = in.Bool();
  Also(scene.collateral.*Which, [=](CrlSpec& crl) {
    if (other) crl.issuer = sim::IntelName("Intel SGX TCB Signing");
  });
  return !other;
}

template <sim::Bend<CrlSpec> sim::CollateralOptions::*Which>
bool CrlSigner(Scene& scene, Choices& in) {
  const bool forged = in.Bool();
  Also(scene.collateral.*Which, [=](CrlSpec& crl) {
    if (forged) crl.signer = sim::SimKey("a forger");
  });
  return !forged;
}

// The serial of a CA is its key identifier.
bool RootCrlRevokes(Scene& scene, Choices& in) {
  constexpr IntelCertificate kRevoked[] = {IntelCertificate::kRoot, IntelCertificate::kPlatformCa,
                                           IntelCertificate::kProcessorCa, IntelCertificate::kTcbSigning};
  const size_t choice = in.Below(5);
  const Bytes serial = choice < 4 ? sim::SimIntel::Make(scene.world).Key(kRevoked[choice]).KeyIdentifier()
                                  : Bytes(20, static_cast<uint8_t>(in.U8() | 1));
  Also(scene.collateral.root_ca_crl, [=](CrlSpec& crl) { crl.revoked.push_back(serial); });
  if (choice == 4) return true;
  const bool of_another_ca = (kRevoked[choice] == IntelCertificate::kPlatformCa ||
                              kRevoked[choice] == IntelCertificate::kProcessorCa) &&
                             kRevoked[choice] != sim::CaOf(scene.collateral.ca);
  return of_another_ca;
}

// A CRL of the other CA, whole and genuine, with its chain.
bool PckCrlOfAnotherCa(Scene& scene, Choices& in) {
  if (!in.Bool()) return true;
  scene.collateral.ca =
      scene.collateral.ca == intel::PckCa::kPlatform ? intel::PckCa::kProcessor : intel::PckCa::kPlatform;
  return false;
}

// -- TCB info --

template <class F>
void BendTcbInfo(Scene& scene, F bend) {
  Also(scene.collateral.tcb_info, std::move(bend));
}

bool TcbInfoWindow(Scene& scene, Choices& in) {
  const Days days(in);
  BendTcbInfo(scene, [=, now = scene.world.now](TcbInfoSpec& info) {
    info.issued = now + kDay * days.from;
    info.next_update = now + kDay * days.to;
  });
  return days.holds();
}

bool TcbInfoFmspc(Scene& scene, Choices& in) {
  Bytes fmspc = *FromHex(scene.collateral.fmspc);
  const uint8_t change = in.U8();
  fmspc[in.Below(6)] ^= change;
  const std::string text = in.Bool() ? HexUpper(fmspc) : HexLower(fmspc);
  BendTcbInfo(scene, [=](TcbInfoSpec& info) { info.fmspc = text; });
  return change == 0;
}

bool TcbInfoPceId(Scene& scene, Choices& in) {
  constexpr const char* kIds[] = {"0000", "0001", "000", "00000", "00zz", ""};
  const size_t choice = in.Below(std::size(kIds));
  BendTcbInfo(scene, [=](TcbInfoSpec& info) { info.pce_id = kIds[choice]; });
  return choice == 0;
}

bool TcbInfoTypeAndVersion(Scene& scene, Choices& in) {
  const uint32_t type = in.U8() % 3, version = in.U8() % 5;
  BendTcbInfo(scene, [=](TcbInfoSpec& info) {
    info.tcb_type = type;
    info.version = version;
  });
  return type == 0 && (version == 3 || (version == 2 && !scene.quote.tdx));
}

bool TcbInfoNumber(Scene& scene, Choices& in) {
  const uint32_t number = in.U16();
  BendTcbInfo(scene, [=](TcbInfoSpec& info) { info.number = number; });
  return true;
}

// Of the level that the good platform reaches.
bool TcbLevelStatus(Scene& scene, Choices& in) {
  constexpr const char* kStatuses[] = {
      "UpToDate", "SWHardeningNeeded", "OutOfDate", "ConfigurationNeeded",
      "Revoked",  "uptodate",          "",          "OutOfDateConfigurationNeeded"};
  const size_t choice = in.Below(std::size(kStatuses));
  BendTcbInfo(scene, [=](TcbInfoSpec& info) {
    for (auto& level : info.levels) {
      if (level.sgx == sim::SgxComponents(sim::Tcb::kGood)) level.status = kStatuses[choice];
    }
  });
  return choice == 0;
}

bool TcbLevelOrder(Scene& scene, Choices& in) {
  const size_t rotate = in.Below(64);
  BendTcbInfo(scene, [=](TcbInfoSpec& info) {
    if (info.levels.empty()) return;
    std::rotate(info.levels.begin(),
                info.levels.begin() + static_cast<ptrdiff_t>(rotate % info.levels.size()), info.levels.end());
  });
  return true;
}

bool TcbLevelRepeated(Scene& scene, Choices& in) {
  const bool repeat = in.Bool();
  BendTcbInfo(scene, [=](TcbInfoSpec& info) {
    if (repeat) info.levels.push_back(sim::TcbLevelSpec(info.levels.front()));
  });
  return !repeat;
}

bool TdxModule(Scene& scene, Choices& in) {
  const size_t choice = in.Below(4);
  BendTcbInfo(scene, [=](TcbInfoSpec& info) {
    if (choice == 0) info.tdx_module.reset();
    if (choice == 1) {
      for (auto& module : info.tdx_module_identities) module.mr_signer[3] = '1';
      if (info.tdx_module) info.tdx_module->mr_signer[3] = '1';
    }
    if (choice == 2) {
      for (auto& module : info.tdx_module_identities) module.attributes[3] = '1';
      if (info.tdx_module) info.tdx_module->attributes[3] = '1';
    }
  });
  return choice == 3;
}

// Objects with a member twice, or something after them, are not what they seem.
bool TcbInfoText(Scene& scene, Choices& in) {
  const size_t choice = in.Below(5);
  BendTcbInfo(scene, [=](TcbInfoSpec& info) {
    Also(info.text, [=](std::string& text) {
      if (choice == 0) text.insert(1, " \n\t");
      if (choice == 1) text.insert(1, "\"tcbType\":0,");
      if (choice == 2) text.insert(text.size() - 1, ",");
      if (choice == 3) text.insert(1, "\"unknown\":{\"a\":[1,2.5e3,null,true,\"\\u00e9\"]},");
    });
  });
  return choice == 0 || choice >= 3;
}

template <class Spec, sim::Bend<Spec> sim::CollateralOptions::*Which>
bool JsonSigner(Scene& scene, Choices& in) {
  const bool forged = in.Bool();
  Also(scene.collateral.*Which, [=](Spec& spec) {
    if (forged) spec.signer = sim::SimKey("a forger");
  });
  return !forged;
}

// -- QE identity --

template <class F>
void BendIdentity(Scene& scene, F bend) {
  Also(scene.collateral.qe_identity, std::move(bend));
}

bool IdentityWindow(Scene& scene, Choices& in) {
  const Days days(in);
  BendIdentity(scene, [=, now = scene.world.now](IdentitySpec& identity) {
    identity.issued = now + kDay * days.from;
    identity.next_update = now + kDay * days.to;
  });
  return days.holds();
}

bool IdentityId(Scene& scene, Choices& in) {
  constexpr const char* kIds[] = {"QE", "TD_QE", "QVE", "qe", ""};
  const size_t choice = in.Below(std::size(kIds));
  BendIdentity(scene, [=](IdentitySpec& identity) { identity.id = kIds[choice]; });
  return choice == (scene.quote.tdx ? 1 : 0);
}

bool IdentityVersion(Scene& scene, Choices& in) {
  const uint32_t version = in.U8() % 4;
  BendIdentity(scene, [=](IdentitySpec& identity) { identity.version = version; });
  return version == 2;
}

// Another digit of the signer, of the masked attributes, or of MISCSELECT.
bool IdentityDigit(Scene& scene, Choices& in) {
  const size_t choice = in.Below(4), at = in.Below(8);
  BendIdentity(scene, [=](IdentitySpec& identity) {
    const auto change = [at](std::string& hex) { hex[at] = hex[at] == '7' ? '6' : '7'; };
    if (choice == 0) change(identity.mr_signer);
    if (choice == 1) change(identity.attributes);
    if (choice == 2) change(identity.misc_select);
  });
  return choice == 3;
}

bool IdentityLevelStatus(Scene& scene, Choices& in) {
  constexpr const char* kStatuses[] = {"UpToDate", "OutOfDate", "Revoked", "Unknown"};
  const size_t choice = in.Below(std::size(kStatuses));
  BendIdentity(scene, [=](IdentitySpec& identity) { identity.levels.front().status = kStatuses[choice]; });
  return choice == 0;
}

// -- certificates of the CAs and of TCB signing --

template <class F>
void BendAuthority(Scene& scene, IntelCertificate which, F bend) {
  scene.world_bent = true;
  Also(scene.world.bend[which], std::move(bend));
}

IntelCertificate Authority(const Scene& scene, Choices& in) {
  const IntelCertificate kUsed[] = {IntelCertificate::kRoot, IntelCertificate::kTcbSigning,
                                    sim::CaOf(scene.quote.platform.ca)};
  return kUsed[in.Below(3)];
}

bool AuthorityWindow(Scene& scene, Choices& in) {
  const IntelCertificate which = Authority(scene, in);
  const Days days(in);
  BendAuthority(scene, which, [=, now = scene.world.now](CertificateSpec& c) {
    c.validity = {now + kDay * days.from, now + kDay * days.to};
  });
  return days.holds();
}

bool AuthorityCaBit(Scene& scene, Choices& in) {
  const bool flip = in.Bool();
  BendAuthority(scene, Authority(scene, in), [=](CertificateSpec& c) {
    if (!flip) return;
    c.is_ca = !*c.is_ca;
    c.path_length.reset();
  });
  return !flip;
}

bool AuthorityKeyUsage(Scene& scene, Choices& in) {
  const bool flip = in.Bool();
  BendAuthority(scene, Authority(scene, in), [=](CertificateSpec& c) {
    if (flip) c.key_usage = static_cast<uint16_t>((*c.key_usage ^ kKeyCertSign) | kDigitalSignature);
  });
  return !flip;
}

bool AuthoritySigner(Scene& scene, Choices& in) {
  const bool forged = in.Bool();
  BendAuthority(scene, Authority(scene, in), [=](CertificateSpec& c) {
    if (forged) c.signer = sim::SimKey("a forger");
  });
  return !forged;
}

bool AuthorityKey(Scene& scene, Choices& in) {
  const bool forged = in.Bool();
  BendAuthority(scene, Authority(scene, in), [=](CertificateSpec& c) {
    if (forged) c.key = sim::SimKey("a forger");
  });
  return !forged;
}

constexpr SceneBend kBends[] = {
    {"window of the root CRL", Always, CrlWindow<&sim::CollateralOptions::root_ca_crl>},
    {"extensions of the root CRL", Always, CrlExtensions<&sim::CollateralOptions::root_ca_crl>},
    {"issuer of the root CRL", Always, CrlIssuer<&sim::CollateralOptions::root_ca_crl>},
    {"signer of the root CRL", Always, CrlSigner<&sim::CollateralOptions::root_ca_crl>},
    {"serials in the root CRL", Always, RootCrlRevokes},
    {"window of the PCK CRL", Always, CrlWindow<&sim::CollateralOptions::pck_crl>},
    {"extensions of the PCK CRL", Always, CrlExtensions<&sim::CollateralOptions::pck_crl>},
    {"issuer of the PCK CRL", Always, CrlIssuer<&sim::CollateralOptions::pck_crl>},
    {"signer of the PCK CRL", Always, CrlSigner<&sim::CollateralOptions::pck_crl>},
    {"PCK CRL of another CA", Always, PckCrlOfAnotherCa},
    {"window of the TCB info", Always, TcbInfoWindow},
    {"FMSPC of the TCB info", Always, TcbInfoFmspc, Fact::kFmspc},
    {"PCE id of the TCB info", Always, TcbInfoPceId},
    {"type and version of the TCB info", Always, TcbInfoTypeAndVersion},
    {"evaluation number of the TCB info", Always, TcbInfoNumber},
    {"status of a TCB level", Always, TcbLevelStatus},
    {"order of TCB levels", Always, TcbLevelOrder},
    {"a TCB level repeated", Always, TcbLevelRepeated},
    {"TDX module", OfTdx, TdxModule, Fact::kModule},
    {"text of the TCB info", Always, TcbInfoText},
    {"signer of the TCB info", Always, JsonSigner<TcbInfoSpec, &sim::CollateralOptions::tcb_info>},
    {"window of the QE identity", Always, IdentityWindow},
    {"id of the QE identity", Always, IdentityId},
    {"version of the QE identity", Always, IdentityVersion},
    {"a digit of the QE identity", Always, IdentityDigit, Fact::kQe},
    {"status of a QE level", Always, IdentityLevelStatus},
    {"signer of the QE identity", Always, JsonSigner<IdentitySpec, &sim::CollateralOptions::qe_identity>},
    {"validity of an authority", Always, AuthorityWindow},
    {"CA bit of an authority", Always, AuthorityCaBit},
    {"key usage of an authority", Always, AuthorityKeyUsage},
    {"signer of an authority", Always, AuthoritySigner},
    {"key of an authority", Always, AuthorityKey},
};

}  // namespace

std::span<const SceneBend> CollateralBends() { return kBends; }

}  // namespace thimble::fuzz
