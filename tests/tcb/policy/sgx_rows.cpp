// SPDX-License-Identifier: Apache-2.0
#include "tests/tcb/policy/rule_rows.h"

namespace thimble {
namespace {

template <class Id>
RuleRow SgxRow(std::string key, std::vector<Id> SgxRules::*list, Id SgxClaims::*field, const char* byte) {
  return AnyOfRow("sgx." + key, GoodSgx(), &Policy::sgx, list, field, byte);
}
}  // namespace

std::vector<RuleRow> SgxRows() {
  return {
      SgxRow("mrenclave", &SgxRules::mrenclave, &SgxClaims::mr_enclave, "31"),
      SgxRow("mrsigner", &SgxRules::mrsigner, &SgxClaims::mr_signer, "32"),
      SgxRow("configid", &SgxRules::configid, &SgxClaims::config_id, "33"),
      SgxRow("isvextprodid", &SgxRules::isvextprodid, &SgxClaims::isv_ext_prod_id, "34"),
      SgxRow("isvfamilyid", &SgxRules::isvfamilyid, &SgxClaims::isv_family_id, "35"),
      {"sgx.isvprodid", "", GoodSgx(),
       [](Policy& p) {
         p.sgx.isvprodid = {1, 40};
       },
       Sgx([](SgxClaims& c) { c.isv_prod_id = 41; }), "[1,40]", "40", "41"},
      {"sgx.min_isvsvn", "", GoodSgx(), [](Policy& p) { p.sgx.min_isvsvn = uint16_t{41}; },
       Sgx([](SgxClaims& c) { c.isv_svn = 40; }), "41", "41", "40"},
      {"sgx.min_configsvn", "", GoodSgx(), [](Policy& p) { p.sgx.min_configsvn = uint16_t{42}; },
       Sgx([](SgxClaims& c) { c.config_svn = 41; }), "42", "42", "41"},
      {"sgx.attributes", "a bit too many", GoodSgx(),
       [](Policy& p) {
         p.sgx.attributes = BitPattern<16>{{0x05}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
       },
       Sgx([](SgxClaims& c) { c.attributes[0] |= 0x80; }), "", R"("0500000000000000e700000000000000")", ""},
      {"sgx.attributes", "a bit too few", GoodSgx(),
       [](Policy& p) {
         p.sgx.attributes = BitPattern<16>{{0x04}, {0x04}};
       },
       Sgx([](SgxClaims& c) { c.attributes[0] = 0x01; }), "", "", ""},
      {"sgx.miscselect", "", GoodSgx(),
       [](Policy& p) {
         p.sgx.miscselect = BitPattern<4>{{0x02, 0x01}, {0xff, 0xff, 0xff, 0xff}};
       },
       Sgx([](SgxClaims& c) { c.misc_select = 0x0000'0103; }), R"({"value":"02010000","mask":"ffffffff"})",
       R"("02010000")", R"("03010000")"},
  };
}

}  // namespace thimble
