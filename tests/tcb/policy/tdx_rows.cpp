// SPDX-License-Identifier: Apache-2.0
#include "tcb/check.h"
#include "tests/tcb/policy/rule_rows.h"

namespace thimble {
namespace {

RuleRow TdxRow(std::string key, std::vector<intel::Measurement384> TdxRules::*list,
               intel::Measurement384 TdxClaims::*field, const char* byte) {
  return AnyOfRow("tdx." + key, GoodTdx10(), &Policy::tdx, list, field, byte);
}
// TD attributes, with what the verifier finds in them.
std::function<void(Verdict&)> Attributes(std::array<uint8_t, 8> bytes, Check finding) {
  return [=](Verdict& v) {
    ClaimsOf<TdxClaims>(v).td_attributes = decltype(TdxClaims::td_attributes)(bytes);
    if (finding != Check::kNone) AddFinding(v, finding);
  };
}
Verdict MigratableTdx() {
  Verdict verdict = GoodTdx10();
  Attributes({0, 0, 0, 0x30}, Check::kTdxMigratable)(verdict);
  return verdict;
}
Verdict NoServiceTd() {
  Verdict verdict = GoodTdx15();
  ClaimsOf<TdxClaims>(verdict).mr_service_td.emplace();
  return verdict;
}
RuleRows TdMeasurementRows() {
  return {
      TdxRow("mrtd", &TdxRules::mrtd, &TdxClaims::mr_td, "11"),
      TdxRow("mrseam", &TdxRules::mrseam, &TdxClaims::mr_seam, "12"),
      TdxRow("mrconfigid", &TdxRules::mrconfigid, &TdxClaims::mr_config_id, "13"),
      TdxRow("mrowner", &TdxRules::mrowner, &TdxClaims::mr_owner, "14"),
      TdxRow("mrownerconfig", &TdxRules::mrownerconfig, &TdxClaims::mr_owner_config, "15"),
      TdxRow("rtmr0", &TdxRules::rtmr0, &TdxClaims::rtmr0, "16"),
      TdxRow("rtmr1", &TdxRules::rtmr1, &TdxClaims::rtmr1, "17"),
      TdxRow("rtmr2", &TdxRules::rtmr2, &TdxClaims::rtmr2, "18"),
      TdxRow("rtmr3", &TdxRules::rtmr3, &TdxClaims::rtmr3, "19"),
  };
}

RuleRows ServiceTdRows() {
  const auto service_td = Filled<intel::Measurement384>(0x1a);
  return {
      {"tdx.mrservicetd", "another", GoodTdx15(), [=](Policy& p) { p.tdx.mrservicetd = {service_td}; },
       Tdx([](TdxClaims& c) { c.mr_service_td = intel::Measurement384(); }), List(Hex(48, "1a")),
       Hex(48, "1a"), Hex(48, "00")},
      {"tdx.mrservicetd", "a TD 1.0 has none", GoodTdx15(),
       [=](Policy& p) { p.tdx.mrservicetd = {service_td}; },
       Tdx([](TdxClaims& c) { c.mr_service_td.reset(); }), "", "", "null"},
      {"tdx.forbid_service_td", "", NoServiceTd(), [](Policy& p) { p.tdx.forbid_service_td = true; },
       Tdx([=](TdxClaims& c) { c.mr_service_td = service_td; }), "true", Hex(48, "00"), Hex(48, "1a")},
      {"tdx.forbid_service_td", "a TD 1.0 does not say", NoServiceTd(),
       [](Policy& p) { p.tdx.forbid_service_td = true; }, Tdx([](TdxClaims& c) { c.mr_service_td.reset(); }),
       "", "", "null"},
  };
}

RuleRows TdAttributeRows() {
  return {
      {"tdx.td_attributes", "", GoodTdx10(),
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{0, 0, 0, 0x10}};
       },
       Tdx([](TdxClaims& c) {
         c.td_attributes = decltype(c.td_attributes)({0, 0, 0, 0x50});
       }),
       R"({"value":"0000001000000000","mask":"ffffffffffffffff"})", R"("0000001000000000")",
       R"("0000005000000000")"},
      {"tdx.xfam", "", GoodTdx10(),
       [](Policy& p) {
         p.tdx.xfam = BitPattern<8>{{0xe7}, {0xff}};
       },
       Tdx([](TdxClaims& c) {
         c.xfam = decltype(c.xfam)({0xef, 0x02, 0x06});
       }),
       R"({"value":"e700000000000000","mask":"ff00000000000000"})", R"("e702060000000000")", ""},
      {"tdx.require_sept_ve_disable", "", GoodTdx10(),
       [](Policy& p) { p.tdx.require_sept_ve_disable = true; },
       Tdx([](TdxClaims& c) { c.td_attributes = {}; }), "true", "true", "false"},
      {"tdx.allow_migratable", "bit 29", GoodTdx10(), [](Policy&) {},
       Attributes({0, 0, 0, 0x30}, Check::kTdxMigratable), "false", "false", "true"},
      {"tdx.allow_migratable", "a mask over other bits", GoodTdx10(),
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{0, 0, 0, 0x10}, {0, 0, 0, 0x10}};
       },
       Attributes({0, 0, 0, 0x30}, Check::kTdxMigratable), "false", "false", "true"},
      {"tdx.td_attributes", "MIGRATABLE is asked for", MigratableTdx(),
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{0, 0, 0, 0x30}};
       },
       Tdx([](TdxClaims& c) {
         c.td_attributes = decltype(c.td_attributes)({0, 0, 0, 0x10});
       }),
       "", R"("0000003000000000")", ""},
      {"tdx.td_attributes", "MIGRATABLE is forbidden", GoodTdx10(),
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{}, {0, 0, 0, 0x20}};
       },
       Attributes({0, 0, 0, 0x30}, Check::kTdxMigratable), "", "", ""},
  };
}

RuleRows ReservedAttributeRows() {
  return {
      {"tdx.allow_reserved_attributes", "bit 32", GoodTdx10(), [](Policy&) {},
       Attributes({0, 0, 0, 0x10, 1}, Check::kTdxReservedAttributes), "false", "false", "true"},
      {"tdx.allow_reserved_attributes", "a mask over some of the bits", GoodTdx10(),
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{}, {0, 0, 0, 0, 0x02}};
       },
       Attributes({0, 0, 0, 0x10, 1}, Check::kTdxReservedAttributes), "false", "false", "true"},
      {"tdx.forbid_reserved_attributes", "TUD, where debug is allowed",
       [] {
         Verdict v = GoodTdx10();
         Attributes({1, 0, 0, 0x10}, Check::kTdxDebug)(v);
         return v;
       }(),
       [](Policy& p) {
         p.allow_debug = true;
         p.tdx.forbid_reserved_attributes = true;
       },
       Attributes({3, 0, 0, 0x10}, Check::kTdxDebug), "true", R"("0100001000000000")",
       R"("0300001000000000")"},
      {"tdx.forbid_reserved_attributes", "MIGRATABLE has a meaning", MigratableTdx(),
       [](Policy& p) {
         p.tdx.allow_migratable = true;
         p.tdx.forbid_reserved_attributes = true;
       },
       Attributes({2, 0, 0, 0x30}, Check::kNone), "true", R"("0000003000000000")", ""},
      {"tdx.allow_reserved_attributes", "bit 62",
       [] {
         Verdict v = GoodTdx10();  // bits 30, 31 and 63 have a meaning
         Attributes({0, 0, 0, 0xd0, 0, 0, 0, 0x80}, Check::kNone)(v);
         return v;
       }(),
       [](Policy&) {}, Attributes({0, 0, 0, 0xd0, 0, 0, 0, 0xc0}, Check::kTdxReservedAttributes), "false",
       "false", "true"},
  };
}

}  // namespace

RuleRows TdxRows() {
  return Joined({TdMeasurementRows(), ServiceTdRows(), TdAttributeRows(), ReservedAttributeRows()});
}

}  // namespace thimble
