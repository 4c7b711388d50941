// SPDX-License-Identifier: Apache-2.0
//
// Moving over from Intel's PCCS: what its database brings, of each schema.
#include "service/transfer/pccs_database.h"

#include <gtest/gtest.h>

#include "tests/service/transfer/pccs_target.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::kDone;
using test::kNew;
using test::kNotAvailable;
using Target = test::PccsTarget;

TEST(PccsDatabase, MovesOverWithoutAnyUpstream) {
  Target w;
  const json report = w.Imported(w.database.File());
  EXPECT_EQ(report["refused"], json::array());
  EXPECT_EQ(report["taken"], 7) << "two TCB infos, two identities, two CRLs, one set of certificates";
  EXPECT_EQ(w.Ask("/sgx/certification/v4/tcb?fmspc=00806F050000").body,
            AsText(w.intel.TcbInfo(IntelTee::kSgx)));
  EXPECT_EQ(w.Ask("/tdx/certification/v4/tcb?fmspc=00806F050000&update=early").status, 200);
  EXPECT_EQ(w.Ask(test::PckCertTarget(sim::Tcb::kGood, "")).status, 200) << "it is known by its QE id";
}

TEST(PccsDatabase, WhatDoesNotHoldIsRefused) {
  Target w;
  w.database.Run("UPDATE enclave_identities SET identity = (SELECT tcbinfo FROM fmspc_tcbs) WHERE id = 1");
  w.database.Run("INSERT INTO platform_tcbs VALUES ('AB', '0000', 'not hex', '00', '')");
  const json report = w.Imported(w.database.File());
  EXPECT_EQ(report["taken"], 6);
  ASSERT_EQ(report["refused"].size(), 2u);
  EXPECT_EQ(report["refused"][0]["item"], "intel/identity/qe/standard");
}

TEST(PccsDatabase, AnotherDatabaseIsRefusedAsAWhole) {
  Target w;
  w.database.Run("DROP TABLE pck_crl");
  EXPECT_EQ(w.Import(w.database.File()).status, 400);
  EXPECT_EQ(w.Import(w.database.File().substr(0, 5000)).status, 400);
  EXPECT_TRUE(w.app->cache().Records().empty());
}

// -- Registrations that wait ------------------------------------------------------------------------------------------

TEST(PccsDatabase, RegistrationsThatWaitAreQueuedAndNothingOfThemIsLost) {
  Target w;
  w.AddRegistration(kNew, 0);
  w.AddRegistration(kNotAvailable, 1);
  w.AddRegistration(kDone, 9);
  w.AddRegistration(test::kQeId, 1, sim::Tcb::kNewest);  // beside the certificates of its other TCBs
  const json report = w.Imported(w.database.File());
  EXPECT_EQ(report["refused"], json::array());
  EXPECT_EQ(report["waiting"], 3);
  const json queue = w.Queue("reg");
  ASSERT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue[0]["qe_id"], kNew);
  EXPECT_EQ(queue[0]["enc_ppid"], test::Ppid());
  EXPECT_EQ(queue[0]["cpu_svn"], test::TcbOf(sim::Tcb::kGood).CpuSvnHexUpper());
  EXPECT_EQ(w.Waiting("reg_na"), (std::vector<std::string>{test::kQeId, kNotAvailable}));
  EXPECT_EQ(w.Ask(test::PckCertTarget(sim::Tcb::kGood, "")).status, 200);
}

TEST(PccsDatabase, ARegistrationThatMakesNoSenseIsNamed) {
  Target w;
  w.AddRegistration(kNew, 7);
  w.database.Run(StrCat("INSERT INTO platforms_registered VALUES ('", kNotAvailable,
                        "', '0000', 'not hex', '00', NULL, NULL, 0)"));
  const json report = w.Imported(w.database.File());
  EXPECT_EQ(report["waiting"], 0);
  ASSERT_EQ(report["refused"].size(), 2u) << report;
  EXPECT_NE(report.dump().find("state 7 is unknown"), std::string::npos) << report;
}

TEST(PccsDatabase, WhatWaitsIsFetchedAtTheNextRefresh) {
  Target w;
  w.database.Run("DELETE FROM pck_cert; DELETE FROM platform_tcbs; DELETE FROM platforms");
  w.AddRegistration(test::kQeId, 0);
  w.AddRegistration(kNew, 0);
  w.Stop();
  w.config.intel_upstreams = {{.url = w.vendor.PcsUrl()}};
  w.vendor.SetMode("500", "/pckcerts");
  w.Start();
  EXPECT_EQ(w.Imported(w.database.File())["waiting"], 2);
  EXPECT_FALSE(w.app->refresh().RunNow().complete());
  EXPECT_NE(w.Ask(test::PckCertTarget(sim::Tcb::kGood, "")).status, 200);
  w.vendor.SetMode("ok", "/pckcerts");
  const RefreshReport report = w.app->refresh().RunNow();
  EXPECT_TRUE(report.complete()) << ItemName(report.lines.front()) << report.lines.front().reason;
  EXPECT_EQ(w.Ask(test::PckCertTarget(sim::Tcb::kGood, "")).status, 200);
  EXPECT_TRUE(w.Queue("reg").empty());
}

// -- Older schemas ----------------------------------------------------------------------------------------------------

// As each version of PCCS left it behind: a table without the columns that came later.
std::string WithColumns(const std::string& table, const std::string& columns, const std::string& rows) {
  return StrCat("CREATE TABLE older AS SELECT ", columns, " FROM ", table, " WHERE ", rows, "; DROP TABLE ",
                table, "; ALTER TABLE older RENAME TO ", table, ";");
}

void MakeOlder(Target& w, int schema) {
  const std::string certificates = ", root_cert_id, signing_cert_id";
  if (schema < 5) {
    w.database.Run(WithColumns("fmspc_tcbs", "fmspc, type, version, tcbinfo" + certificates, "type = 0"));
    w.database.Run(WithColumns("enclave_identities", "id, version, identity" + certificates, "1"));
  }
  if (schema < 3) {
    const Bytes of_v3 = w.intel.TcbInfo(IntelTee::kSgx, sim::kServerFmspc, sim::kStandardNumber,
                                        [](sim::TcbInfoSpec& spec) { spec.version = 2; });
    w.database.Run(StrCat("UPDATE fmspc_tcbs SET tcbinfo = x'", HexLower(of_v3), "'"));
    w.database.Run(WithColumns("fmspc_tcbs", "fmspc, type, tcbinfo" + certificates, "1"));
    w.database.Run(WithColumns("enclave_identities", "id, identity" + certificates, "1"));
  }
  if (schema < 2) {
    w.database.Run(WithColumns("fmspc_tcbs", "fmspc, tcbinfo" + certificates, "1"));
    w.database.Run(StrCat(
        "CREATE TABLE qe_identities AS SELECT id, identity AS qe_identity", certificates,
        " FROM enclave_identities WHERE id = 1; CREATE TABLE qve_identities(id INTEGER, qve_identity BLOB",
        certificates, "); DROP TABLE enclave_identities; DROP TABLE crl_cache"));
  }
  if (schema < 1) {
    w.database.Run(
        "UPDATE pck_crl SET pck_crl = lower(hex(pck_crl)); UPDATE pcs_certificates SET crl = lower(hex(crl)) "
        "WHERE id = 1;"
        "UPDATE platforms SET enc_ppid = lower(hex(enc_ppid));"
        "UPDATE platforms_registered SET enc_ppid = lower(hex(enc_ppid)), platform_manifest = ''");
  }
}

TEST(PccsDatabase, EverySchemaIsRead) {
  for (int schema = 0; schema <= 5; ++schema) {
    Target w;
    w.AddRegistration(kNew, 0);
    MakeOlder(w, schema);
    const json report = w.Imported(w.database.File());
    EXPECT_EQ(report["refused"], json::array()) << schema;
    // Both CRLs and the certificates; TDX has a TCB info since 5 here, and an identity since 2.
    EXPECT_EQ(report["taken"], 3 + (schema < 5 ? 1 : 2) + (schema < 2 ? 1 : 2)) << schema << report;
    EXPECT_EQ(report["waiting"], 1) << schema;
    const json queue = w.Queue("reg");
    ASSERT_EQ(queue.size(), 1u) << schema;
    EXPECT_EQ(queue[0]["enc_ppid"], test::Ppid()) << schema;
    EXPECT_EQ(w.Ask("/sgx/certification/v4/qe/identity").status, 200) << schema;
    EXPECT_EQ(w.Ask("/sgx/certification/v4/rootcacrl").status, 200) << schema;
    EXPECT_EQ(w.Ask("/sgx/certification/v4/pckcrl?ca=platform").status, 200) << schema;
    const std::string version = schema < 3 ? "v3" : "v4";
    EXPECT_EQ(w.Ask(StrCat("/sgx/certification/", version, "/tcb?fmspc=00806F050000")).status, 200) << schema;
  }
}

TEST(PccsDatabase, OfTwoFormsOfAnIdentityTheNewerIsTaken) {
  Target w;
  w.database.Run(
      "INSERT INTO enclave_identities SELECT id, 3, update_type, x'7b7d', root_cert_id, signing_cert_id FROM "
      "enclave_identities");
  EXPECT_EQ(w.Imported(w.database.File())["refused"], json::array());
  EXPECT_EQ(w.Ask("/sgx/certification/v4/qe/identity").body, AsText(w.intel.Identity(EnclaveId::kQe)));
}

// What is no table of rows: it would be computed, for as long as its author likes.
TEST(PccsDatabase, OnlyTablesAreReadAndWithinBounds) {
  const std::string endless =
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS id, 'a' AS cert, '' AS "
      "crl FROM c";
  const struct {
    std::string change, why;
  } cases[] = {
      {StrCat("DROP TABLE pcs_certificates; CREATE VIEW pcs_certificates AS ", endless, " WHERE x < 0"),
       "view"},
      {StrCat("DROP TABLE pcs_certificates; CREATE VIEW pcs_certificates AS ", endless), "view"},
      // Another's code at work, whatever its name; and a value that is computed for each row.
      {"DROP TABLE pck_crl; CREATE VIRTUAL TABLE pck_crl USING fts5(ca, crl)", "view"},
      {"CREATE VIRTUAL TABLE beside USING rtree(id, a, b)", "view"},
      {"ALTER TABLE pck_crl ADD COLUMN more AS (zeroblob(1000000))", "is computed"},
      {"CREATE TRIGGER t AFTER INSERT ON pck_crl BEGIN DELETE FROM pck_crl; END", "view"},
  };
  for (const auto& bad : cases) {
    Target w;
    w.database.Run(bad.change);
    const http::Response answer = w.Import(w.database.File());
    ASSERT_EQ(answer.status, 400) << bad.change;
    EXPECT_NE(answer.content->body().find(bad.why), std::string::npos) << answer.content->body();
    EXPECT_TRUE(w.app->cache().Records().empty()) << bad.change;
  }
}

}  // namespace
}  // namespace thimble
