// SPDX-License-Identifier: Apache-2.0
//
// Floor documents for tests: the one that comes with Thimble, a small one to bend, and reports of one TCB to judge.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tcb/amd/floor.h"
#include "tcb/amd/floor_document.h"
#include "tcb/amd/product.h"
#include "tests/support/paths.h"

namespace thimble::amd {

using Json = nlohmann::ordered_json;

inline std::string BuiltinFloorsText() {
  std::ifstream in(test::SourceDir() / "deploy/baselines/amd-floors.json");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}
inline FloorDocument Builtin() { return ParseFloors(BuiltinFloorsText()).value(); }

// Two lines of Genoa, one of Turin, three bulletins.
inline Json SmallFloors() {
  return Json::parse(R"({
    "format": "amd-floors/2", "name": "small", "number": 1, "previous": null,
    "issued": "2026-05-01", "reviewed": "2026-05-02", "stale_after": "2026-07-01",
    "sources": {"amd": "AMD's text", "guess": "ours"}, "uncertain": ["everything"],
    "cpus": [
      {"id": "G1", "title": "Genoa one", "product": "Genoa", "family": 25, "models": [17, 17], "steppings": [1, 1], "patch": "0A1011"},
      {"id": "G2", "title": "Genoa two", "product": "Genoa", "family": 25, "models": [17, 17], "steppings": [2, 2], "patch": "0A1012"},
      {"id": "T", "title": "Turin", "product": "Turin", "family": 26, "models": [0, 15], "steppings": [0, 15]}],
    "bulletins": [
      {"id": "B-1", "title": "One", "published": "2025-02-03", "cves": ["CVE-1"], "score": "7.2", "effect": "bad",
       "require": {
         "G1": {"min": [{"snp": 23, "microcode": 84, "grade": "A", "sources": ["amd"]}], "pi": "GenoaPI 1"},
         "G2": {"min": [{"snp": 23, "microcode": 79, "grade": "A", "sources": ["amd"]}]},
         "T": {"not_named": "Zen 5", "grade": "?", "sources": ["guess"]}}},
      {"id": "B-2", "title": "Two", "published": "2025-10-14", "cves": [], "effect": "worse",
       "require": {
         "G1": {"min": [
           {"snp": 27, "version": "1.55.49", "grade": "1", "sources": ["amd"]},
           {"mit_bits": [1], "platform_bits": [5], "grade": "2", "sources": ["amd"]}]},
         "G2": {"unknown": "not seen", "grade": "A", "sources": ["amd"],
                "inferred": [{"snp": 27, "grade": "?", "sources": ["guess"]}]},
         "T": {"min": [{"fmc": 1, "bootloader": 1, "tee": 2, "snp": 4, "grade": "A", "sources": ["amd"]}]}}},
      {"id": "B-3", "title": "Three", "published": "2026-01-15", "cves": [], "effect": "threads",
       "require": {
         "G1": {"min": [{"microcode": 86, "grade": "2", "sources": ["amd"]}], "or_policy_forbids": ["SMT"]},
         "G2": {"not_attestable": "PI only", "grade": "A", "sources": ["amd"]},
         "T": {"not_affected": "AMD says so", "grade": "A", "sources": ["amd"]}}}],
    "levels": {"first": ["B-1"], "both": ["B-1", "B-2"]}})");
}

inline FloorsPtr Parsed(const Json& document) {
  auto parsed = ParseFloors(document.dump());
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return parsed.ok() ? std::make_shared<const FloorDocument>(std::move(parsed).value()) : nullptr;
}

inline constexpr Instant kFloorNow = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1};
inline constexpr Instant kLater = std::chrono::sys_days{std::chrono::year{2026} / 12 / 1};

inline void ForEachView(SnpClaims& claims, const std::function<void(TcbVersion&)>& change) {
  for (auto* tcb : {&claims.reported_tcb, &claims.committed_tcb, &claims.current_tcb, &claims.launch_tcb})
    change(tcb->value());
}
inline void SetInAll(SnpClaims& claims, TcbComponent component, uint8_t value) {
  ForEachView(claims, [&](TcbVersion& tcb) { tcb.At(component) = value; });
}

// A report of version 5 with everything at its highest.
inline SnpClaims BestClaims(const CpuId& cpuid) {
  SnpClaims claims;
  claims.version = 5;
  claims.policy = uint64_t{1} << 16;  // SMT is permitted
  claims.cpuid = cpuid;
  claims.platform_info = claims.current_mit_vector.emplace() = claims.launch_mit_vector.emplace() =
      ~uint64_t{0};
  claims.committed_version = claims.current_version = {1, 255, 255};
  constexpr std::array<uint8_t, 8> kHighest = {255, 255, 255, 255, 255, 255, 255, 255};
  const TcbVersion tcb = TcbVersion::Decode(ProductFromCpuId(cpuid).value(), kHighest);
  claims.reported_tcb = claims.committed_tcb = claims.current_tcb = claims.launch_tcb = tcb;
  return claims;
}

inline Verdict Judged(const SnpClaims& claims, const FloorsPtr& floors, std::string_view level = kAllLevel,
                      Instant at = kFloorNow, AmdFloorMode mode = AmdFloorMode::kRequire) {
  Verdict verdict;
  verdict.tee = Tee::kSnp;
  verdict.authentic = true;
  verdict.at = at;
  verdict.claims = claims;
  ApplyFloors(verdict, floors, level, mode);
  return verdict;
}

// "B-2 reported snp.snp 26<27"
inline std::vector<std::string> ShortOf(const Verdict& verdict) {
  std::vector<std::string> out;
  for (const Shortfall& s : verdict.shortfalls) {
    out.push_back(s.bulletin + " " + s.view + " " + s.component + " " +
                  (s.have_text.empty() ? std::to_string(s.have) : s.have_text) + "<" +
                  (s.need_text.empty() ? std::to_string(s.need) : s.need_text));
  }
  return out;
}

}  // namespace thimble::amd
