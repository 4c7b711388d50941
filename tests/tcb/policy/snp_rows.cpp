// SPDX-License-Identifier: Apache-2.0
#include "tcb/check.h"
#include "tests/tcb/policy/rule_rows.h"

namespace thimble {
namespace {

template <class Id>
RuleRow SnpRow(std::string key, std::vector<Id> SnpRules::*list, Id SnpClaims::*field, const char* byte) {
  return AnyOfRow("snp." + key, GoodSnp(), &Policy::snp, list, field, byte);
}

RuleRow MinTcbRow(std::string key, TcbMinimums SnpRules::*minimums,
                  std::optional<amd::TcbVersion> SnpClaims::*tcb, uint8_t snp) {
  return {"snp." + key,
          "snp",
          GoodSnp(),
          [=](Policy& p) {
            TcbMinimum minimum;
            minimum.bootloader = uint8_t{9};
            minimum.snp = snp;
            p.snp.*minimums = {{amd::Product::kGenoa, minimum}};
          },
          Snp([=](SnpClaims& c) { --*(c.*tcb)->snp; }),
          R"({"product":"Genoa","line":"Genoa-B1","bootloader":9,"snp":)" + std::to_string(snp) + "}",
          "",
          ""};
}

amd::Cpus Named(std::string_view name) { return amd::Cpus::FromName(name).value(); }

// Microcode counts apart there: 28 is fixed on Siena, and 84 on Genoa.
Verdict OnSiena() {
  Verdict verdict = GoodSnp();
  auto& claims = ClaimsOf<SnpClaims>(verdict);
  claims.cpuid = FactsOf<amd::PlatformFacts>(verdict).cpuid = amd::CpuId{0x19, 0xa0, 2};
  claims.reported_tcb->microcode = 28;
  return verdict;
}
Verdict UnknownGenoa(uint8_t microcode) {
  Verdict verdict = GoodSnp();
  auto& claims = ClaimsOf<SnpClaims>(verdict);
  claims.cpuid.reset();
  claims.reported_tcb->microcode = microcode;
  return verdict;
}

RuleRow BitRow(std::string key, std::string side, uint64_t SnpRules::*mask, uint64_t bits,
               std::function<void(SnpClaims&)> bend, std::string wanted) {
  return {"snp." + key, std::move(side),   GoodSnp(), [=](Policy& p) { p.snp.*mask = bits; },
          Snp(bend),    std::move(wanted), "",        ""};
}

RuleRows SnpMeasurementRows() {
  return {
      {"snp.products", "", GoodSnp(),
       [](Policy& p) {
         p.snp.products = {amd::Product::kGenoa, amd::Product::kTurin};
       },
       [](Verdict& v) { FactsOf<amd::PlatformFacts>(v).product = amd::Product::kMilan; },
       R"(["Genoa","Turin"])", R"("Genoa")", R"("Milan")"},
      {"snp.products", "a line", OnSiena(), [](Policy& p) { p.snp.products = {Named("Siena")}; },
       [](Verdict& v) {
         FactsOf<amd::PlatformFacts>(v).cpuid = amd::CpuId{0x19, 0x11, 1};
       },
       R"(["Siena"])", R"("Siena-A2")", R"("Genoa-B1")"},
      {"snp.products", "a version 2 report is of no line", OnSiena(),
       [](Policy& p) { p.snp.products = {Named("Siena")}; },
       [](Verdict& v) { FactsOf<amd::PlatformFacts>(v).cpuid.reset(); }, "", "", R"("Genoa")"},
      SnpRow("family_id", &SnpRules::family_id, &SnpClaims::family_id, "21"),
      SnpRow("image_id", &SnpRules::image_id, &SnpClaims::image_id, "22"),
      SnpRow("measurement", &SnpRules::measurement, &SnpClaims::measurement, "23"),
      SnpRow("host_data", &SnpRules::host_data, &SnpClaims::host_data, "24"),
      SnpRow("id_key_digest", &SnpRules::id_key_digest, &SnpClaims::id_key_digest, "25"),
      SnpRow("author_key_digest", &SnpRules::author_key_digest, &SnpClaims::author_key_digest, "26"),
      {"snp.author_key_digest", "AUTHOR_KEY_EN", GoodSnp(),
       [](Policy& p) { p.snp.author_key_digest = {Filled<decltype(SnpClaims::author_key_digest)>(0x26)}; },
       Snp([](SnpClaims& c) { c.author_key_en = false; }), "", Hex(48, "26"), "null"},
  };
}

RuleRows SnpGuestRows() {
  return {
      {"snp.min_guest_svn", "", GoodSnp(), [](Policy& p) { p.snp.min_guest_svn = 3; },
       Snp([](SnpClaims& c) { c.guest_svn = 2; }), "3", "3", "2"},
      {"snp.vmpl", "", GoodSnp(),
       [](Policy& p) {
         p.snp.vmpl = {0, 1};
       },
       Snp([](SnpClaims& c) { c.vmpl = 2; }), "[0,1]", "1", "2"},
  };
}

RuleRows SnpBitRows() {
  constexpr uint64_t kSmt = 1u << 16, kSingleSocket = 1u << 20, kCxl = 1u << 21;
  return {
      BitRow(
          "policy_required", "a restriction", &SnpRules::policy_required, kSingleSocket,
          [](SnpClaims& c) { c.policy &= ~kSingleSocket; }, R"(["SINGLE_SOCKET"])"),
      BitRow(
          "policy_required", "a permission", &SnpRules::policy_required, kSmt,
          [](SnpClaims& c) { c.policy &= ~kSmt; }, R"(["SMT"])"),
      BitRow(
          "policy_forbidden", "a permission", &SnpRules::policy_forbidden, kCxl,
          [](SnpClaims& c) { c.policy |= kCxl; }, R"(["CXL_ALLOW"])"),
      BitRow(
          "policy_forbidden", "a restriction", &SnpRules::policy_forbidden, 1u << 25,
          [](SnpClaims& c) { c.policy |= 1u << 25; }, R"(["PAGE_SWAP_DISABLE"])"),
      BitRow(
          "platform_info_required", "", &SnpRules::platform_info_required, 1u << 5,
          [](SnpClaims& c) { c.platform_info = 0x04; }, R"(["ALIAS_CHECK_COMPLETE"])"),
      BitRow(
          "platform_info_forbidden", "", &SnpRules::platform_info_forbidden, 1u << 1,
          [](SnpClaims& c) { c.platform_info |= 2; }, R"(["TSME_EN"])"),
  };
}

RuleRows MinTcbRows() {
  return {
      {"snp.min_abi", "minor", GoodSnp(),
       [](Policy& p) {
         p.snp.min_abi = AbiVersion{1, 51};
       },
       Snp([](SnpClaims& c) { --c.policy; }), R"("1.51")", R"("1.51")", R"("1.50")"},
      {"snp.min_abi", "major", GoodSnp(),
       [](Policy& p) {
         p.snp.min_abi = AbiVersion{1, 0};
       },
       Snp([](SnpClaims& c) { c.policy -= 0x100; }), R"("1.0")", R"("1.51")", R"("0.51")"},
      MinTcbRow("min_reported_tcb", &SnpRules::min_reported_tcb, &SnpClaims::reported_tcb, 23),
      MinTcbRow("min_committed_tcb", &SnpRules::min_committed_tcb, &SnpClaims::committed_tcb, 24),
      MinTcbRow("min_current_tcb", &SnpRules::min_current_tcb, &SnpClaims::current_tcb, 25),
      MinTcbRow("min_launch_tcb", &SnpRules::min_launch_tcb, &SnpClaims::launch_tcb, 22),
      {"snp.min_reported_tcb", "a product without a minimum", GoodSnp(),
       [](Policy& p) {
         p.snp.min_reported_tcb = {{amd::Product::kGenoa, {}}};
       },
       Snp([](SnpClaims& c) { c.reported_tcb->product = amd::Product::kMilan; }), "", "", ""},
  };
}

RuleRows MinTcbOfLinesRows() {
  const auto genoa_and_siena = [](Policy& p) {
    TcbMinimum& genoa = p.snp.min_reported_tcb[Named("Genoa")];
    genoa.snp = uint8_t{23};
    genoa.microcode = uint8_t{84};
    p.snp.min_reported_tcb[Named("Siena")].microcode = uint8_t{25};
  };
  return {
      {"snp.min_reported_tcb", "a line's own numbers", OnSiena(), genoa_and_siena, Snp([](SnpClaims& c) {
         c.cpuid = {0x19, 0x11, 1};
       }),
       R"({"product":"Genoa","line":"Siena-A2","snp":23,"microcode":25})", "",
       R"({"product":"Genoa","line":"Genoa-B1","bootloader":9,"tee":0,"snp":23,"microcode":28})"},
      {"snp.min_reported_tcb", "a line has its product's other numbers", OnSiena(), genoa_and_siena,
       Snp([](SnpClaims& c) { c.reported_tcb->snp = 22; }), "", "", ""},
      {"snp.min_reported_tcb", "a line below its own number", OnSiena(), genoa_and_siena,
       Snp([](SnpClaims& c) { c.reported_tcb->microcode = 24; }), "", "", ""},
      {"snp.min_reported_tcb", "a CPU that is not known has to reach the product's", UnknownGenoa(84),
       genoa_and_siena, Snp([](SnpClaims& c) { c.reported_tcb->microcode = 83; }),
       R"({"product":"Genoa","snp":23,"microcode":84})", "", ""},
      {"snp.min_reported_tcb", "and each line's", UnknownGenoa(90),
       [](Policy& p) {
         p.snp.min_reported_tcb[Named("Genoa")].microcode = uint8_t{84};
         p.snp.min_reported_tcb[Named("Siena")].microcode = uint8_t{25};
         p.snp.min_reported_tcb[Named("Genoa-X")].microcode = uint8_t{90};
       },
       Snp([](SnpClaims& c) { c.reported_tcb->microcode = 89; }), "", "", ""},
      {"snp.min_reported_tcb", "it may be one without a minimum", OnSiena(),
       [](Policy& p) { p.snp.min_reported_tcb[Named("Siena")].microcode = uint8_t{25}; },
       Snp([](SnpClaims& c) { c.cpuid.reset(); }), "", "", ""},
  };
}

RuleRows FirmwareRows() {
  return {
      {"snp.min_reported_tcb", "fmc",
       [] {
         Verdict v = GoodSnp();
         ClaimsOf<SnpClaims>(v).reported_tcb = {amd::Product::kTurin, 1, 1, 4, 81, uint8_t{2}};
         return v;
       }(),
       [](Policy& p) {
         TcbMinimum minimum;
         minimum.fmc = uint8_t{2};
         p.snp.min_reported_tcb = {{amd::Product::kTurin, minimum}};
       },
       Snp([](SnpClaims& c) { c.reported_tcb->fmc = uint8_t{1}; }), R"({"product":"Turin","fmc":2})", "", ""},
      {"snp.min_current_version", "", GoodSnp(),
       [](Policy& p) {
         p.snp.min_current_version = amd::FirmwareVersion{1, 55, 40};
       },
       Snp([](SnpClaims& c) {
         c.current_version = {1, 54, 99};
       }),
       R"("1.55.40")", R"("1.55.40")", R"("1.54.99")"},
      {"snp.min_committed_version", "", GoodSnp(),
       [](Policy& p) {
         p.snp.min_committed_version = amd::FirmwareVersion{1, 55, 37};
       },
       Snp([](SnpClaims& c) { c.committed_version.build = 36; }), R"("1.55.37")", R"("1.55.37")",
       R"("1.55.36")"},
      {"snp.current_mitigations", "", GoodSnp(), [](Policy& p) { p.snp.current_mitigations = 0x3; },
       Snp([](SnpClaims& c) { c.current_mit_vector = 0x5; }), "[0,1]", "[0,1,2]", "[0,2]"},
      {"snp.launch_mitigations", "", GoodSnp(), [](Policy& p) { p.snp.launch_mitigations = 0x4; },
       Snp([](SnpClaims& c) { c.launch_mit_vector = 0x1; }), "[2]", "[0,2]", "[0]"},
      {"snp.launch_mitigations", "a report before version 5", GoodSnp(),
       [](Policy& p) { p.snp.launch_mitigations = 0x4; },
       Snp([](SnpClaims& c) { c.launch_mit_vector.reset(); }), "", "", "null"},
  };
}

RuleRows ChipRows() {
  const auto csp = [](Policy& p) { p.snp.csp_id = {"CN=other", "CN=cc-us-east-2.amazonaws.com"}; };
  const auto chip = [](Policy& p) { p.snp.chip_id = {Filled<amd::ChipId>(0x27)}; };
  return {
      {"snp.allow_masked_chip_id", "", GoodSnp(), [](Policy&) {},
       [](Verdict& v) { AddFinding(v, Check::kSnpChipIdMasked); }, "false", "false", "true"},
      SnpRow("chip_id", &SnpRules::chip_id, &SnpClaims::chip_id, "27"),
      {"snp.chip_id", "masked: the certificate's hwID", GoodSnpMasked(), chip,
       [](Verdict& v) { FactsOf<amd::PlatformFacts>(v).hwid = Bytes(64, 0x28); }, List(Hex(64, "27")),
       Hex(64, "27"), Hex(64, "28")},
      {"snp.chip_id", "a VLEK shows no chip", GoodSnp(), chip,
       [](Verdict& v) { FactsOf<amd::PlatformFacts>(v).signing_key = amd::SigningKey::kVlek; }, "", "",
       "null"},
      {"snp.csp_id", "another provider", GoodSnpVlek(), csp,
       [](Verdict& v) { FactsOf<amd::PlatformFacts>(v).csp_id = "CN=cc-eu-west-1.amazonaws.com"; },
       R"(["CN=other","CN=cc-us-east-2.amazonaws.com"])", R"("CN=cc-us-east-2.amazonaws.com")",
       R"("CN=cc-eu-west-1.amazonaws.com")"},
      {"snp.csp_id", "a VCEK names no provider", GoodSnpVlek(), csp,
       [](Verdict& v) {
         FactsOf<amd::PlatformFacts>(v).signing_key = amd::SigningKey::kVcek;
         FactsOf<amd::PlatformFacts>(v).csp_id.reset();
       },
       "", "", "null"},
      {"snp.csp_id", "both lists, a VLEK", GoodSnpVlek(),
       [=](Policy& p) {
         csp(p);
         chip(p);
       },
       [](Verdict& v) { FactsOf<amd::PlatformFacts>(v).csp_id = "CN=else"; }, "", "", ""},
      {"snp.chip_id", "both lists, a VCEK", GoodSnp(),
       [=](Policy& p) {
         csp(p);
         chip(p);
       },
       Snp([](SnpClaims& c) { c.chip_id = Filled<amd::ChipId>(0x28); }), "", "", ""},
  };
}

}  // namespace

RuleRows SnpRows() {
  return Joined({SnpMeasurementRows(), SnpGuestRows(), SnpBitRows(), MinTcbRows(), MinTcbOfLinesRows(),
                 FirmwareRows(), ChipRows()});
}

}  // namespace thimble
