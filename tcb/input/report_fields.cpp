// SPDX-License-Identifier: Apache-2.0
#include "tcb/input/report_fields.h"

#include <algorithm>
#include <span>

#include "tcb/amd/report.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/input/member.h"

namespace thimble::input {
namespace {

constexpr Check kFormat = Check::kEvidenceFormat;

Error Wrong(std::string_view field, std::string_view why) {
  return {ErrorKind::kMalformed, kFormat,
          StrCat("member \"attestation_report\": field \"", field, "\": ", why)};
}

// Writes fields into the report; the first that is wrong is kept.
class Assembly {
 public:
  explicit Assembly(const json::Value& object) : object_(object) {}

  void Number(std::string_view name, size_t at, size_t size) { Put(object_, name, at, size, true); }
  // A field that only some versions of the structure have.
  void NumberIfThere(std::string_view name, size_t at, size_t size) { Put(object_, name, at, size, false); }

  void List(std::string_view name, size_t at, size_t size) {
    if (const auto value = Member(object_, name, true)) PutList(*value, name, at, size);
  }

  // SVNs by name. Turin's layout begins with the FMC's (SNP c).
  void Tcb(std::string_view name, size_t at) {
    const auto tcb = Member(object_, name, true);
    if (!tcb) return;
    const auto fmc = tcb->Find("fmc");
    const bool turin = fmc && !fmc->IsNull();
    if (turin) Put(*tcb, "fmc", at, 1, true);
    Put(*tcb, "bootloader", at + (turin ? 1 : 0), 1, true);
    Put(*tcb, "tee", at + (turin ? 2 : 1), 1, true);
    Put(*tcb, "snp", at + (turin ? 3 : 6), 1, true);
    Put(*tcb, "microcode", at + 7, 1, true);
  }

  // {"major", "minor", "build"}, or current_major and so on.
  void Version(const std::string& name, size_t at) {
    const auto version = object_.Find(name);
    const json::Value& from = version ? *version : object_;
    const std::string prefix = version ? "" : name + "_";
    Put(from, prefix + "build", at, 1, true);
    Put(from, prefix + "minor", at + 1, 1, true);
    Put(from, prefix + "major", at + 2, 1, true);
  }

  void Signature(size_t at, size_t size) {
    const auto signature = Member(object_, "signature", true);
    if (!signature) return;
    if (const auto r = Member(*signature, "r", true)) PutList(*r, "r", at, size);
    if (const auto s = Member(*signature, "s", true)) PutList(*s, "s", at + size, size);
  }

  Result<Bytes> Finish() && {
    if (failed_) return *failed_;
    return std::move(out_);
  }

 private:
  std::optional<json::Value> Member(const json::Value& from, std::string_view name, bool required) {
    const auto value = from.Find(name);
    if (value && !value->IsNull()) return value;
    if (required && !failed_) failed_ = Wrong(name, "is not there");
    return std::nullopt;
  }

  // Little endian.
  void Put(const json::Value& from, std::string_view name, size_t at, size_t size, bool required) {
    const auto value = Member(from, name, required);
    if (!value) return;
    const uint64_t most = size == 8 ? UINT64_MAX : (uint64_t{1} << (8 * size)) - 1;
    const auto number = value->Unsigned(most);
    if (!number) {
      if (!failed_) failed_ = Wrong(name, StrCat("is no number of ", size, " bytes"));
      return;
    }
    for (size_t i = 0; i < size; ++i) out_.at(at + i) = static_cast<uint8_t>(*number >> (8 * i));
  }

  void PutList(const json::Value& value, std::string_view name, size_t at, size_t size) {
    const auto bytes = ReadMember(value, name, kFormat, [&](ByteView each) { return each.size() == size; });
    if (bytes && bytes->bytes.size() == size) {
      std::ranges::copy(bytes->bytes, out_.begin() + static_cast<std::ptrdiff_t>(at));
    } else if (!failed_) {
      failed_ = Wrong(name, StrCat("is not ", size, " bytes"));
    }
  }

  const json::Value& object_;
  Bytes out_ = Bytes(amd::kReportSize);
  std::optional<Error> failed_;
};

}  // namespace

Result<Bytes> ReportFromFields(const json::Value& object) {
  Assembly report(object);
  report.Number("version", 0x000, 4);
  report.Number("guest_svn", 0x004, 4);
  report.Number("policy", 0x008, 8);
  report.List("family_id", 0x010, 16);
  report.List("image_id", 0x020, 16);
  report.Number("vmpl", 0x030, 4);
  report.Number("sig_algo", 0x034, 4);
  report.Tcb("current_tcb", 0x038);
  report.Number("plat_info", 0x040, 8);
  report.NumberIfThere("key_info", 0x048, 4);
  report.NumberIfThere("_author_key_en", 0x048, 4);
  report.List("report_data", 0x050, 64);
  report.List("measurement", 0x090, 48);
  report.List("host_data", 0x0C0, 32);
  report.List("id_key_digest", 0x0E0, 48);
  report.List("author_key_digest", 0x110, 48);
  report.List("report_id", 0x140, 32);
  report.List("report_id_ma", 0x160, 32);
  report.Tcb("reported_tcb", 0x180);
  report.NumberIfThere("cpuid_fam_id", 0x188, 1);
  report.NumberIfThere("cpuid_mod_id", 0x189, 1);
  report.NumberIfThere("cpuid_step", 0x18A, 1);
  report.List("chip_id", 0x1A0, 64);
  report.Tcb("committed_tcb", 0x1E0);
  report.Version("current", 0x1E8);
  report.Version("committed", 0x1EC);
  report.Tcb("launch_tcb", 0x1F0);
  report.NumberIfThere("launch_mit_vector", 0x1F8, 8);
  report.NumberIfThere("current_mit_vector", 0x200, 8);
  report.Signature(0x2A0, 72);
  return std::move(report).Finish();
}

}  // namespace thimble::input
