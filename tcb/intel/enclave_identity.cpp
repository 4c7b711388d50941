// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/enclave_identity.h"

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/json_fields.h"

namespace thimble::intel {
namespace {

// The two configuration statuses are read, and do not act on the converged status (DCAP 6.1).
constexpr TcbStatus kEnclaveStatuses[] = {
    TcbStatus::kUpToDate,  TcbStatus::kConfigurationNeeded,
    TcbStatus::kOutOfDate, TcbStatus::kOutOfDateConfigurationNeeded,
    TcbStatus::kRevoked,
};

constexpr std::pair<std::string_view, EnclaveId> kIds[] = {
    {"QE", EnclaveId::kQe}, {"TD_QE", EnclaveId::kTdQe}, {"QVE", EnclaveId::kQve}};

Status ReadId(const json::Value& root, EnclaveId* out) {
  TRY_ASSIGN(const json::Value value, root.Get("id"));
  TRY_ASSIGN(const std::string_view text, value.String());
  for (const auto& [name, id] : kIds) {
    if (text == name) {
      *out = id;
      return {};
    }
  }
  return MalformedField("id", StrCat("\"", text, "\" is none of QE, TD_QE, QVE"));
}

// 8 hex digits: the four bytes as they stand in the report, a little-endian number.
Result<uint32_t> ReadMiscSelect(const json::Value& root, std::string_view key) {
  std::array<uint8_t, 4> bytes{};
  TRY(HexField(root, key, bytes));
  return static_cast<uint32_t>(bytes[0]) | static_cast<uint32_t>(bytes[1]) << 8 |
         static_cast<uint32_t>(bytes[2]) << 16 | static_cast<uint32_t>(bytes[3]) << 24;
}

}  // namespace

std::string_view EnclaveIdName(EnclaveId id) {
  for (const auto& [name, known] : kIds) {
    if (known == id) return name;
  }
  return "";
}

Result<EnclaveIdentity> DecodeEnclaveIdentity(ByteView signed_bytes) {
  TRY_ASSIGN(const auto document, json::Document::Parse(AsText(signed_bytes), "enclave identity",
                                                        ErrorKind::kMalformed, Check::kCollateralMalformed));
  const json::Value root = document->root();
  EnclaveIdentity identity;
  TRY(ReadId(root, &identity.id));
  TRY_ASSIGN(const uint64_t version, NumberField(root, "version", 0xffffffff));
  if (version != 2) return MalformedField("version", StrCat(version, " is not 2"));
  TRY_ASSIGN(identity.issue_date, TimeField(root, "issueDate"));
  TRY_ASSIGN(identity.next_update, TimeField(root, "nextUpdate"));
  TRY_ASSIGN(const uint64_t number, NumberField(root, "tcbEvaluationDataNumber", 0xffffffff));
  identity.evaluation_number = static_cast<uint32_t>(number);
  TRY_ASSIGN(identity.misc_select, ReadMiscSelect(root, "miscselect"));
  TRY_ASSIGN(identity.misc_select_mask, ReadMiscSelect(root, "miscselectMask"));
  TRY(HexField(root, "attributes", identity.attributes));
  TRY(HexField(root, "attributesMask", identity.attributes_mask));
  std::array<uint8_t, 32> mr_signer{};
  TRY(HexField(root, "mrsigner", mr_signer));
  identity.mr_signer = Measurement256(mr_signer);
  TRY_ASSIGN(const uint64_t prod_id, NumberField(root, "isvprodid", 0xffff));
  identity.isv_prod_id = static_cast<uint16_t>(prod_id);
  TRY_ASSIGN(identity.levels, IsvLevelsField(root, kEnclaveStatuses));
  return identity;
}

}  // namespace thimble::intel
