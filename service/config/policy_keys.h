// SPDX-License-Identifier: Apache-2.0
//
// The kinds of keys that policies have. Internal to policy_toml.cpp: the header of toml++ is heavy.
#pragma once

#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "service/support/time_text.h"
#include "service/support/toml_reader.h"
#include "tcb/base/named_bits.h"
#include "tcb/policy.h"

namespace thimble {

using TomlKeys = std::vector<TomlKey>;

// -- texts --

inline std::optional<AmdCrlMode> ParseAmdCrlMode(std::string_view text) {
  if (text == "require") return AmdCrlMode::kRequire;
  if (text == "if_available") return AmdCrlMode::kIfAvailable;
  if (text == "off") return AmdCrlMode::kOff;
  return std::nullopt;
}

inline std::optional<AmdFloorMode> ParseAmdFloorMode(std::string_view text) {
  if (text == "require") return AmdFloorMode::kRequire;
  if (text == "if_known") return AmdFloorMode::kIfKnown;
  if (text == "complete") return AmdFloorMode::kComplete;
  return std::nullopt;
}

// max_collateral_age = { crl = "30d", tcb_info = "30d", identity = "30d" }
inline TomlKey MaxCollateralAgeKey(const TomlReader& r, MaxCollateralAge& out) {
  constexpr std::string_view kName = "max_collateral_age";
  return {kName, [&r, &out, kName](const toml::node& node) -> Status {
            out = {};
            return ReadTable(r, node, kName,
                             {DurationKey(r, "crl", out.crl), DurationKey(r, "tcb_info", out.tcb_info),
                              DurationKey(r, "identity", out.identity)});
          }};
}

// Revoked is a status that no policy may accept.
inline std::optional<TcbStatus> ParseAcceptedStatus(std::string_view text) {
  const auto status = TcbStatusFromName(text);
  return status == TcbStatus::kRevoked ? std::nullopt : status;
}
inline constexpr std::string_view kStatuses =
    "TCB statuses, as \"UpToDate\" or \"SWHardeningNeeded\"; \"Revoked\" is never accepted";

inline std::optional<intel::SgxType> ParseSgxType(std::string_view text) {
  for (const auto type :
       {intel::SgxType::kStandard, intel::SgxType::kScalable, intel::SgxType::kScalableWithIntegrity}) {
    if (intel::SgxTypeName(type) == text) return type;
  }
  return std::nullopt;
}

inline std::optional<std::string> ParseSomeText(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

// An id as vendors write them: upper case, so that comparing is comparing bytes.
inline std::optional<std::string> ParseAdvisory(std::string_view text) {
  std::string id(text);
  for (char& c : id) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
  const auto good = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; };
  return !id.empty() && std::all_of(id.begin(), id.end(), good) ? std::optional(id) : std::nullopt;
}

// "1.55.37": exactly N numbers of a byte each.
template <size_t N>
std::optional<std::array<uint8_t, N>> ParseDotted(std::string_view text) {
  std::array<uint8_t, N> out{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (size_t i = 0; i < N; ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return std::nullopt;
    const auto parsed = std::from_chars(at, end, out.at(i));
    if (parsed.ec != std::errc()) return std::nullopt;
    at = parsed.ptr;
  }
  return at == end ? std::optional(out) : std::nullopt;
}

inline std::optional<AbiVersion> ParseAbi(std::string_view text) {
  const auto parts = ParseDotted<2>(text);
  return parts ? std::optional(AbiVersion{(*parts)[0], (*parts)[1]}) : std::nullopt;
}

inline std::optional<amd::FirmwareVersion> ParseFirmware(std::string_view text) {
  const auto parts = ParseDotted<3>(text);
  return parts ? std::optional(amd::FirmwareVersion{(*parts)[0], (*parts)[1], (*parts)[2]}) : std::nullopt;
}

// Turin's chips are named by 8 bytes; the rest of CHIP_ID is zero.
inline std::optional<amd::ChipId> ParseChip(std::string_view text) {
  constexpr size_t kTurinDigits = 16;
  std::string digits(text);
  if (digits.size() == kTurinDigits) digits.resize(2 * amd::ChipId::kSize, '0');
  return amd::ChipId::FromHex(digits);
}

// A serial is a number: leading zeros are no part of it.
inline std::optional<Bytes> ParseSerial(std::string_view text) {
  auto bytes = FromHex(text);
  if (!bytes || bytes->empty() || bytes->size() > 20) return std::nullopt;
  bytes->erase(bytes->begin(), std::find_if(bytes->begin(), bytes->end(), [](uint8_t b) { return b != 0; }));
  return bytes;
}

inline std::optional<Bytes> ParseMeasurement(std::string_view text) {
  auto bytes = FromHex(text);
  return bytes && (bytes->size() == 32 || bytes->size() == 48) ? bytes : std::nullopt;
}

// -- kinds of keys --

// A list that says which values pass: an empty one would let nothing pass, or be taken for none.
TomlKey NotEmpty(const TomlReader& r, TomlKey key) {
  return {key.name, [&r, key](const toml::node& node) -> Status {
            const toml::array* list = node.as_array();
            if (list != nullptr && list->empty()) return r.Fail(node, StrCat(key.name, " must not be empty"));
            return key.read(node);
          }};
}

template <class Id>
TomlKey IdsKey(const TomlReader& r, std::string_view name, std::vector<Id>& out) {
  return NotEmpty(r, {name, [&r, name, &out](const toml::node& node) {
                        const std::string wanted = StrCat(2 * Id::kSize, " hex digits each");
                        return ListKey(
                                   r, name, out, [](std::string_view text) { return Id::FromHex(text); },
                                   wanted)
                            .read(node);
                      }});
}

template <class N>
TomlKey NumbersKey(const TomlReader& r, std::string_view name, std::vector<N>& out) {
  return NotEmpty(r, {name, [&r, name, &out](const toml::node& node) -> Status {
                        const toml::array* list = node.as_array();
                        if (list == nullptr) return r.Fail(node, StrCat(name, " must be a list of numbers"));
                        out.clear();
                        for (const toml::node& entry : *list) {
                          TRY_ASSIGN(const N number, ReadNumber<N>(r, entry, name));
                          out.push_back(number);
                        }
                        return {};
                      }});
}

// A set, read as a list.
template <class T, class Parse>
TomlKey SetKey(const TomlReader& r, std::string_view name, std::set<T>& out, Parse parse,
               std::string_view wanted) {
  return {name, [&r, name, &out, parse, wanted](const toml::node& node) -> Status {
            std::vector<T> list;
            TRY(ListKey(r, name, list, parse, wanted).read(node));
            out = std::set<T>(list.begin(), list.end());
            return {};
          }};
}

// Value and mask, two keys. The value's name begins the mask's, so it is read first.
template <size_t N>
void AddPatternKeys(const TomlReader& r, std::string_view name, std::string_view mask_name,
                    std::optional<BitPattern<N>>& out, TomlKeys& keys) {
  const auto read = [&r](const toml::node& node, std::string_view key) -> Result<std::array<uint8_t, N>> {
    const auto parse = [](std::string_view text) {
      std::array<uint8_t, N> bytes{};
      return FromHexInto(text, bytes) ? std::optional(bytes) : std::nullopt;
    };
    return ReadText<std::array<uint8_t, N>>(r, node, key, parse, StrCat(2 * N, " hex digits"));
  };
  keys.push_back({name, [=, &out](const toml::node& node) -> Status {
                    TRY_ASSIGN(const auto value, read(node, name));
                    out = BitPattern<N>{value};
                    return {};
                  }});
  keys.push_back({mask_name, [=, &r, &out](const toml::node& node) -> Status {
                    if (!out) return r.Fail(node, StrCat(mask_name, " without ", name));
                    TRY_ASSIGN(out->mask, read(node, mask_name));
                    return {};
                  }});
}

inline TomlKey BitNamesKey(const TomlReader& r, std::string_view name, std::span<const NamedBit> bits,
                           uint64_t& out) {
  return {name, [&r, name, bits, &out](const toml::node& node) -> Status {
            std::string wanted;
            for (const NamedBit& bit : bits) wanted += StrCat(wanted.empty() ? "" : ", ", bit.name);
            std::vector<uint64_t> masks;
            TRY(ListKey(
                    r, name, masks, [=](std::string_view text) { return MaskOfBit(bits, text); }, wanted)
                    .read(node));
            out = 0;
            for (const uint64_t mask : masks) out |= mask;
            return {};
          }};
}

inline TomlKey BitNumbersKey(const TomlReader& r, std::string_view name, uint64_t& out) {
  return {name, [&r, name, &out](const toml::node& node) -> Status {
            const toml::array* list = node.as_array();
            if (list == nullptr) return r.Fail(node, StrCat(name, " must be a list of bit numbers"));
            out = 0;
            for (const toml::node& entry : *list) {
              TRY_ASSIGN(const uint8_t bit, ReadNumber<uint8_t>(r, entry, name, 63));
              out |= uint64_t{1} << bit;
            }
            return {};
          }};
}

// An id, or { id = "...", until = "..." }.
inline Result<AdvisoryEntry> ReadAdvisory(const TomlReader& r, const toml::node& node,
                                          std::string_view name) {
  constexpr std::string_view kId = "an advisory, as \"INTEL-SA-00657\" or { id = \"...\", until = \"...\" }";
  AdvisoryEntry entry;
  if (!node.is_table()) {
    TRY_ASSIGN(entry.id, ReadText<std::string>(r, node, name, ParseAdvisory, kId));
    return entry;
  }
  TRY(ReadTable(r, node, name,
                {ParsedKey(r, "id", entry.id, ParseAdvisory, kId),
                 ParsedKey(r, "until", entry.until, ParseTimeText, "a time, as \"2026-12-31T00:00:00Z\"")}));
  if (entry.id.empty()) return r.Fail(node, StrCat(name, ": an advisory needs its id"));
  return entry;
}

template <class Target>
TomlKey AdvisoriesKey(const TomlReader& r, std::string_view name, Target& out) {
  return {name, [&r, name, &out](const toml::node& node) -> Status {
            const toml::array* list = node.as_array();
            if (list == nullptr) return r.Fail(node, StrCat(name, " must be a list of advisories"));
            std::vector<AdvisoryEntry> entries;
            for (const toml::node& element : *list) {
              TRY_ASSIGN(AdvisoryEntry entry, ReadAdvisory(r, element, name));
              entries.push_back(std::move(entry));
            }
            out = std::move(entries);
            return {};
          }};
}

// min_reported_tcb.Genoa = { bootloader = 9, ... }. Names of the same CPUs (Siena, Bergamo) are one key.
inline TomlKey MinTcbKey(const TomlReader& r, std::string_view name, TcbMinimums& out) {
  return {name, [&r, name, &out](const toml::node& node) -> Status {
            const toml::table* table = node.as_table();
            if (table == nullptr || table->empty()) {
              return r.Fail(
                  node, StrCat(name, " must be a table by product or line: ", name, ".Genoa = { snp = 23 }"));
            }
            out.clear();
            std::map<amd::Cpus, const toml::key*> keys;
            for (const auto& [key, value] : *table) {
              const auto cpus = amd::Cpus::FromName(key.str());
              if (!cpus) return r.Fail(value, StrCat(name, ": no product or line ", key.str()));
              const auto [first, added] = keys.emplace(*cpus, &key);
              if (!added) {
                return r.FailAt(
                    key.source().begin.line,
                    StrCat(name, ".", key.str(), " and ", name, ".", first->second->str(), " in line ",
                           first->second->source().begin.line, " are of the same CPUs"));
              }
              TcbMinimum& tcb = out[*cpus];
              TRY(ReadTable(r, value, StrCat(name, ".", key.str()),
                            {NumberKey(r, "fmc", tcb.fmc), NumberKey(r, "bootloader", tcb.bootloader),
                             NumberKey(r, "tee", tcb.tee), NumberKey(r, "snp", tcb.snp),
                             NumberKey(r, "microcode", tcb.microcode)}));
            }
            return {};
          }};
}

// Of one bank: 7 = ["...", ...]
inline Status ReadPcrBank(const TomlReader& r, const toml::table& table, const tpm::PcrBank& bank,
                          std::map<uint8_t, std::vector<Bytes>>& out) {
  for (const auto& [number_text, values] : table) {
    const auto number = ParseDotted<1>(number_text.str());
    if (!number || number->front() >= tpm::kPcrCount)
      return r.Fail(values, StrCat("pcr.", bank.name, ": ", number_text.str(), " is not 0 to 31"));
    const std::string name = StrCat("pcr.", bank.name, ".", number_text.str());
    if (out.contains(number->front())) return r.Fail(values, StrCat(name, ": that PCR is there twice"));
    const auto parse = [&bank](std::string_view text) {
      auto bytes = FromHex(text);
      return bytes && bytes->size() == bank.digest_size ? bytes : std::nullopt;
    };
    const std::string wanted = StrCat(2 * bank.digest_size, " hex digits each");
    TRY(NotEmpty(r, ListKey(r, name, out[number->front()], parse, wanted)).read(values));
  }
  return {};
}

// pcr.sha256.7 = ["...", ...]
inline TomlKey PcrKey(const TomlReader& r, std::map<uint16_t, std::map<uint8_t, std::vector<Bytes>>>& out) {
  return {"pcr", [&r, &out](const toml::node& node) -> Status {
            const toml::table* table = node.as_table();
            if (table == nullptr || table->empty())
              return r.Fail(node, "pcr must be a table by bank and number: pcr.sha256.7 = [\"...\"]");
            out.clear();
            for (const auto& [name, value] : *table) {
              const tpm::PcrBank* const bank = tpm::FindPcrBank(name.str());
              const toml::table* const numbers = value.as_table();
              if (bank == nullptr || numbers == nullptr || numbers->empty())
                return r.Fail(value, StrCat("pcr.", name.str(),
                                            ": banks are sha256, sha384 and sha512, each a "
                                            "table by number"));
              TRY(ReadPcrBank(r, *numbers, *bank, out[bank->id]));
            }
            return {};
          }};
}

// required_pcrs.sha256 = [0, 7]
inline TomlKey RequiredPcrsKey(const TomlReader& r, std::map<uint16_t, std::set<uint16_t>>& out) {
  return {"required_pcrs", [&r, &out](const toml::node& node) -> Status {
            const toml::table* table = node.as_table();
            if (table == nullptr || table->empty())
              return r.Fail(node, "required_pcrs must be a table by bank: required_pcrs.sha256 = [0, 7]");
            out.clear();
            for (const auto& [name, value] : *table) {
              const tpm::PcrBank* const bank = tpm::FindPcrBank(name.str());
              if (bank == nullptr || bank->id == tpm::kSha1)
                return r.Fail(value,
                              StrCat("required_pcrs.", name.str(), ": banks are sha256, sha384 and sha512"));
              std::vector<uint32_t> numbers;
              TRY(NumbersKey(r, "required_pcrs", numbers).read(value));
              for (const uint32_t number : numbers) {
                if (number >= tpm::kPcrCount)
                  return r.Fail(value, StrCat("required_pcrs.", name.str(), ": a TPM has no PCR ", number));
                out[bank->id].insert(static_cast<uint16_t>(number));
              }
            }
            return {};
          }};
}

inline TomlKey EvidenceKey(const TomlReader& r, std::vector<EvidenceClass>& out) {
  return NotEmpty(
      r,
      {"evidence", [&r, &out](const toml::node& node) -> Status {
         const auto parse = [](std::string_view text) -> std::optional<std::vector<EvidenceClass>> {
           using enum EvidenceClass;
           if (text == "tdx") return std::vector{kTdx10, kTdx15};
           for (const EvidenceClass evidence : {kSgx, kTdx10, kTdx15, kSnp, kOpenEnclave, kTpm, kVbs}) {
             if (EvidenceClassName(evidence) == text) return std::vector{evidence};
           }
           return std::nullopt;
         };
         std::vector<std::vector<EvidenceClass>> lists;
         TRY(ListKey(
                 r, "evidence", lists, parse,
                 "\"sgx\", \"tdx_1.0\", \"tdx_1.5\", \"tdx\", \"snp\", \"open_enclave\", \"tpm\" and \"vbs\"")
                 .read(node));
         out.clear();
         for (const auto& list : lists) out.insert(out.end(), list.begin(), list.end());
         return {};
       }});
}

}  // namespace thimble
