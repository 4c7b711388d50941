// SPDX-License-Identifier: Apache-2.0
#include "tcb/vbs/report.h"

#include <array>
#include <utility>

#include "tcb/base/byte_reader.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::vbs {
namespace {

constexpr size_t kHeader = 24, kStatement = 224, kMaxPackage = 64 << 10;
constexpr uint32_t kVersion = 1, kTypeVbs = 0x10;
constexpr uint32_t kModule = 1;
constexpr size_t kBlockHeader = 8, kModuleFields = 32 + 32 + 16 + 16 + 4;
constexpr size_t kMaxModules = 256;

Error Malformed(std::string_view what) {
  return {ErrorKind::kMalformed, Check::kVbsFormat, StrCat("VBS report: ", what)};
}

struct Header {
  uint32_t package = 0, version = 0, scheme = 0, statement = 0, signature = 0, reserved = 0;
};
std::optional<Header> ReadHeader(ByteReader& reader) {
  Header header;
  for (uint32_t* field : {&header.package, &header.version, &header.scheme, &header.statement,
                          &header.signature, &header.reserved}) {
    const auto value = reader.U32();
    if (!value) return std::nullopt;
    *field = *value;
  }
  return header;
}

template <class Id>
bool Take(ByteReader& reader, Id& id) {
  const auto bytes = reader.Take(Id::kSize);
  if (bytes) id = *Id::From(*bytes);
  return bytes.has_value();
}
bool Take(ByteReader& reader, uint32_t& number) {
  const auto value = reader.U32();
  if (value) number = *value;
  return value.has_value();
}

// UTF-16LE up to its NUL; half a pair is no text.
std::optional<std::string> ReadName(ByteReader& reader) {
  std::string out;
  const auto put = [&out](uint32_t code) {
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xc0 | code >> 6);
      out += static_cast<char>(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      out += static_cast<char>(0xe0 | code >> 12);
      out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
      out += static_cast<char>(0xf0 | code >> 18);
      out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
      out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (code & 0x3f));
    }
  };
  for (;;) {
    const auto unit = reader.U16();
    if (!unit) return std::nullopt;
    if (*unit == 0) return out;
    if (*unit < 0xd800 || *unit > 0xdfff) {
      put(*unit);
      continue;
    }
    const auto low = reader.U16();
    if (*unit > 0xdbff || !low || *low < 0xdc00 || *low > 0xdfff) return std::nullopt;
    put(0x10000 + ((*unit - 0xd800u) << 10) + (*low - 0xdc00u));
  }
}

std::optional<Module> ReadModule(ByteView content) {
  ByteReader reader(content);
  Module module;
  if (!Take(reader, module.unique_id) || !Take(reader, module.author_id) || !Take(reader, module.family_id) ||
      !Take(reader, module.image_id) || !Take(reader, module.svn))
    return std::nullopt;
  auto name = ReadName(reader);
  if (!name) return std::nullopt;
  module.name = *std::move(name);
  return module;
}

// A size counts its own header: of 0, one would go in circles.
Result<std::vector<Module>> ReadBlocks(ByteView blocks) {
  std::vector<Module> modules;
  while (!blocks.empty()) {
    ByteReader reader(blocks);
    const auto type = reader.U32(), size = reader.U32();
    if (!type || !size || *size < kBlockHeader || *size > blocks.size())
      return Malformed("a block of variable data that does not fit into the statement");
    if (*type == 0) return Malformed("a block of variable data of type 0, which is none");
    if (*type == kModule) {
      auto module = ReadModule(blocks.subspan(kBlockHeader, *size - kBlockHeader));
      if (!module || modules.size() == kMaxModules)
        return Malformed("a module that is cut short, or too many");
      modules.push_back(*std::move(module));
    }
    blocks = blocks.subspan(*size);
  }
  return modules;
}

Result<Claims> ReadStatement(ByteView statement) {
  ByteReader reader(statement);
  uint32_t size = 0, version = 0;
  Claims claims;
  const bool whole =
      Take(reader, size) && Take(reader, version) && Take(reader, claims.enclave_data) &&
      Take(reader, claims.owner_id) && Take(reader, claims.unique_id) && Take(reader, claims.author_id) &&
      Take(reader, claims.family_id) && Take(reader, claims.image_id) && Take(reader, claims.enclave_svn) &&
      Take(reader, claims.secure_kernel_svn) && Take(reader, claims.platform_svn) &&
      Take(reader, claims.flags) && Take(reader, claims.signing_level) && Take(reader, claims.enclave_type);
  if (!whole) return Malformed("its statement is cut short");
  if (size != statement.size())
    return Malformed(StrCat("ReportSize ", size, ", its statement has ", statement.size(), " bytes"));
  if (version != kVersion) return Malformed(StrCat("report version ", version, ", expected 1"));
  // Reports of before the field had its name have 0 there.
  if (claims.enclave_type != 0 && claims.enclave_type != kTypeVbs)
    return Malformed(StrCat("enclave type ", claims.enclave_type, ", expected 0 or 16 (VBS)"));
  TRY_ASSIGN(claims.modules, ReadBlocks(statement.subspan(kStatement)));
  return claims;
}

}  // namespace

// No other evidence has a first field of 248 and more, and 1 behind it; a VBS VM's report has 0x230 and no version 1 at 28.
bool LooksLikeReport(ByteView bytes) {
  ByteReader reader(bytes);
  const auto header = ReadHeader(reader);
  const auto report_size = reader.U32(), report_version = reader.U32();
  return header && report_size && report_version && header->package >= kHeader + kStatement &&
         header->version == kVersion && header->reserved == 0 && *report_version == kVersion;
}

Result<Report> ParseReport(ByteView package) {
  ByteReader reader(package);
  const auto header = ReadHeader(reader);
  if (!header) return Malformed("cut short");
  if (package.size() > kMaxPackage) return Malformed(StrCat(package.size(), " bytes, at most ", kMaxPackage));
  if (header->package != package.size())
    return Malformed(StrCat("PackageSize ", header->package, ", it has ", package.size(), " bytes"));
  if (header->version != kVersion) return Malformed(StrCat("version ", header->version, ", expected 1"));
  if (header->reserved != 0) return Malformed("its reserved field is not zero");
  const uint64_t sum = kHeader + uint64_t{header->statement} + header->signature;
  if (header->statement < kStatement || sum != package.size()) {
    return Malformed(
        StrCat("header, statement and signature are of ", sum, " bytes, it has ", package.size()));
  }
  Report report;
  report.scheme = header->scheme;
  report.statement = package.subspan(kHeader, header->statement);
  report.signature = package.last(header->signature);
  TRY_ASSIGN(report.claims, ReadStatement(report.statement));
  return report;
}

}  // namespace thimble::vbs
