// SPDX-License-Identifier: Apache-2.0
#include <openssl/sha.h>

#include "tests/fuzz/bends.h"

namespace thimble::fuzz {
namespace {

using sim::QuoteSpec;

bool OfVersion5(const Scene& scene) { return scene.quote.version == 5; }
bool OfNested(const Scene& scene) { return scene.quote.version >= 4; }
bool OfTd15(const Scene& scene) { return scene.quote.tdx && scene.quote.body_type >= 3; }

template <class F>
void BendQuote(Scene& scene, F bend) {
  Also(scene.quote.bend, std::move(bend));
}

// -- header and layout --

bool KeyType(Scene& scene, Choices& in) {
  const uint16_t value = OrGood<uint16_t>(in, in.U16(), 2);
  BendQuote(scene, [=](QuoteSpec& q) { q.key_type = value; });
  return value == 2;
}

bool TeeType(Scene& scene, Choices& in) {
  const uint32_t good = scene.quote.tdx ? 0x81 : 0, value = OrGood<uint32_t>(in, in.U16(), good);
  BendQuote(scene, [=](QuoteSpec& q) { q.tee_type = value; });
  return value == good;
}

bool VendorId(Scene& scene, Choices& in) {
  const size_t at = in.Below(16);
  const uint8_t change = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) { q.vendor_id[at] ^= change; });
  return change == 0;
}

// Signed, and not judged: DCAP 1.1.
bool HeaderSvnsAndUserData(Scene& scene, Choices& in) {
  const uint16_t qe = in.U16(), pce = in.U16();
  const uint8_t user = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) {
    q.qe_svn = qe;
    q.pce_svn = pce;
    q.user_data.fill(user);
  });
  return true;
}

bool BodySize(Scene& scene, Choices& in) {
  constexpr uint32_t kSizes[] = {0, 384, 584, 648, 885};
  const uint32_t good = kSizes[scene.quote.body_type], size = OrGood<uint32_t>(in, in.U16(), good);
  BendQuote(scene, [=](QuoteSpec& q) { q.body_size = size; });
  return size == good;
}

bool OuterType(Scene& scene, Choices& in) {
  const uint16_t type = OrGood<uint16_t>(in, in.U8(), 6);
  BendQuote(scene, [=](QuoteSpec& q) { q.outer_type = type; });
  return type == 6;
}

bool AuthPadding(Scene& scene, Choices& in) {
  const size_t size = in.Below(4);
  BendQuote(scene, [=](QuoteSpec& q) { q.auth_padding.resize(size); });
  return size == 0;
}

bool Trailing(Scene& scene, Choices& in) {
  const size_t size = in.Below(80);
  const uint8_t fill = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) { q.trailing.assign(size, fill); });
  return true;
}

// -- body --

bool ReportDataAndMeasurements(Scene& scene, Choices& in) {
  const uint8_t data = in.U8(), measurement = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) {
    q.sgx.report_data.fill(data);
    q.tdx.report_data.fill(data);
    q.sgx.mr_enclave.fill(measurement);
    q.tdx.mr_td.fill(measurement);
    q.tdx.mr_service_td.fill(measurement);
  });
  return true;
}

bool EnclaveAttributes(Scene& scene, Choices& in) {
  const uint8_t flags = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) { q.sgx.attributes[0] = flags; });
  return (flags & 0x02) == 0;  // DEBUG
}

bool TdAttributes(Scene& scene, Choices& in) {
  const uint8_t tud = in.U8(), other = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) {
    q.tdx.td_attributes[0] = tud;
    q.tdx.td_attributes[3] = other;
  });
  return tud == 0 && (other & 0x2f) == 0;  // bits 24 to 27 are reserved, bit 29 is MIGRATABLE
}

bool SeamAttributes(Scene& scene, Choices& in) {
  const size_t at = in.Below(8);
  const uint8_t value = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) { q.tdx.seam_attributes[at] = value; });
  return value == 0;
}

bool SeamSigner(Scene& scene, Choices& in) {
  const size_t at = in.Below(48);
  const uint8_t value = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) { q.tdx.mr_signer_seam[at] = value; });
  return value == 0;
}

// Module 1.x is UpToDate from ISVSVN 6 on, 3.x from 3; version 0 has no module identity, its SVNs are the platform's:
// {5, 0, 3}. Component 2 must be 3, the rest are 0 in the level.
bool TeeTcbSvn(Scene& scene, Choices& in) {
  const uint8_t svn = in.U8(), version = in.U8() % 4, third = in.U8() % 8, last = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) {
    q.tdx.tee_tcb_svn[0] = svn;
    q.tdx.tee_tcb_svn[1] = version;
    q.tdx.tee_tcb_svn[2] = third;
    q.tdx.tee_tcb_svn[15] = last;
  });
  constexpr int kNeeded[] = {5, 6, 256, 3};
  return svn >= kNeeded[version] && third >= 3;
}

// What runs now may be older than what the TD was launched on (DCAP 6.3), and must not be OutOfDate (tdx.current_tcb).
bool CurrentTeeTcbSvn(Scene& scene, Choices& in) {
  const uint8_t third = in.U8() % 8;
  BendQuote(scene, [=](QuoteSpec& q) { q.tdx.tee_tcb_svn2[2] = third; });
  return third >= 3;
}

// -- QE report --

bool QeMiscSelect(Scene& scene, Choices& in) {
  const uint32_t value = in.U16();
  BendQuote(scene, [=](QuoteSpec& q) { q.qe_report.misc_select = value << 8; });
  return value == 0;
}

// The identity's mask leaves bit 2 of byte 0 free, and XFRM.
bool QeAttributes(Scene& scene, Choices& in) {
  const size_t at = in.Below(16);
  const uint8_t value = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) { q.qe_report.attributes[at] = value; });
  return at >= 8 || (at == 0 ? (value & 0xfb) == 0x11 : value == 0);
}

bool QeSigner(Scene& scene, Choices& in) {
  const size_t at = in.Below(32);
  const uint8_t change = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) { q.qe_report.mr_signer[at] ^= change; });
  return change == 0;
}

bool QeProduct(Scene& scene, Choices& in) {
  const uint16_t value = in.U16();
  BendQuote(scene, [=](QuoteSpec& q) { q.qe_report.isv_prod_id = value; });
  return value == (scene.quote.tdx ? 2 : 1);
}

bool QeSvn(Scene& scene, Choices& in) {
  const uint16_t value = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) { q.qe_report.isv_svn = value; });
  return value >= (scene.quote.tdx ? 4 : 8);
}

// Not judged: Intel signs many QEs.
bool QeMeasurement(Scene& scene, Choices& in) {
  const uint8_t value = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) { q.qe_report.mr_enclave.fill(value); });
  return true;
}

bool QeAuthData(Scene& scene, Choices& in) {
  const ByteView bytes = in.Take(in.Below(64));
  BendQuote(scene, [auth = Bytes(bytes.begin(), bytes.end())](QuoteSpec& q) { q.qe_auth = auth; });
  return true;
}

// The lower half is a digest of 32 bytes, the upper one is zero. Last of all, so that it sees the final auth data.
bool QeReportData(Scene& scene, Choices& in) {
  const size_t at = in.Below(64);
  const uint8_t change = in.U8();
  BendQuote(scene, [=](QuoteSpec& q) {
    Bytes bound = q.attestation_key.point();
    bound.insert(bound.end(), q.qe_auth.begin(), q.qe_auth.end());
    q.qe_report.report_data = {};
    SHA256(bound.data(), bound.size(), q.qe_report.report_data.data());
    q.qe_report.report_data[at] ^= change;
    q.bind_qe_report_data = false;
  });
  return change == 0;
}

bool QeReportKey(Scene& scene, Choices& in) {
  const bool forged = in.Bool();
  BendQuote(scene, [=](QuoteSpec& q) {
    if (forged) q.pck_key = sim::SimKey("a forger");
  });
  return !forged;
}

// QeReportData stands last: see there.
constexpr SceneBend kBends[] = {
    {"key type", Always, KeyType},
    {"TEE type", Always, TeeType},
    {"vendor id", Always, VendorId},
    {"header SVNs and user data", Always, HeaderSvnsAndUserData},
    {"body size", OfVersion5, BodySize},
    {"outer certification type", OfNested, OuterType},
    {"padding inside the auth data", Always, AuthPadding},
    {"trailing bytes", Always, Trailing},
    {"report data and measurements", Always, ReportDataAndMeasurements},
    {"enclave attributes", OfSgx, EnclaveAttributes},
    {"TD attributes", OfTdx, TdAttributes},
    {"SEAM attributes", OfTdx, SeamAttributes, Fact::kModule},
    {"MRSIGNERSEAM", OfTdx, SeamSigner, Fact::kModule},
    {"TEE TCB SVN", OfTdx, TeeTcbSvn},
    {"current TEE TCB SVN", OfTd15, CurrentTeeTcbSvn},
    {"QE MISCSELECT", Always, QeMiscSelect, Fact::kQe},
    {"QE attributes", Always, QeAttributes, Fact::kQe},
    {"QE MRSIGNER", Always, QeSigner, Fact::kQe},
    {"QE ISVPRODID", Always, QeProduct},
    {"QE ISVSVN", Always, QeSvn},
    {"QE MRENCLAVE", Always, QeMeasurement},
    {"QE auth data", Always, QeAuthData},
    {"key over the QE report", Always, QeReportKey},
    {"QE report data", Always, QeReportData},
};

}  // namespace

std::span<const SceneBend> QuoteBends() { return kBends; }

}  // namespace thimble::fuzz
