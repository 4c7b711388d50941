// SPDX-License-Identifier: Apache-2.0
//
// The SGX extension of a PCK certificate, OID 1.2.840.113741.1.13.1 (DCAP 2.3).
#include <optional>

#include "tcb/base/text.h"
#include "tcb/intel/pck_chain.h"
#include "tcb/pki/der.h"

namespace thimble::intel {
namespace {

constexpr std::array<uint8_t, 9> kSgxOid = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

// SEQUENCE OF SEQUENCE { OID, ANY } whose OIDs are `prefix` and one number more, each of 1..count once, in
// any order.
class Entries {
 public:
  static constexpr size_t kMax = 18;

  static std::optional<Entries> Read(der::Reader sequence_of, ByteView prefix, size_t count) {
    Entries entries;
    for (size_t i = 0; i < count; ++i) {
      auto pair = sequence_of.Enter(der::kSequence);
      const auto oid = pair ? pair->Oid() : std::nullopt;
      if (!oid || oid->size() != prefix.size() + 1 || !Equal(oid->first(prefix.size()), prefix))
        return std::nullopt;
      const size_t number = oid->back();
      if (number < 1 || number > count || !entries.values_[number].empty()) return std::nullopt;
      const auto value = pair->Next();
      if (!value || !pair->empty()) return std::nullopt;
      entries.values_[number] = value->whole;
    }
    if (!sequence_of.empty()) return std::nullopt;
    return entries;
  }

  der::Reader operator[](size_t number) const { return der::Reader(values_.at(number)); }

 private:
  std::array<ByteView, kMax + 1> values_{};
};

Bytes Append(ByteView oid, uint8_t number) {
  Bytes out(oid.begin(), oid.end());
  out.push_back(number);
  return out;
}

template <class Id>
bool ReadId(der::Reader value, Id* out) {
  const auto octets = value.OctetString();
  const auto id = octets ? Id::From(*octets) : std::nullopt;
  if (!id) return false;
  *out = *id;
  return true;
}

// .2: sixteen component SVNs, PCESVN, CPUSVN. Matching uses the components, never the CPUSVN blob.
bool ReadTcb(der::Reader value, PlatformFacts* facts) {
  const auto sequence = value.Enter(der::kSequence);
  const auto entries = sequence ? Entries::Read(*sequence, Append(kSgxOid, 2), 18) : std::nullopt;
  if (!entries) return false;
  for (size_t i = 0; i < facts->cpu_svn.size(); ++i) {
    const auto svn = (*entries)[i + 1].Unsigned();
    if (!svn || *svn > 0xff) return false;
    facts->cpu_svn[i] = static_cast<uint8_t>(*svn);
  }
  const auto pce_svn = (*entries)[17].Unsigned();
  const auto cpu_svn = (*entries)[18].OctetString();
  if (!pce_svn || *pce_svn > 0xffff || !cpu_svn || cpu_svn->size() != 16) return false;
  facts->pce_svn = static_cast<PceSvn>(*pce_svn);
  return true;
}

bool ReadSgxType(der::Reader value, SgxType* out) {
  const auto type = value.Next(der::kEnumerated);
  if (!type || type->content.size() != 1 || type->content[0] > 2) return false;
  *out = static_cast<SgxType>(type->content[0]);
  return true;
}

// .6 and .7, which the Platform CA always writes, and the Processor CA may.
bool ReadPlatformPart(const Entries& entries, PlatformFacts* facts) {
  PlatformInstanceId instance;
  if (!ReadId(entries[6], &instance)) return false;
  facts->platform_instance_id = instance;
  der::Reader value = entries[7];
  const auto sequence = value.Enter(der::kSequence);
  const auto flags = sequence ? Entries::Read(*sequence, Append(kSgxOid, 7), 3) : std::nullopt;
  if (!flags) return false;
  facts->dynamic_platform = (*flags)[1].Boolean();
  facts->cached_keys = (*flags)[2].Boolean();
  facts->smt_enabled = (*flags)[3].Boolean();
  return facts->dynamic_platform && facts->cached_keys && facts->smt_enabled;
}

}  // namespace

Result<PlatformFacts> ParseSgxExtension(const Certificate& leaf, PckCa ca, Check malformed_check) {
  const auto malformed = [&](std::string_view what) {
    return Error{ErrorKind::kMalformed, malformed_check,
                 StrCat("SGX extension of the PCK certificate: ", what)};
  };
  const Extension* const extension = leaf.FindExtension(kSgxOid);
  if (extension == nullptr) return malformed("missing");
  der::Reader outer(extension->value);
  const auto sequence = outer.Enter(der::kSequence);
  const auto read = [&](size_t count) {
    return sequence && outer.empty() ? Entries::Read(*sequence, kSgxOid, count) : std::nullopt;
  };
  auto entries = read(7);
  const bool with_platform = entries.has_value();
  if (!with_platform && ca == PckCa::kProcessor) entries = read(5);
  if (!entries) {
    return malformed(
        StrCat("does not hold exactly entries ", ca == PckCa::kPlatform ? "1 to 7" : "1 to 5 or 1 to 7"));
  }
  PlatformFacts facts;
  facts.ca = ca;
  if (!ReadId((*entries)[1], &facts.ppid)) return malformed("PPID is not 16 bytes");
  if (!ReadTcb((*entries)[2], &facts))
    return malformed("TCB is not 16 SVNs up to 255, PCESVN up to 65535 and CPUSVN");
  if (!ReadId((*entries)[3], &facts.pce_id)) return malformed("PCE-ID is not 2 bytes");
  if (!ReadId((*entries)[4], &facts.fmspc)) return malformed("FMSPC is not 6 bytes");
  if (!ReadSgxType((*entries)[5], &facts.sgx_type)) return malformed("SGX type is not 0, 1 or 2");
  if (with_platform && !ReadPlatformPart(*entries, &facts))
    return malformed("platform instance or configuration");
  return facts;
}

}  // namespace thimble::intel
