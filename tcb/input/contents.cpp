// SPDX-License-Identifier: Apache-2.0
#include "tcb/input/contents.h"

#include <algorithm>
#include <array>

#include "tcb/base/byte_reader.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/input/json_names.h"
#include "tcb/input/text_form.h"
#include "tcb/openenclave/evidence.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/crl.h"
#include "tcb/vbs/report.h"

namespace thimble {
namespace {

using input::Contents;

constexpr size_t kSnpReportSize = 1184, kTdReportSize = 1024, kSgxReportSize = 432;
constexpr uint32_t kTdxTee = 0x81;

std::string_view Start(ByteView bytes, size_t size) {
  return AsText(bytes).substr(0, std::min(size, bytes.size()));
}

// A quote begins with its version (u16, 3 to 5) and key type 2 (u16). Others of either are still meant as one.
bool IsQuote(ByteView bytes) {
  ByteReader reader(bytes);
  const auto version = reader.U16(), key_type = reader.U16();
  return version && key_type && *version > 0 && *version <= UINT8_MAX && *key_type > 0 &&
         *key_type <= UINT8_MAX;
}

bool IsTdReport(ByteView bytes) { return bytes.size() == kTdReportSize && bytes[0] == kTdxTee; }

// TPMS_ATTEST of a quote: the magic, and its type.
bool IsTpmQuote(ByteView bytes) { return Start(bytes, 6) == std::string_view("\xff\x54\x43\x47\x80\x18", 6); }

bool IsSnpReport(ByteView bytes) {
  if (openenclave::IsOpenEnclave(bytes) || IsTdReport(bytes)) return false;
  if (input::HasDriverHeader(bytes)) return false;
  ByteReader reader(bytes);
  const auto version = reader.U16(), high = reader.U16();
  return version && high && *high == 0 && (*version >= 2 || bytes.size() >= kSnpReportSize);
}

// -- What is told by its first bytes ------------------------------------------------------------------------------------

struct Magic {
  std::string_view start, what, advice;
};
constexpr std::string_view kUnpack = "unpack it first";
constexpr std::string_view kPowerShell = "PowerShell writes it with >: let the tool write the file itself";
constexpr std::array kMagics = {
    Magic{"\x1f\x8b", "a gzip file", kUnpack},
    Magic{"PK\x03\x04", "a zip file", kUnpack},
    Magic{"\x28\xb5\x2f\xfd", "a zstd file", kUnpack},
    Magic{"\xfd"
          "7zXZ",
          "an xz file", kUnpack},
    Magic{"\x7f"
          "ELF",
          "a program (ELF)", ""},
    Magic{"SQLite format 3", "an SQLite database", "of a PCCS, `thimble import` takes it"},
    Magic{"THIMBLE-EXPORT ", "an export of Thimble", "`thimble import` takes it"},
    Magic{"\xff\xfe", "text in UTF-16", kPowerShell},
    Magic{"\xfe\xff", "text in UTF-16", kPowerShell},
    Magic{"-----BEGIN%20", "certificates in PEM, percent-encoded as in a header", ""},
    Magic{"<", "HTML or XML", "something else than expected has answered, a proxy perhaps"},
    Magic{"00000000: ", "a hex dump as xxd writes it", "`xxd -r` makes bytes of it"},
    Magic{"00000000  ", "a hex dump as hexdump writes it",
          "hand over the bytes themselves, or `xxd -p` of them"},
    Magic{"\xd2\x84", "a signed statement (COSE_Sign1)",
          "an endorsement of a utility VM goes beside an SNP report, as uvm_endorsement or in --collateral "
          "DIR"},
};

// A signed token: three parts of base64url, the first that of an object.
bool IsToken(std::string_view text) { return text.starts_with("eyJ") && std::ranges::count(text, '.') == 2; }

std::optional<Contents> OfPem(std::string_view text) {
  const std::string_view label = input::PemLabel(text);
  if (label.empty()) return std::nullopt;
  if (label == "CERTIFICATE") return Contents{"certificates in PEM", ""};
  if (label == "X509 CRL") return Contents{"a CRL in PEM", ""};
  if (label.ends_with("PRIVATE KEY"))
    return Contents{"a private key", "keep it to yourself, and replace it if it was sent anywhere"};
  if (const size_t before = input::Trimmed(text).find("-----BEGIN "); before != 0)
    return Contents{StrCat("PEM after ", before, " bytes of other text"), "hand over the PEM block alone"};
  return Contents{"PEM that holds neither certificate nor CRL", ""};
}

std::optional<Contents> OfDer(ByteView bytes) {
  if (!input::LooksLikeDer(bytes)) return std::nullopt;
  constexpr Check kUnseen = Check::kEvidenceFormat;
  if (Certificate::Parse(bytes, kUnseen).ok()) return Contents{"a certificate", ""};
  if (Crl::Parse(bytes, kUnseen).ok()) return Contents{"a CRL", ""};
  return Contents{StrCat(bytes.size(), " bytes of DER, neither certificate nor CRL"), ""};
}

// The first character that speaks against hex and base64.
Contents OfText(std::string_view text) {
  constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_= \t\r\n";
  if (text.size() % 2 != 0 && text.find_first_not_of(kHexDigits) == std::string_view::npos)
    return {StrCat("hex of ", text.size(), " digits, an odd number"), "a digit was lost"};
  if (const auto readings = input::ReadingsOf(text); !readings.empty())
    return {StrCat("text in ", TextFormName(readings.front().form)), "decode it once, then hand it over"};
  const size_t odd = text.find_first_not_of(kDigits);
  if (text.front() == '[') return {"a JSON list, not of bytes (numbers from 0 to 255) alone", ""};
  if (odd != std::string_view::npos) {
    return {StrCat("text that is neither hex, base64, PEM nor JSON: character ", odd + 1, " is '",
                   text.substr(odd, 1), "'"),
            ""};
  }
  return {StrCat("text of ", text.size(), " characters that is no whole base64"),
          "its end was lost, perhaps"};
}

std::optional<Contents> OfStructure(ByteView bytes) {
  if (input::HasDriverHeader(bytes)) return Contents{"an SNP report after the driver's header", ""};
  if (IsTdReport(bytes)) {
    return Contents{"a TDREPORT, which only its own CPU can check",
                    "let the quoting service (QGS) make a quote of it"};
  }
  return std::nullopt;
}

std::optional<Contents> OfEvidence(ByteView bytes) {
  if (Start(bytes, 4) == "HCLA") return Contents{"an HCL report", ""};
  if (openenclave::IsOpenEnclave(bytes)) return Contents{"Open Enclave evidence", ""};
  if (IsTpmQuote(bytes)) {
    return Contents{"the message of a TPM's quote",
                    "it goes beside an HCL report, or into JSON with its signature, as tpm_quote"};
  }
  if (vbs::LooksLikeReport(bytes)) return Contents{"the report of a VBS enclave", ""};
  if (IsQuote(bytes)) {
    ByteReader reader(bytes);
    const auto version = reader.U16(), key_type = reader.U16();
    const auto tee = reader.U32();
    if (!tee || !key_type) return Contents{"a quote", ""};
    return Contents{*version >= 4 && *tee == kTdxTee ? "a TDX quote" : "an SGX quote", ""};
  }
  if (!IsSnpReport(bytes)) return std::nullopt;
  const bool more = bytes.size() > kSnpReportSize && !AllZero(bytes.subspan(kSnpReportSize));
  return Contents{more ? "an SNP report with a certificate table" : "an SNP report", ""};
}

Contents OfBytes(ByteView bytes) {
  if (AllZero(bytes)) return {StrCat(bytes.size(), " bytes, all zero"), ""};
  if (bytes.size() == kSgxReportSize) {
    return {"432 bytes: an SGX report, perhaps, which only its own CPU can check",
            "let the quoting enclave make a quote of it"};
  }
  const ByteView start = bytes.first(std::min<size_t>(bytes.size(), 8));
  return {StrCat(bytes.size(), " bytes that begin with ", HexLower(start)), ""};
}

}  // namespace

namespace input {

bool HasDriverHeader(ByteView bytes) {
  if (bytes.size() < kDriverHeaderSize + kSnpReportSize) return false;
  ByteReader reader(bytes);
  const auto status = reader.U32(), size = reader.U32();
  ByteReader report(bytes.subspan(kDriverHeaderSize));
  return *status == 0 && *size == kSnpReportSize && AllZero(bytes.subspan(8, kDriverHeaderSize - 8)) &&
         *report.U32() >= 2;
}

std::optional<EvidenceKind> KindOf(ByteView bytes) {
  if (Start(bytes, 4) == "HCLA") return EvidenceKind::kHclReport;
  if (openenclave::IsOpenEnclave(bytes)) return EvidenceKind::kOpenEnclave;
  if (IsTpmQuote(bytes)) return EvidenceKind::kTpmQuote;
  if (vbs::LooksLikeReport(bytes)) return EvidenceKind::kVbsReport;
  if (IsQuote(bytes)) return EvidenceKind::kQuote;
  if (IsSnpReport(bytes)) return EvidenceKind::kSnpReport;
  return std::nullopt;
}

Contents ContentsOf(ByteView bytes) {
  const std::string_view text = Trimmed(AsText(bytes));
  if (text.empty() && bytes.size() < 4) return {"empty", ""};
  if (const auto structure = OfStructure(bytes)) return *structure;
  if (const auto evidence = OfEvidence(bytes)) return *evidence;
  for (const Magic& magic : kMagics) {
    if (text.starts_with(magic.start)) return {std::string(magic.what), std::string(magic.advice)};
  }
  if (const auto der = OfDer(bytes)) return *der;
  if (text.starts_with('{')) return ContentsOfJson(text);
  if (text.empty() || !IsPlainText(text)) return OfBytes(bytes);
  if (IsToken(text)) return {"a signed token (JWT)", "`thimble verify-result` checks one of Thimble's"};
  const auto pem = OfPem(text);
  return pem ? *pem : OfText(text);
}

std::string Sentence(const Contents& contents) {
  return StrCat("is ", contents.what, contents.advice.empty() ? "" : "; ", contents.advice);
}

}  // namespace input
}  // namespace thimble
