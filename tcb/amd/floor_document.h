// SPDX-License-Identifier: Apache-2.0
//
// Minimum TCBs for SEV-SNP by security bulletin and CPU line (spec/amd-floors.md section 9). AMD publishes no signed status;
// such a document is local policy with sources. Its world is closed: every bulletin says of every line either what it
// asks, or in which way that is not known. docs/AMD-FLOORS.md shows the document that comes with Thimble.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/amd/claims.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble::amd {

// How well a value is known (spec/amd-floors.md section 0). kGuess and kWithdrawn never judge.
enum class Grade : uint8_t { kAmd, kTwoSources, kOneSource, kOperator, kGuess, kWithdrawn };
std::string_view GradeName(Grade grade);  // "A", "2", "1", "operator", "?", "W"
constexpr bool Judges(Grade grade) { return grade < Grade::kGuess; }

enum class FloorField : uint8_t {
  kFmc,
  kBootloader,
  kTee,
  kSnp,
  kMicrocode,
  kVersion,         // of the SEV firmware: major << 16 | minor << 8 | build
  kPlatformBits,    // of PLATFORM_INFO: a mask
  kMitigationBits,  // of both mitigation vectors: a mask
};
std::string_view FieldName(
    FloorField field);  // "fmc", ..., "microcode", "version", "platform_bits", "mit_bits"
// The component of the TCB that the field is; absent for the last three.
std::optional<TcbComponent> ComponentOf(FloorField field);
constexpr bool IsMask(FloorField field) { return field >= FloorField::kPlatformBits; }

constexpr uint64_t PackVersion(const FirmwareVersion& version) {
  return uint64_t{version.major} << 16 | uint64_t{version.minor} << 8 | version.build;
}
std::string VersionText(uint64_t packed);  // "1.55.29", in decimal

// A minimum, or for masks the bits that have to be set.
struct FloorRequirement {
  FloorField field{};
  uint64_t value = 0;
  Grade grade{};
  std::vector<std::string> sources;  // ids of the document's list
};

enum class CellKind : uint8_t { kMin, kNotAffected, kNotNamed, kNotAttestable, kUnknown };
std::string_view CellKindName(
    CellKind kind);  // "min", "not_affected", "not_named", "not_attestable", "unknown"

// An operator takes the risk of a bulletin for a while. It shows as waived, never as met.
struct FloorWaiver {
  std::string reason;
  Instant until{};
};

// What one bulletin says of one line.
struct FloorCell {
  CellKind kind{};
  // kMin: what is asked. Else: why nothing is, how well that is known, and from where.
  std::vector<FloorRequirement> min;
  std::string why;
  Grade grade{};
  std::vector<std::string> sources;

  std::vector<FloorRequirement> inferred;  // of grades that do not judge: for the reader
  // Bits of the guest's POLICY: a guest that permits none of them meets the bulletin, too. 0: no such way.
  uint64_t or_policy_forbids = 0;
  std::string pi;  // the platform initialisation package that has the fix; a report does not carry it
  std::optional<FloorWaiver> waiver;
};

struct FloorBulletin {
  std::string id, title, effect;
  Instant published{};
  std::vector<std::string> cves;
  std::string score;           // CVSS, the highest of them; empty where none was seen
  bool every_verdict = false;  // not attestable in principle: said of the line at every level
};

// CPUs whose firmware and microcode count alike.
struct FloorLine {
  std::string id, title;
  Product product{};
  uint8_t family = 0, first_model = 0, last_model = 0, first_stepping = 0, last_stepping = 0;
  std::string patch;             // microcode patch levels without their last byte, "0A0011"
  std::vector<FloorCell> cells;  // in the order of the document's bulletins

  bool Contains(const CpuId& cpuid) const;
  bool exact() const { return first_model == last_model && first_stepping == last_stepping; }
};

struct FloorLevel {
  std::string name;
  std::vector<bool> holds;  // in the order of the document's bulletins
};
inline constexpr std::string_view kAllLevel = "all";  // every bulletin; moves with the document

// An operator's own document over this one.
struct OverlayFacts {
  std::string name;
  uint32_t number = 0;
  Digest256 sha256;
};

struct FloorDocument {
  std::string name;
  uint32_t number = 0;                // strictly rises
  std::optional<Digest256> previous;  // of the document before; absent in the first
  Instant issued{}, reviewed{};
  Instant stale_after{};  // the last second of that day
  Digest256 sha256;       // of the bytes
  std::map<std::string, std::string> sources;
  std::vector<std::string> uncertain;  // in order of harm
  std::vector<FloorBulletin> bulletins;
  std::vector<FloorLine> lines;
  std::vector<FloorLevel> levels;  // kAllLevel is the last
  std::optional<OverlayFacts> overlay;
  // What all lines of a product ask alike: of a report that does not name its CPU.
  std::map<Product, FloorLine> in_common;

  const FloorLine* LineOf(const CpuId& cpuid) const;  // null: in no range
  const FloorLine* FindLine(std::string_view id) const;
  std::optional<size_t> FindBulletin(std::string_view id) const;  // its place
  const FloorLevel* FindLevel(std::string_view level) const;

  // "thimble-amd-floors 7", with the overlay's after it: "thimble-amd-floors 7 + ours 2".
  std::string Title() const;
  // Sets in_common, from the lines.
  void FindCommon();
};
using FloorsPtr = std::shared_ptr<const FloorDocument>;

// Strictly: kMalformed (policy.format) naming the bulletin and the line for whatever is missing, unknown, said twice,
// out of range, or contradicts another part.
Result<FloorDocument> ParseFloors(std::string_view text);

std::string DayText(Instant day);  // "2026-11-30"

}  // namespace thimble::amd
