// SPDX-License-Identifier: Apache-2.0
//
// Moving over from Intel's PCCS: its database, made here as its schema says (spec/intel-pccs-api.md section 7).
#include "service/transfer/pccs_database.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include "tcb/base/percent.h"
#include "tests/service/testing/ops_world.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::OpsWorld;

constexpr const char* kSchema = R"(
CREATE TABLE platforms(qe_id TEXT, pce_id TEXT, platform_manifest BLOB, enc_ppid BLOB, fmspc TEXT, ca TEXT,
                       PRIMARY KEY(qe_id, pce_id));
CREATE TABLE pck_cert(qe_id TEXT, pce_id TEXT, tcbm TEXT, pck_cert BLOB, PRIMARY KEY(qe_id, pce_id, tcbm));
CREATE TABLE platform_tcbs(qe_id TEXT, pce_id TEXT, cpu_svn TEXT, pce_svn TEXT, tcbm TEXT,
                           PRIMARY KEY(qe_id, pce_id, cpu_svn, pce_svn));
CREATE TABLE pck_certchain(ca TEXT PRIMARY KEY, root_cert_id INTEGER, intmd_cert_id INTEGER);
CREATE TABLE pck_crl(ca TEXT PRIMARY KEY, pck_crl BLOB, root_cert_id INTEGER, intmd_cert_id INTEGER);
CREATE TABLE fmspc_tcbs(fmspc TEXT, type INTEGER, version INTEGER, update_type TEXT, tcbinfo BLOB,
                        root_cert_id INTEGER, signing_cert_id INTEGER, PRIMARY KEY(fmspc, type, version, update_type));
CREATE TABLE enclave_identities(id INTEGER, version INTEGER, update_type TEXT, identity BLOB, root_cert_id INTEGER,
                                signing_cert_id INTEGER, PRIMARY KEY(id, version, update_type));
CREATE TABLE pcs_certificates(id INTEGER PRIMARY KEY, cert TEXT, crl BLOB);
CREATE TABLE platforms_registered(qe_id TEXT, pce_id TEXT, cpu_svn TEXT, pce_svn TEXT, enc_ppid BLOB,
                                  platform_manifest BLOB, state INTEGER, PRIMARY KEY(qe_id, pce_id, cpu_svn, pce_svn));
CREATE TABLE crl_cache(cdp_url TEXT PRIMARY KEY, crl BLOB);
)";

// The database of a PCCS in front of this Intel, with one platform.
class Database {
 public:
  Database(const sim::SimIntel& intel, const std::string& path) : path_(path) {
    sqlite3_open(path.c_str(), &database_);
    Run(kSchema);
    FillCertificates(intel);
    FillCollateral(intel);
    FillPlatform(intel);
  }
  ~Database() { sqlite3_close(database_); }

  void Run(const std::string& statements) {
    ASSERT_EQ(sqlite3_exec(database_, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database_);
  }
  std::string File() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  static std::string Blob(ByteView bytes) { return StrCat("x'", HexLower(bytes), "'"); }
  static std::string Text(std::string_view text) { return Blob(AsBytes(text)); }
  static std::string Pem(ByteView der) {
    return StrCat("'", PercentEncode(sim::ToPem(der, "CERTIFICATE")), "'");
  }

  void FillCertificates(const sim::SimIntel& intel) {
    using sim::IntelCertificate;
    Run(StrCat("INSERT INTO pcs_certificates VALUES (1, ", Pem(intel.Certificate(IntelCertificate::kRoot)),
               ", ", Blob(intel.RootCaCrl()), "), (2, ",
               Pem(intel.Certificate(IntelCertificate::kProcessorCa)), ", NULL), (3, ",
               Pem(intel.Certificate(IntelCertificate::kTcbSigning)), ", NULL), (4, ",
               Pem(intel.Certificate(IntelCertificate::kPlatformCa)), ", NULL);",
               "INSERT INTO pck_certchain VALUES ('PROCESSOR', 1, 2), ('PLATFORM', 1, 4);"));
  }
  void FillCollateral(const sim::SimIntel& intel) {
    Run(StrCat("INSERT INTO pck_crl VALUES ('PLATFORM', ", Blob(intel.PckCrl(intel::PckCa::kPlatform)),
               ", 1, 4);", "INSERT INTO fmspc_tcbs VALUES ('", sim::kServerFmspc, "', 0, 4, 'STANDARD', ",
               Blob(intel.TcbInfo(IntelTee::kSgx)), ", 1, 3), ('", sim::kServerFmspc, "', 1, 4, 'EARLY', ",
               Blob(intel.TcbInfo(IntelTee::kTdx, sim::kServerFmspc, sim::kEarlyNumber)), ", 1, 3);",
               "INSERT INTO enclave_identities VALUES (1, 4, 'STANDARD', ",
               Blob(intel.Identity(EnclaveId::kQe)), ", 1, 3), (3, 4, 'STANDARD', ",
               Blob(intel.Identity(EnclaveId::kTdQe)), ", 1, 3);"));
  }
  void FillPlatform(const sim::SimIntel& intel) {
    const std::string id = StrCat("'", test::kQeId, "', '0000'"),
                      tcb = test::TcbOf(sim::Tcb::kGood).HexUpper();
    const auto platform = sim::ServerPlatform();
    Run(StrCat("INSERT INTO platforms VALUES (", id, ", NULL, x'", test::Ppid(), "', '", sim::kServerFmspc,
               "', 'PLATFORM');", "INSERT INTO pck_cert VALUES (", id, ", '", tcb, "', ",
               Text(sim::ToPem(intel.PckCertificate(platform), "CERTIFICATE")), ");",
               "INSERT INTO platform_tcbs VALUES (", id, ", '", tcb.substr(0, 32), "', '", tcb.substr(32),
               "', '", tcb, "');"));
  }

  const std::string path_;
  sqlite3* database_ = nullptr;
};

struct Target : OpsWorld {
  Target() : database(intel, files / "pckcache.db") {
    config.intel_upstreams.clear();
    Start();
  }
  Database database;
};

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
      // Rows of two tables that all belong together: each with each.
      {"DROP TABLE platforms; CREATE TABLE platforms(qe_id, pce_id, enc_ppid, platform_manifest, fmspc, ca);"
       "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 20000) "
       "INSERT INTO platforms SELECT 'a', 'b', '', '', '', '' FROM c;"
       "DROP TABLE pck_cert; CREATE TABLE pck_cert(qe_id, pce_id, tcbm, pck_cert);"
       "INSERT INTO pck_cert SELECT qe_id, pce_id, '', '' FROM platforms",
       "work"},
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
