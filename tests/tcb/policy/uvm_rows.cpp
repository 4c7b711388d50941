// SPDX-License-Identifier: Apache-2.0
#include "tests/tcb/policy/rule_rows.h"

namespace thimble {
namespace {

uvm::Endorsement Endorsed() {
  uvm::Endorsement endorsement;
  endorsement.issuer = "did:x509:0:sha256:AA::eku:1.2";
  endorsement.feed = "ContainerPlat-AMD-UVM";
  endorsement.svn = 104;
  return endorsement;
}

void SetEndorsement(Verdict& verdict, const uvm::Endorsement& endorsement) {
  uvm::Claims claims;
  claims.endorsement = endorsement;
  verdict.container = std::make_shared<const uvm::Claims>(std::move(claims));
}

// Asked for by the endorsement's own issuer and feed, with this minimum.
RuleRow UvmRow(std::string rule, uint32_t min_svn, std::function<void(uvm::Endorsement&)> change,
               std::string wanted, std::string found, std::string found_bent) {
  Verdict good = GoodSnp();
  SetEndorsement(good, Endorsed());
  return {
      std::move(rule),
      "",
      std::move(good),
      [min_svn](Policy& p) {
        p.uvm.accepted.push_back({.issuer = Endorsed().issuer, .feed = Endorsed().feed, .min_svn = min_svn});
      },
      [change](Verdict& v) {
        uvm::Endorsement endorsement = Endorsed();
        change(endorsement);
        SetEndorsement(v, endorsement);
      },
      std::move(wanted),
      std::move(found),
      std::move(found_bent)};
}

}  // namespace

RuleRows UvmRows() {
  RuleRow required = UvmRow(
      "uvm.required", 104, [](uvm::Endorsement&) {}, "true", "true", "null");
  required.ask = [ask = required.ask](Policy& p) {
    ask(p);
    p.uvm.required = true;
  };
  required.bend = [](Verdict& v) { v.container = nullptr; };
  return {UvmRow(
              "uvm.issuer", 104, [](uvm::Endorsement& e) { e.issuer += "#0"; }, "",
              "\"did:x509:0:sha256:AA::eku:1.2\"", "\"did:x509:0:sha256:AA::eku:1.2#0\""),
          UvmRow(
              "uvm.feed", 104, [](uvm::Endorsement& e) { e.feed = "containerPlat-AMD-UVM"; },
              "[\"ContainerPlat-AMD-UVM\"]", "\"ContainerPlat-AMD-UVM\"", "\"containerPlat-AMD-UVM\""),
          // As numbers: as text, "20" is more than "104".
          UvmRow(
              "uvm.min_svn", 104, [](uvm::Endorsement& e) { e.svn = 20; }, "104", "104", "20"),
          std::move(required)};
}

}  // namespace thimble
