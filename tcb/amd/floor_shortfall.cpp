// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/floor_shortfall.h"

#include <algorithm>
#include <array>

#include "tcb/base/text.h"

namespace thimble::amd {
namespace {

// The views, in the order in which one is named where several are equally low.
struct View {
  std::string_view name;
  std::optional<TcbVersion> SnpClaims::*tcb;
};
constexpr std::array<View, 4> kViews = {{{"reported", &SnpClaims::reported_tcb},
                                         {"committed", &SnpClaims::committed_tcb},
                                         {"current", &SnpClaims::current_tcb},
                                         {"launch", &SnpClaims::launch_tcb}}};
constexpr size_t kReported = 0, kCommitted = 1, kLaunch = 3;

uint8_t SplIn(const View& view, const SnpClaims& claims, TcbComponent component) {
  const auto& tcb = claims.*view.tcb;
  return tcb ? tcb->At(component).value_or(0) : uint8_t{0};
}

// The lowest of the first `count` views.
size_t LowestView(const SnpClaims& claims, TcbComponent component, size_t count) {
  size_t lowest = 0;
  for (size_t i = 1; i < count; ++i) {
    if (SplIn(kViews.at(i), claims, component) < SplIn(kViews.at(lowest), claims, component)) lowest = i;
  }
  return lowest;
}

Standing SplStanding(TcbComponent component, uint64_t need, const SnpClaims& claims) {
  const auto short_of = [&](size_t view) { return SplIn(kViews.at(view), claims, component) < need; };
  if (short_of(LowestView(claims, component, kLaunch))) return Standing::kShort;
  return short_of(kLaunch) ? Standing::kLaunchShort : Standing::kMet;
}

// Reports before version 5 have no vectors: that is neither set nor clear.
Standing MitigationStanding(uint64_t mask, const SnpClaims& claims) {
  if (!claims.current_mit_vector || !claims.launch_mit_vector) return Standing::kUnproven;
  if ((*claims.current_mit_vector & mask) != mask) return Standing::kBitClear;
  return (*claims.launch_mit_vector & mask) != mask ? Standing::kLaunchShort : Standing::kMet;
}

// ALIAS_CHECK_COMPLETE came with version 3.
Standing PlatformStanding(uint64_t mask, const SnpClaims& claims) {
  if ((claims.platform_info & mask) == mask) return Standing::kMet;
  return claims.version < 3 ? Standing::kUnproven : Standing::kBitClear;
}

std::string Hex(uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) {
    const auto digit = static_cast<size_t>(value >> shift & 0xf);
    if (digit != 0 || !out.empty() || shift == 0) out += kDigits.at(digit);
  }
  return StrCat("0x", out);
}

std::string WithPi(std::string what, const FloorCell& cell) {
  return cell.pi.empty() ? what : StrCat(what, " (", cell.pi, ")");
}

// ---- what cures it ----

std::string FirmwareOf(const FloorCell& cell) {
  const auto version = std::ranges::find(cell.min, FloorField::kVersion, &FloorRequirement::field);
  return version == cell.min.end() ? "SEV firmware" : StrCat("SEV firmware ", VersionText(version->value));
}

std::string MicrocodeOf(uint64_t need, const FloorLine& line) {
  std::string low = Hex(need).substr(2);
  if (low.size() < 2) low = StrCat("0", low);
  std::ranges::transform(low, low.begin(),
                         [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return line.patch.empty() ? "CPU microcode" : StrCat("CPU microcode 0x", line.patch, low);
}

std::string UpdateFor(TcbComponent component, uint64_t need, const FloorLine& line, const FloorCell& cell) {
  switch (component) {
    case TcbComponent::kMicrocode:
      return WithPi(MicrocodeOf(need, line), cell);
    case TcbComponent::kSnp:
      return WithPi(FirmwareOf(cell), cell);
    case TcbComponent::kFmc:
      return WithPi("platform firmware (BIOS: FMC)", cell);
    case TcbComponent::kBootloader:
      return WithPi("platform firmware (BIOS: PSP boot loader)", cell);
    case TcbComponent::kTee:
      break;
  }
  return WithPi("platform firmware (BIOS: PSP OS)", cell);
}

Shortfall DescribeSpl(TcbComponent component, uint64_t need, const SnpClaims& claims, const FloorLine& line,
                      const FloorCell& cell) {
  const size_t place = LowestView(claims, component, kViews.size());
  const View& view = kViews.at(place);
  const bool held_back = place == kReported && SplIn(kViews.at(kCommitted), claims, component) >= need;
  std::string update = UpdateFor(component, need, line, cell);
  if (place == kLaunch) update = "relaunch of the guest: the host has been updated since it was started";
  if (held_back) update = "SNP_SET_CONFIG on the host: the reported TCB is held below the committed one";
  Shortfall out{StrCat("snp.", ComponentName(component)), SplIn(view, claims, component),
                static_cast<uint32_t>(need), std::move(update)};
  out.view = view.name;
  return out;
}

Shortfall DescribeVersion(uint64_t need, const SnpClaims& claims, const FloorCell& cell) {
  const bool committed = claims.committed_version <= claims.current_version;
  const uint64_t have = PackVersion(committed ? claims.committed_version : claims.current_version);
  Shortfall out{"snp.firmware", static_cast<uint32_t>(have), static_cast<uint32_t>(need),
                WithPi(FirmwareOf(cell), cell)};
  out.view = committed ? "committed" : "current";
  out.have_text = VersionText(have);
  out.need_text = VersionText(need);
  return out;
}

Shortfall DescribeBits(const FloorRequirement& requirement, const SnpClaims& claims, const FloorCell& cell) {
  const bool platform = requirement.field == FloorField::kPlatformBits;
  const bool launch = !platform && StandingOf(requirement, claims) == Standing::kLaunchShort;
  const uint64_t have = platform
                            ? claims.platform_info
                            : (launch ? claims.launch_mit_vector : claims.current_mit_vector).value_or(0);
  Shortfall out;
  out.component = platform ? "snp.platform_info" : "snp.mit_vector";
  out.view = launch ? "launch" : "current";
  out.have_text = Hex(have);
  out.need_text = BitsText(requirement.value);
  out.update = platform ? WithPi("BIOS that sets it", cell)
               : launch
                   ? "relaunch of the guest: the host has been updated since it was started"
                   : WithPi("SNP_VERIFY_MITIGATION on the host, or its next boot with the fixed BIOS", cell);
  return out;
}

}  // namespace

std::string BitsText(uint64_t mask) {
  std::string list;
  size_t count = 0;
  for (size_t bit = 0; bit < 64; ++bit) {
    if ((mask >> bit & 1) == 0) continue;
    list += StrCat(count++ == 0 ? "" : ", ", bit);
  }
  return StrCat(count == 1 ? "bit " : "bits ", list);
}

Standing StandingOf(const FloorRequirement& requirement, const SnpClaims& claims) {
  const uint64_t need = requirement.value;
  if (const auto component = ComponentOf(requirement.field)) return SplStanding(*component, need, claims);
  switch (requirement.field) {
    case FloorField::kVersion:
      return std::min(PackVersion(claims.committed_version), PackVersion(claims.current_version)) < need
                 ? Standing::kShort
                 : Standing::kMet;
    case FloorField::kPlatformBits:
      return PlatformStanding(need, claims);
    default:
      return MitigationStanding(need, claims);
  }
}

Shortfall DescribeShortfall(const FloorRequirement& requirement, const SnpClaims& claims,
                            const FloorLine& line, const FloorCell& cell) {
  const auto component = ComponentOf(requirement.field);
  if (component) return DescribeSpl(*component, requirement.value, claims, line, cell);
  if (requirement.field == FloorField::kVersion) return DescribeVersion(requirement.value, claims, cell);
  return DescribeBits(requirement, claims, cell);
}

}  // namespace thimble::amd
