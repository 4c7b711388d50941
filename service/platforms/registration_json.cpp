// SPDX-License-Identifier: Apache-2.0
#include "service/platforms/registration_json.h"

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Error Wrong(std::string_view member) {
  return {ErrorKind::kMalformed, Check::kRequest, StrCat(member, ": missing, or not what it should be")};
}

// Empty when it is absent or null.
Result<std::string_view> TextOf(const json::Value& object, std::string_view name) {
  const auto value = object.Find(name);
  if (!value || value->IsNull()) return std::string_view();
  const auto text = value->String();
  if (!text.ok()) return Wrong(name);
  return *text;
}

Result<intel::PlatformId> ReadId(const json::Value& object) {
  TRY_ASSIGN(const std::string_view qe_id, TextOf(object, "qe_id"));
  TRY_ASSIGN(const std::string_view pce_hex, TextOf(object, "pce_id"));
  const auto pce_id = intel::PceId::FromHex(pce_hex);
  if (!pce_id) return Wrong("pce_id");
  auto platform = intel::PlatformId::From(qe_id, *pce_id);
  if (!platform) return Wrong("qe_id");
  return *std::move(platform);
}

Result<std::optional<intel::PckTcb>> ReadRaw(const json::Value& object) {
  TRY_ASSIGN(const std::string_view cpu_svn, TextOf(object, "cpu_svn"));
  TRY_ASSIGN(const std::string_view pce_svn, TextOf(object, "pce_svn"));
  if (cpu_svn.empty() && pce_svn.empty()) return std::optional<intel::PckTcb>();
  const auto raw = intel::PckTcb::FromHex(cpu_svn, pce_svn);
  if (!raw) return Wrong("cpu_svn, pce_svn");
  return raw;
}

// An empty text is a wrong one here.
bool IsEmptyText(const json::Value& object, std::string_view name) {
  const auto value = object.Find(name);
  const auto text = value ? value->String() : Result<std::string_view>(Wrong(name));
  return text.ok() && text->empty();
}

}  // namespace

Result<Registration> ReadRegistration(const json::Value& object) {
  TRY_ASSIGN(intel::PlatformId platform, ReadId(object));
  Registration registration{std::move(platform), {}, {}, {}};
  TRY_ASSIGN(registration.raw, ReadRaw(object));
  TRY_ASSIGN(const std::string_view ppid, TextOf(object, "enc_ppid"));
  if (!ppid.empty()) {
    registration.ppid = intel::EncryptedPpid::FromHex(ppid);
    if (!registration.ppid) return Wrong("enc_ppid");
  }
  TRY_ASSIGN(const std::string_view manifest, TextOf(object, "platform_manifest"));
  if (!manifest.empty()) {
    const auto bytes = FromHex(manifest);
    registration.manifest = bytes ? intel::PlatformManifest::From(*bytes) : std::nullopt;
    if (!registration.manifest) return Wrong("platform_manifest");
  }
  return registration;
}

Result<Registration> ParseRegistration(std::string_view text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "registration", ErrorKind::kMalformed, Check::kRequest));
  const json::Value root = document->root();
  for (const std::string_view name : {"cpu_svn", "pce_svn", "enc_ppid"}) {
    if (IsEmptyText(root, name)) return Wrong(name);
  }
  TRY_ASSIGN(Registration registration, ReadRegistration(root));
  if (registration.manifest) {
    registration.raw.reset();
    registration.ppid.reset();
  } else if (!registration.raw || !registration.ppid) {
    return Wrong("cpu_svn, pce_svn, enc_ppid");
  }
  return registration;
}

void WriteRegistration(json::Writer& writer, const Registration& registration, HexCase proof_case) {
  const auto hex = [proof_case](ByteView bytes) {
    return proof_case == HexCase::kUpper ? HexUpper(bytes) : HexLower(bytes);
  };
  const auto& [platform, raw, ppid, manifest] = registration;
  writer.BeginObject()
      .Key("enc_ppid")
      .String(ppid ? hex(ppid->view()) : "")
      .Key("platform_manifest")
      .String(manifest ? hex(manifest->bytes()) : "")
      .Key("qe_id")
      .String(platform.qe_id())
      .Key("pce_id")
      .String(platform.pce_id().HexUpper())
      .Key("cpu_svn")
      .String(raw ? raw->CpuSvnHexUpper() : "")
      .Key("pce_svn")
      .String(raw ? raw->PceSvnHexUpper() : "")
      .EndObject();
}

}  // namespace thimble
