// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/quote.h"

#include "tcb/base/byte_reader.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::intel {
namespace {

constexpr size_t kMaxQuote = 1 << 20;
constexpr size_t kHeaderSize = 48;
constexpr size_t kSgxReportSize = 384;
constexpr uint32_t kTeeSgx = 0x00000000;
constexpr uint32_t kTeeTdx = 0x00000081;
constexpr uint16_t kEcdsaP256 = 2;
constexpr uint16_t kQeReportCertificationData = 6;
constexpr std::array<uint8_t, 16> kIntelQeVendorId = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                                      0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

enum class BodyType : uint16_t { kSgx = 1, kTd10 = 2, kTd15 = 3, kTd15Ex = 4 };

Error Malformed(std::string message) {
  return {ErrorKind::kMalformed, Check::kQuoteFormat, std::move(message)};
}

template <class Id, size_t Offset, size_t BlockSize>
Id Take(std::span<const uint8_t, BlockSize> block) {
  return *Id::From(Field<Offset, Id::kSize>(block));
}

template <size_t Offset, size_t N, size_t BlockSize>
std::array<uint8_t, N> TakeArray(std::span<const uint8_t, BlockSize> block) {
  std::array<uint8_t, N> out{};
  const auto field = Field<Offset, N>(block);
  std::copy(field.begin(), field.end(), out.begin());
  return out;
}

template <size_t Offset, size_t BlockSize>
uint16_t TakeU16(std::span<const uint8_t, BlockSize> block) {
  const auto field = Field<Offset, 2>(block);
  return static_cast<uint16_t>(field[0] | field[1] << 8);
}

TdxClaims ParseTdReport10(std::span<const uint8_t, 584> report) {
  TdxClaims td;
  td.tee_tcb_svn = TakeArray<0, 16>(report);
  td.mr_seam = Take<Measurement384, 16>(report);
  td.mr_signer_seam = Take<Measurement384, 64>(report);
  td.seam_attributes = Take<decltype(td.seam_attributes), 112>(report);
  td.td_attributes = Take<decltype(td.td_attributes), 120>(report);
  td.xfam = Take<decltype(td.xfam), 128>(report);
  td.mr_td = Take<Measurement384, 136>(report);
  td.mr_config_id = Take<Measurement384, 184>(report);
  td.mr_owner = Take<Measurement384, 232>(report);
  td.mr_owner_config = Take<Measurement384, 280>(report);
  td.rtmr0 = Take<Measurement384, 328>(report);
  td.rtmr1 = Take<Measurement384, 376>(report);
  td.rtmr2 = Take<Measurement384, 424>(report);
  td.rtmr3 = Take<Measurement384, 472>(report);
  td.report_data = Take<ReportData, 520>(report);
  return td;
}

TdxClaims ParseTdReport15(std::span<const uint8_t, 648> report) {
  TdxClaims td = ParseTdReport10(report.first<584>());
  td.tee_tcb_svn2 = TakeArray<584, 16>(report);
  td.mr_service_td = Take<Measurement384, 600>(report);
  return td;
}

TdxClaims ParseTdReport15Ex(std::span<const uint8_t, 885> report) {
  TdxClaims td = ParseTdReport15(report.first<648>());
  td.ex = Take<FixedBytes<TdReportExTag, 237>, 648>(report);
  return td;
}

size_t BodySize(BodyType type) {
  switch (type) {
    case BodyType::kSgx:
      return kSgxReportSize;
    case BodyType::kTd10:
      return 584;
    case BodyType::kTd15:
      return 648;
    case BodyType::kTd15Ex:
      return 885;
  }
  return 0;
}

// Reads a quote from front to back; every step either takes bytes or names what is wrong.
class QuoteParser {
 public:
  explicit QuoteParser(ByteView bytes) : bytes_(bytes), reader_(bytes) {}

  Result<Quote> Parse() {
    if (bytes_.size() > kMaxQuote)
      return Malformed(StrCat("quote: ", bytes_.size(), " bytes, at most ", kMaxQuote));
    TRY(ParseHeader());
    TRY(ParseBody());
    const auto auth_length = reader_.U32();
    const auto auth = auth_length ? reader_.Take(*auth_length) : std::nullopt;
    if (!auth) {
      return Malformed(StrCat("auth data: ", auth_length.value_or(0), " bytes announced, ",
                              reader_.remaining(), " there"));
    }
    quote_.trailing_bytes = reader_.remaining();
    TRY(ParseAuthData(*auth));
    return quote_;
  }

 private:
  // DCAP 1.1.
  Status ParseHeader() {
    if (reader_.remaining() < kHeaderSize)
      return Malformed(StrCat("quote: ", bytes_.size(), " bytes, shorter than its header"));
    quote_.version = *reader_.U16();
    if (quote_.version < 3 || quote_.version > 5)
      return Malformed(StrCat("version: ", quote_.version, ", not 3, 4 or 5"));
    const uint16_t key_type = *reader_.U16();
    if (key_type != kEcdsaP256)
      return Malformed(StrCat("attestation key type: ", key_type, ", not 2 (ECDSA P-256)"));
    const uint32_t tee = *reader_.U32();
    if (tee != kTeeSgx && (tee != kTeeTdx || quote_.version == 3)) {
      return Malformed(StrCat("TEE type: ", tee, " in a version ", quote_.version, " quote"));
    }
    quote_.tdx = tee == kTeeTdx;
    (void)reader_
        .U32();  // QE SVN and PCE SVN (v3), reserved (v4, v5): covered by the signature, never matched on
    const ByteView vendor = *reader_.Take(16);
    if (!Equal(vendor, kIntelQeVendorId))
      return Malformed(StrCat("QE vendor id: ", HexLower(vendor), ", not Intel's"));
    (void)reader_.Take(20);  // user data
    return {};
  }

  // DCAP 1.2. The v5 descriptor belongs to the signed bytes, the auth data length does not.
  Status ParseBody() {
    auto type = quote_.tdx ? BodyType::kTd10 : BodyType::kSgx;
    if (quote_.version == 5) {
      const auto type_field = reader_.U16();
      const auto size_field = reader_.U32();
      if (!type_field || !size_field) return Malformed("body descriptor: the quote ends inside it");
      if (*type_field < 1 || *type_field > 4)
        return Malformed(StrCat("body type: ", *type_field, ", not 1 to 4"));
      type = static_cast<BodyType>(*type_field);
      if (*size_field != BodySize(type)) {
        return Malformed(
            StrCat("body size: ", *size_field, ", body type ", *type_field, " has ", BodySize(type)));
      }
      if ((type == BodyType::kSgx) == quote_.tdx) return Malformed("body type: does not fit the TEE type");
    }
    const auto body = reader_.Take(BodySize(type));
    if (!body) return Malformed(StrCat("body: ", reader_.remaining(), " bytes, needs ", BodySize(type)));
    quote_.signed_bytes = bytes_.first(bytes_.size() - reader_.remaining());
    switch (type) {
      case BodyType::kSgx:
        quote_.body = ParseSgxReport(body->first<384>());
        break;
      case BodyType::kTd10:
        quote_.body = ParseTdReport10(body->first<584>());
        break;
      case BodyType::kTd15:
        quote_.body = ParseTdReport15(body->first<648>());
        break;
      case BodyType::kTd15Ex:
        quote_.body = ParseTdReport15Ex(body->first<885>());
        break;
    }
    return {};
  }

  // DCAP 1.4: flat in v3; in v4 and v5 the QE's part is nested in certification data of type 6.
  Status ParseAuthData(ByteView auth) {
    ByteReader reader(auth);
    const auto signature = reader.Take(64), key = reader.Take(64);
    if (!signature || !key) return Malformed("auth data: ends inside the signature and attestation key");
    quote_.signature = *signature;
    quote_.attestation_key = *key;
    if (quote_.version == 3) return ParseQePart(reader);
    const auto type = reader.U16();
    const auto length = reader.U32();
    if (!type || !length) return Malformed("certification data: the auth data ends inside its header");
    if (*type != kQeReportCertificationData)
      return Malformed(StrCat("outer certification data type: ", *type, ", not 6"));
    const auto inner = reader.Take(*length);
    if (!inner)
      return Malformed(
          StrCat("certification data: ", *length, " bytes announced, ", reader.remaining(), " there"));
    if (reader.remaining() != 0)
      return Malformed(StrCat("auth data: ", reader.remaining(), " bytes left over"));
    return ParseQePart(ByteReader(*inner));
  }

  Status ParseQePart(ByteReader reader) {
    const auto report = reader.Take(kSgxReportSize), signature = reader.Take(64);
    const auto auth_length = reader.U16();
    const auto auth = auth_length ? reader.Take(*auth_length) : std::nullopt;
    const auto type = auth ? reader.U16() : std::nullopt;
    const auto length = type ? reader.U32() : std::nullopt;
    const auto data = length ? reader.Take(*length) : std::nullopt;
    if (!report || !signature || !data) return Malformed("QE report certification data: ends too early");
    if (reader.remaining() != 0)
      return Malformed(StrCat("QE report certification data: ", reader.remaining(), " bytes left over"));
    if (*type < 1 || *type > 5) return Malformed(StrCat("certification data type: ", *type, ", not 1 to 5"));
    quote_.qe_report_bytes = *report;
    quote_.qe_report = ParseSgxReport(report->first<384>());
    quote_.qe_report_signature = *signature;
    quote_.qe_auth_data = *auth;
    quote_.certification_type = static_cast<CertificationDataType>(*type);
    quote_.certification_data = *data;
    return {};
  }

  ByteView bytes_;
  ByteReader reader_;
  Quote quote_;
};

}  // namespace

SgxClaims ParseSgxReport(std::span<const uint8_t, 384> report) {
  SgxClaims sgx;
  sgx.cpu_svn = TakeArray<0, 16>(report);
  const auto misc = Field<16, 4>(report);
  sgx.misc_select = static_cast<uint32_t>(misc[0]) | static_cast<uint32_t>(misc[1]) << 8 |
                    static_cast<uint32_t>(misc[2]) << 16 | static_cast<uint32_t>(misc[3]) << 24;
  sgx.attributes = TakeArray<48, 16>(report);
  sgx.mr_enclave = Take<Measurement256, 64>(report);
  sgx.mr_signer = Take<Measurement256, 128>(report);
  sgx.isv_ext_prod_id = Take<decltype(sgx.isv_ext_prod_id), 32>(report);
  sgx.config_id = Take<decltype(sgx.config_id), 192>(report);
  sgx.isv_prod_id = TakeU16<256>(report);
  sgx.isv_svn = TakeU16<258>(report);
  sgx.config_svn = TakeU16<260>(report);
  sgx.isv_family_id = Take<decltype(sgx.isv_family_id), 304>(report);
  sgx.report_data = Take<ReportData, 320>(report);
  return sgx;
}

Result<Quote> ParseQuote(ByteView bytes) { return QuoteParser(bytes).Parse(); }

constexpr size_t kUserDataOffset = 28;  // in the header

std::optional<PckLookup> ParsePckLookup(const Quote& quote) {
  if (quote.certification_type > CertificationDataType::kPpidRsa3072) return std::nullopt;
  // CPUSVN, PCESVN and PCE id stand at the end of the 404-byte form; the 34-byte form has a 16-byte PPID and
  // no PCE id.
  ByteReader reader(quote.certification_data);
  const size_t ppid_size = reader.remaining() == 404 ? 384 : reader.remaining() == 34 ? 16 : 0;
  if (ppid_size == 0) return std::nullopt;
  PckLookup lookup;
  ByteReader header(quote.signed_bytes);
  const auto qe_id = header.Take(kUserDataOffset) ? header.Take(QeId::kSize) : std::nullopt;
  if (!qe_id) return std::nullopt;
  lookup.qe_id = QeId::From(*qe_id).value();
  lookup.ppid = *reader.Take(ppid_size);
  const ByteView cpu_svn = *reader.Take(16);
  std::copy(cpu_svn.begin(), cpu_svn.end(), lookup.cpu_svn.begin());
  lookup.pce_svn = static_cast<PceSvn>(*reader.U16());
  if (const auto pce_id = reader.Take(2)) lookup.pce_id = PceId::From(*pce_id);
  return lookup;
}

}  // namespace thimble::intel
