// SPDX-License-Identifier: Apache-2.0
#include "cache/platform.h"

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using intel::EncryptedPpid;
using intel::PckTcb;
using intel::PlatformId;
using intel::PlatformManifest;

constexpr uint64_t kVersion = 1;
constexpr std::string_view kNew = "new", kNotAvailable = "not_available";

Error Corrupt(std::string_view what) {
  return {ErrorKind::kInternal, Check::kStoreCorrupt, StrCat("platform record: ", what)};
}

Result<std::unique_ptr<const json::Document>> Open(std::string_view text) {
  TRY_ASSIGN(auto document,
             json::Document::Parse(text, "platform record", ErrorKind::kInternal, Check::kStoreCorrupt));
  TRY_ASSIGN(const json::Value version, document->root().Get("version"));
  TRY_ASSIGN(const uint64_t number, version.Unsigned(UINT32_MAX));
  if (number != kVersion) return Corrupt(StrCat("version ", number));
  return document;
}

// A member that may be absent: empty when it is.
Result<std::string_view> TextIn(const json::Value& object, std::string_view key) {
  const auto value = object.Find(key);
  if (!value) return std::string_view();
  return value->String();
}

// What `parse` makes of a member; nothing when it is absent.
template <class T, class Parse>
Status ReadOptional(const json::Value& object, std::string_view key, std::optional<T>* out,
                    const Parse& parse) {
  TRY_ASSIGN(const std::string_view text, TextIn(object, key));
  if (text.empty()) return {};
  *out = parse(text);
  return out->has_value() ? Status() : Corrupt(key);
}

std::optional<PlatformManifest> ParseManifest(std::string_view hex) {
  const auto bytes = FromHex(hex);
  return bytes ? PlatformManifest::From(*bytes) : std::nullopt;
}
std::optional<intel::PckCa> ParseCa(std::string_view name) {
  for (const auto ca : {intel::PckCa::kProcessor, intel::PckCa::kPlatform}) {
    if (name == intel::PckCaName(ca)) return ca;
  }
  return std::nullopt;
}
std::optional<PckTcb> ParseTcb(std::string_view hex) { return PckTcb::FromHex(hex); }

void WriteIdentity(json::Writer& writer, const PlatformId& id, const std::optional<EncryptedPpid>& ppid,
                   const std::optional<PlatformManifest>& manifest) {
  writer.BeginObject().Key("version").Unsigned(kVersion).Key("platform").String(id.name());
  if (ppid) writer.Key("encrypted_ppid").Hex(ppid->view());
  if (manifest) writer.Key("manifest").Hex(manifest->bytes());
}

// Fills the members that platforms and registrations have alike.
template <class T>
Status ReadProof(const json::Value& object, T* out) {
  TRY(ReadOptional(object, "encrypted_ppid", &out->ppid,
                   [](std::string_view hex) { return EncryptedPpid::FromHex(hex); }));
  return ReadOptional(object, "manifest", &out->manifest, ParseManifest);
}

Result<PlatformId> ReadId(const json::Value& object) {
  TRY_ASSIGN(const std::string_view name, TextIn(object, "platform"));
  auto id = PlatformId::FromName(name);
  if (!id) return Corrupt("platform");
  return *std::move(id);
}

Result<TcbMapping> ReadMapping(const json::Value& object) {
  std::optional<PckTcb> raw, tcbm;
  TRY(ReadOptional(object, "raw", &raw, ParseTcb));
  TRY(ReadOptional(object, "tcbm", &tcbm, ParseTcb));
  if (!raw || !tcbm) return Corrupt("tcbs");
  return TcbMapping{*raw, *tcbm};
}

Status ReadLevels(const json::Value& root, Platform* platform) {
  const auto levels = root.Find("levels");
  if (!levels) return {};
  TRY_ASSIGN(const auto array, levels->Array());
  auto& read = platform->levels.emplace();
  for (const json::Value& level : array) {
    TRY_ASSIGN(const std::string_view hex, level.String());
    const auto tcb = ParseTcb(hex);
    if (!tcb) return Corrupt("levels");
    read.push_back(*tcb);
  }
  return {};
}

}  // namespace

std::optional<intel::PlatformProof> Platform::proof() const {
  if (manifest) return intel::PlatformProof(*manifest);
  if (ppid) return intel::PlatformProof(*ppid);
  return std::nullopt;
}

std::string EncodePlatform(const Platform& platform) {
  std::string out;
  json::Writer writer(&out);
  WriteIdentity(writer, platform.id, platform.ppid, platform.manifest);
  if (platform.fmspc) writer.Key("fmspc").Hex(platform.fmspc->view());
  if (platform.ca) writer.Key("ca").String(intel::PckCaName(*platform.ca));
  writer.Key("tcbs").BeginArray();
  for (const auto& [raw, tcbm] : platform.tcbs) {
    writer.BeginObject().Key("raw").String(raw.HexUpper()).Key("tcbm").String(tcbm.HexUpper()).EndObject();
  }
  writer.EndArray();
  if (platform.bound) writer.Key("ppid").Hex(platform.bound->view());
  if (platform.levels) {
    writer.Key("levels").BeginArray();
    for (const PckTcb& level : *platform.levels) writer.String(level.HexUpper());
    writer.EndArray();
  }
  writer.EndObject();
  return out;
}

Result<Platform> DecodePlatform(std::string_view text) {
  TRY_ASSIGN(const auto document, Open(text));
  const json::Value root = document->root();
  TRY_ASSIGN(PlatformId id, ReadId(root));
  Platform platform{std::move(id), {}, {}, {}, {}, {}};
  TRY(ReadProof(root, &platform));
  TRY(ReadOptional(root, "fmspc", &platform.fmspc,
                   [](std::string_view hex) { return intel::Fmspc::FromHex(hex); }));
  TRY(ReadOptional(root, "ca", &platform.ca, ParseCa));
  TRY_ASSIGN(const json::Value tcbs, root.Get("tcbs"));
  TRY_ASSIGN(const auto mappings, tcbs.Array());
  for (const json::Value& mapping : mappings) {
    TRY_ASSIGN(platform.tcbs.emplace_back(), ReadMapping(mapping));
  }
  TRY(ReadOptional(root, "ppid", &platform.bound,
                   [](std::string_view hex) { return intel::Ppid::FromHex(hex); }));
  TRY(ReadLevels(root, &platform));
  return platform;
}

std::string EncodeQueued(const QueuedRegistration& queued) {
  const Registration& registration = queued.registration;
  std::string out;
  json::Writer writer(&out);
  WriteIdentity(writer, registration.platform, registration.ppid, registration.manifest);
  if (registration.raw) writer.Key("raw").String(registration.raw->HexUpper());
  writer.Key("why").String(queued.why == QueuedRegistration::Why::kNew ? kNew : kNotAvailable);
  writer.Key("handed_out").Bool(queued.handed_out).Key("revision").Unsigned(queued.revision).EndObject();
  return out;
}

Result<QueuedRegistration> DecodeQueued(std::string_view text) {
  TRY_ASSIGN(const auto document, Open(text));
  const json::Value root = document->root();
  TRY_ASSIGN(PlatformId id, ReadId(root));
  QueuedRegistration queued{{std::move(id), {}, {}, {}}};
  TRY(ReadProof(root, &queued.registration));
  TRY(ReadOptional(root, "raw", &queued.registration.raw, ParseTcb));
  TRY_ASSIGN(const std::string_view why, TextIn(root, "why"));
  if (why != kNew && why != kNotAvailable) return Corrupt("why");
  if (why == kNotAvailable) queued.why = QueuedRegistration::Why::kNotAvailable;
  TRY_ASSIGN(const json::Value handed_out, root.Get("handed_out"));
  TRY_ASSIGN(queued.handed_out, handed_out.Bool());
  TRY_ASSIGN(const json::Value revision, root.Get("revision"));
  TRY_ASSIGN(queued.revision, revision.Unsigned(UINT64_MAX));
  return queued;
}

}  // namespace thimble
