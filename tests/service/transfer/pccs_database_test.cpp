// SPDX-License-Identifier: Apache-2.0
//
// Moving over from Intel's PCCS: its database, made here as its schema says (spec/intel-pccs-api.md section 7).
#include "service/transfer/pccs_database.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include "tcb/base/percent.h"
#include "tests/service/testing/ops_world.h"
#include "tests/service/testing/process.h"

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

std::string TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

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
  std::string File() const { return TextOf(path_); }
  const std::string& path() const { return path_; }
  int64_t Number(const std::string& query) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(database_, query.c_str(), -1, &statement, nullptr);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW) << query;
    const int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
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
  // A row of platforms_registered.
  void AddRegistration(const std::string& qe_id, int state, sim::Tcb tcb = sim::Tcb::kGood) {
    database.Run(StrCat("INSERT INTO platforms_registered VALUES ('", qe_id, "', '0000', '",
                        test::TcbOf(tcb).CpuSvnHexUpper(), "', '", test::TcbOf(tcb).PceSvnHexUpper(), "', x'",
                        test::Ppid(), "', NULL, ", state, ")"));
  }
  std::vector<std::string> Waiting(std::string_view source) {
    std::vector<std::string> names;
    for (const json& row : Queue(source)) names.push_back(row["qe_id"].get<std::string>());
    return names;
  }
  Database database;
};

const std::string kNew(32, 'A'), kNotAvailable(32, 'B'), kDone(32, 'C');

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

// -- What lies beside the file ----------------------------------------------------------------------------------------

constexpr size_t kLimit = size_t{1} << 30;

PlatformBundle ReadFrom(const std::string& path) {
  const auto file = ReadImportFile(path, kLimit);
  EXPECT_TRUE(file.ok()) << file.error().message;
  std::vector<std::string> odd;
  auto bundle = ReadPccsDatabase(file.ok() ? *file : "", odd);
  EXPECT_TRUE(bundle.ok()) << bundle.error().message;
  return bundle.ok() ? *std::move(bundle) : PlatformBundle();
}

TEST(PccsDatabase, WhatIsInAWriteAheadLogIsTakenAndTheFilesStayAsTheyWere) {
  Target w;
  w.database.Run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0");
  w.AddRegistration(kNew, 0);  // in the log alone
  const std::string path = w.database.path(), log = path + "-wal";
  const std::string file_before = TextOf(path), log_before = TextOf(log);
  ASSERT_FALSE(log_before.empty());
  EXPECT_EQ(ReadFrom(path).waiting.size(), 1u);
  EXPECT_EQ(TextOf(path), file_before);
  EXPECT_EQ(TextOf(log), log_before);

  const http::Response refused = w.Import(file_before);
  EXPECT_EQ(refused.status, 400) << "the file alone lacks what was written last";
  EXPECT_NE(refused.content->body().find("WAL mode"), std::string::npos) << refused.content->body();
  const auto run =
      test::RunThimble({"import", path, "--data", w.files / "data", "--anchor", w.files / "root.pem"});
  EXPECT_NE(run.out.find("1 registrations wait"), std::string::npos) << run.out << run.err;
}

TEST(PccsDatabase, InWalModeWithoutALogIsReadAsItIs) {
  Target w;
  w.AddRegistration(kNew, 0);
  w.database.Run("PRAGMA journal_mode=WAL; PRAGMA wal_checkpoint(TRUNCATE)");
  const std::string alone = w.files.Write("alone.db", std::string_view(w.database.File()));
  EXPECT_EQ(ReadFrom(alone).waiting.size(), 1u);
}

// A PCCS that was killed in a write: half of a transaction is in the file, and the journal has what was there before.
TEST(PccsDatabase, AHotJournalIsRolledBack) {
  Target w;
  w.AddRegistration(kNew, 0);
  w.database.Run(
      "PRAGMA cache_size=1; BEGIN; DELETE FROM platforms_registered;"
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 5000) "
      "INSERT INTO platform_tcbs SELECT printf('%032X', x), '0000', '', '', '' FROM c");
  const std::string killed = w.files.Write("killed.db", std::string_view(w.database.File()));
  w.files.Write("killed.db-journal", std::string_view(TextOf(w.database.path() + "-journal")));
  w.database.Run("ROLLBACK");
  EXPECT_EQ(ReadFrom(killed).waiting.size(), 1u);
}

TEST(PccsDatabase, AJournalThatNamesAnotherFileIsRefused) {
  Target w;
  const std::string path = w.database.path();
  w.files.Write("pckcache.db-journal", std::string_view("of several\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"));
  const auto refused = ReadImportFile(path, kLimit);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("journal is of several databases"), std::string::npos);
}

TEST(PccsDatabase, AnyOtherFileIsReadAsItIs) {
  test::TempDir files;
  files.Write("export-wal", std::string_view("not looked at"));
  EXPECT_EQ(*ReadImportFile(files.Write("export", std::string_view("THIMBLE-EXPORT")), kLimit),
            "THIMBLE-EXPORT");
  EXPECT_FALSE(ReadImportFile(files / "missing", kLimit).ok());
  EXPECT_FALSE(ReadImportFile(files / "export", 5).ok());
}

// -- A file that somebody made to hurt --------------------------------------------------------------------------------

// A page of SQLite, as its file format says: inner ones lead to another page in each cell, the last has one row of NULLs.
std::string InnerPage(size_t size, uint32_t child) {
  constexpr size_t kCells = 400;
  const auto byte = [](size_t value) { return static_cast<char>(value & 0xff); };
  const std::string to = {byte(child >> 24), byte(child >> 16), byte(child >> 8), byte(child)};
  const size_t content = size - 5 * kCells;
  std::string page = {5, 0, 0, byte(kCells >> 8), byte(kCells), byte(content >> 8), byte(content), 0};
  page += to;
  for (size_t i = 0; i < kCells; ++i) {
    const size_t at = content + 5 * i;
    page += {byte(at >> 8), byte(at)};
  }
  page.resize(content, '\0');
  for (size_t i = 0; i < kCells; ++i) page += to + '\1';
  return page;
}
std::string LeafPage(size_t size) {
  const std::string row = {5, 1, 5, 0, 0, 0, 0};
  const size_t content = size - row.size();
  const auto byte = [](size_t value) { return static_cast<char>(value & 0xff); };
  std::string page = {13,           0, 0, 0, 1, byte(content >> 8), byte(content), 0, byte(content >> 8),
                      byte(content)};
  page.resize(content, '\0');
  return page + row;
}

// 400 to the power of ten rows in a file of some pages.
TEST(PccsDatabase, RowsWithoutEndAreReadWithinBounds) {
  Target w;
  const auto page = static_cast<size_t>(w.database.Number("PRAGMA page_size"));
  const auto root =
      static_cast<size_t>(w.database.Number("SELECT rootpage FROM sqlite_schema WHERE name = 'pck_crl'"));
  std::string file = w.database.File();
  auto next = static_cast<uint32_t>(file.size() / page + 1);
  file.replace((root - 1) * page, page, InnerPage(page, next));
  for (int level = 1; level < 10; ++level) file += InnerPage(page, ++next);
  file += LeafPage(page);
  const auto pages = static_cast<uint32_t>(file.size() / page);
  for (size_t i = 0; i < 4; ++i) file[28 + i] = static_cast<char>(pages >> (24 - 8 * i));
  const http::Response answer = w.Import(file);
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.content->body().find("takes more work than one of its size does"), std::string::npos)
      << answer.content->body();
}

TEST(PccsDatabase, TakesNoLongerThanItMay) {
  Target w;
  std::vector<std::string> odd;
  EXPECT_TRUE(ReadPccsDatabase(w.database.File(), odd).ok());
  const auto refused = ReadPccsDatabase(w.database.File(), odd, std::chrono::milliseconds(0));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("takes too long to read"), std::string::npos)
      << refused.error().message;
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
      {"DROP TABLE pck_crl; CREATE VIRTUAL TABLE pck_crl USING fts5(ca, pck_crl, root_cert_id, "
       "intmd_cert_id)",
       "view"},
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
