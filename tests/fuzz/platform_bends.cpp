// SPDX-License-Identifier: Apache-2.0
#include "tcb/check.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/pem.h"
#include "tests/fuzz/bends.h"
#include "tests/support/der_writer.h"

namespace thimble::fuzz {
namespace {

using sim::CertificateSpec;

constexpr Seconds kDay = std::chrono::hours(24);

bool UnderPlatformCa(const Scene& scene) { return scene.quote.platform.ca == intel::PckCa::kPlatform; }

template <class F>
void BendCertificate(Scene& scene, F bend) {
  Also(scene.quote.platform.certificate, std::move(bend));
}

// -- the SGX extension --

bool Fmspc(Scene& scene, Choices& in) {
  const uint8_t change = in.U8();
  Bytes fmspc = *FromHex(scene.quote.platform.fmspc);
  fmspc[in.Below(6)] ^= change;
  scene.quote.platform.fmspc = HexUpper(fmspc);
  return change == 0;
}

bool PceId(Scene& scene, Choices& in) {
  scene.quote.platform.pce_id = {in.U8(), 0};
  return AllZero(scene.quote.platform.pce_id);
}

// The default is exactly what the UpToDate level asks.
bool CpuSvn(Scene& scene, Choices& in) {
  uint8_t& svn = scene.quote.platform.cpu_svn[in.Below(16)];
  const uint8_t needed = svn;
  svn = in.U8();
  return svn >= needed;
}

bool PceSvn(Scene& scene, Choices& in) {
  const uint64_t svn = uint64_t{in.U16()} << (in.Bool() ? 4 : 0);
  scene.quote.platform.pce_svn = svn;
  return svn >= 13 && svn <= 65535;
}

bool PpidSize(Scene& scene, Choices& in) {
  const size_t size = in.Below(34);
  scene.quote.platform.ppid.resize(size, 0xaa);
  return size == 16;
}

bool SgxType(Scene& scene, Choices& in) {
  scene.quote.platform.sgx_type = in.U8();
  return scene.quote.platform.sgx_type <= 2;
}

bool InstanceIdSize(Scene& scene, Choices& in) {
  const size_t size = in.Below(34);
  scene.quote.platform.instance_id.resize(size, 0xaa);
  return size == 16;
}

bool Flags(Scene& scene, Choices& in) {
  sim::PckSpec& platform = scene.quote.platform;
  platform.dynamic_platform = in.Bool();
  platform.cached_keys = in.Bool();
  platform.smt_enabled = in.Bool();
  return true;
}

// One bend, since of an entry that is there twice one may be left out.
bool MissingOrRepeatedEntry(Scene& scene, Choices& in) {
  const bool missing = in.Bool();
  const size_t at = in.U8();
  Also(scene.quote.platform.entries, [=](std::vector<Bytes>& entries) {
    if (at >= entries.size()) return;
    if (missing) {
      entries.erase(entries.begin() + static_cast<ptrdiff_t>(at));
    } else {
      entries.push_back(Bytes(entries[at]));
    }
  });
  return at >= (UnderPlatformCa(scene) ? 7 : 5);
}

bool ReorderEntries(Scene& scene, Choices& in) {
  const bool reverse = in.Bool();
  Also(scene.quote.platform.entries, [=](std::vector<Bytes>& entries) {
    if (reverse) std::reverse(entries.begin(), entries.end());
  });
  return true;
}

// -- the certificate --

bool Serial(Scene& scene, Choices& in) {
  const bool revoked = in.Bool();
  const uint8_t fill = in.U8();
  BendCertificate(scene,
                  [=](CertificateSpec& c) { c.serial = revoked ? sim::RevokedSerial() : Bytes(20, fill); });
  return !revoked;
}

bool Window(Scene& scene, Choices& in) {
  const int from = in.U8() - 16, to = 16 - in.U8();
  BendCertificate(scene, [=, now = scene.world.now](CertificateSpec& c) {
    c.validity = {now + kDay * from, now + kDay * to};
  });
  return from <= 0 && to >= 0;
}

bool CaBit(Scene& scene, Choices& in) {
  const size_t choice = in.Below(3);
  BendCertificate(scene, [=](CertificateSpec& c) {
    if (choice == 0) c.is_ca.reset();
    if (choice == 1) c.is_ca = true;
  });
  return choice == 2;
}

bool KeyUsage(Scene& scene, Choices& in) {
  const uint16_t usage = in.U8() & 0x7f;
  BendCertificate(scene, [=](CertificateSpec& c) {
    c.key_usage = usage;
    if (usage == 0) c.key_usage.reset();
  });
  return (usage & kDigitalSignature) != 0 && (usage & kKeyCertSign) == 0;
}

bool MissingExtension(Scene& scene, Choices& in) {
  const size_t choice = in.Below(4);
  BendCertificate(scene, [=](CertificateSpec& c) {
    if (choice == 0) c.authority_key_id.clear();
    if (choice == 1) c.subject_key_id.clear();
    if (choice == 2) c.crl_url.clear();
  });
  return choice == 3;
}

bool UnknownExtension(Scene& scene, Choices& in) {
  const bool critical = in.Bool();
  BendCertificate(scene, [=](CertificateSpec& c) {
    c.more_extensions.push_back(sim::MakeExtension("1.2.3.4", critical, sim::der::Null()));
  });
  return !critical;
}

bool Subject(Scene& scene, Choices& in) {
  constexpr const char* kNames[] = {"Intel SGX PCK Certificate", "Intel SGX PCK Certificate ",
                                    "Intel SGX Root CA",         "Intel SGX PCK Platform CA",
                                    "Intel SGX TCB Signing",     ""};
  const size_t choice = in.Below(std::size(kNames));
  BendCertificate(scene, [=](CertificateSpec& c) { c.subject = sim::IntelName(kNames[choice]); });
  return choice == 0;
}

bool Issuer(Scene& scene, Choices& in) {
  const bool other = in.Bool();
  BendCertificate(scene, [=](CertificateSpec& c) {
    if (other) c.issuer = sim::IntelName("Intel SGX Root CA");
  });
  return !other;
}

bool Signer(Scene& scene, Choices& in) {
  const bool forged = in.Bool();
  BendCertificate(scene, [=](CertificateSpec& c) {
    if (forged) c.signer = sim::SimKey("a forger");
  });
  return !forged;
}

// -- the chain as text --

using Blocks = std::vector<Bytes>;
Blocks BlocksOf(const sim::QuoteSpec& q) {
  return *DecodePem(AsText(q.certification_data), "CERTIFICATE", 8, Check::kQuoteFormat);
}
void SetBlocks(sim::QuoteSpec& q, const Blocks& blocks, std::string_view line_end) {
  std::string text;
  for (const Bytes& block : blocks) text += EncodePem(block, "CERTIFICATE");
  q.certification_data.clear();
  for (const char c : text) {
    if (c == '\n') {
      q.certification_data.insert(q.certification_data.end(), line_end.begin(), line_end.end());
    } else {
      q.certification_data.push_back(static_cast<uint8_t>(c));
    }
  }
}

bool ChainOrder(Scene& scene, Choices& in) {
  const size_t rotate = in.Below(3);
  const bool crlf = in.Bool();
  Also(scene.quote.bend, [=](sim::QuoteSpec& q) {
    Blocks blocks = BlocksOf(q);
    std::rotate(blocks.begin(), blocks.begin() + static_cast<ptrdiff_t>(rotate), blocks.end());
    SetBlocks(q, blocks, crlf ? "\r\n" : "\n");
  });
  return true;
}

bool ChainMembers(Scene& scene, Choices& in) {
  const size_t at = in.Below(4), action = in.Below(3);
  Also(scene.quote.bend, [=](sim::QuoteSpec& q) {
    Blocks blocks = BlocksOf(q);
    if (at >= blocks.size()) return;
    if (action == 1) blocks.erase(blocks.begin() + static_cast<ptrdiff_t>(at));
    if (action == 2) blocks.push_back(Bytes(blocks[at]));
    SetBlocks(q, blocks, "\n");
  });
  return at == 3 || action == 0;
}

bool CertificationType(Scene& scene, Choices& in) {
  const uint16_t type = OrGood<uint16_t>(in, in.U8(), 5);
  Also(scene.quote.bend, [=](sim::QuoteSpec& q) { q.certification_type = type; });
  return type == 5;
}

constexpr SceneBend kBends[] = {
    {"FMSPC", Always, Fmspc, Fact::kFmspc},
    {"PCE id", Always, PceId},
    {"CPUSVN", Always, CpuSvn},
    {"PCESVN", Always, PceSvn},
    {"size of the PPID", Always, PpidSize},
    {"SGX type", Always, SgxType},
    {"size of the instance id", UnderPlatformCa, InstanceIdSize},
    {"platform flags", Always, Flags},
    {"an entry left out or repeated", Always, MissingOrRepeatedEntry},
    {"order of entries", Always, ReorderEntries},
    {"serial number", Always, Serial},
    {"validity of the PCK certificate", Always, Window},
    {"CA bit of the PCK certificate", Always, CaBit},
    {"key usage of the PCK certificate", Always, KeyUsage},
    {"missing extension", Always, MissingExtension},
    {"unknown extension", Always, UnknownExtension},
    {"subject", Always, Subject},
    {"issuer", Always, Issuer},
    {"signer of the PCK certificate", Always, Signer},
    {"order of the chain", Always, ChainOrder},
    {"members of the chain", Always, ChainMembers},
    {"certification type", Always, CertificationType},
};

}  // namespace

std::span<const SceneBend> PlatformBends() { return kBends; }

}  // namespace thimble::fuzz
