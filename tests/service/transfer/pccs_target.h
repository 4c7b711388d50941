// SPDX-License-Identifier: Apache-2.0
//
// The database of a PCCS, made here as its schema says (spec/intel-pccs-api.md section 7), and a Thimble without any upstream
// that it is moved to.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include "tcb/base/percent.h"
#include "tests/service/testing/ops_world.h"

namespace thimble::test {

inline constexpr const char* kPccsSchema = R"(
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

inline std::string TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The database of a PCCS in front of this Intel, with one platform.
class PccsDatabase {
 public:
  PccsDatabase(const sim::SimIntel& intel, const std::string& path) : path_(path) {
    sqlite3_open(path.c_str(), &database_);
    Run(kPccsSchema);
    FillCertificates(intel);
    FillCollateral(intel);
    FillPlatform(intel);
  }
  ~PccsDatabase() { sqlite3_close(database_); }

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
    const std::string id = StrCat("'", kQeId, "', '0000'"), tcb = TcbOf(sim::Tcb::kGood).HexUpper();
    const auto platform = sim::ServerPlatform();
    Run(StrCat("INSERT INTO platforms VALUES (", id, ", NULL, x'", Ppid(), "', '", sim::kServerFmspc,
               "', 'PLATFORM');", "INSERT INTO pck_cert VALUES (", id, ", '", tcb, "', ",
               Text(sim::ToPem(intel.PckCertificate(platform), "CERTIFICATE")), ");",
               "INSERT INTO platform_tcbs VALUES (", id, ", '", tcb.substr(0, 32), "', '", tcb.substr(32),
               "', '", tcb, "');"));
  }

  const std::string path_;
  sqlite3* database_ = nullptr;
};

struct PccsTarget : OpsWorld {
  PccsTarget() : database(intel, files / "pckcache.db") {
    config.intel_upstreams.clear();
    Start();
  }
  // A row of platforms_registered.
  void AddRegistration(const std::string& qe_id, int state, sim::Tcb tcb = sim::Tcb::kGood) {
    database.Run(StrCat("INSERT INTO platforms_registered VALUES ('", qe_id, "', '0000', '",
                        TcbOf(tcb).CpuSvnHexUpper(), "', '", TcbOf(tcb).PceSvnHexUpper(), "', x'", Ppid(),
                        "', NULL, ", state, ")"));
  }
  std::vector<std::string> Waiting(std::string_view source) {
    std::vector<std::string> names;
    for (const nlohmann::json& row : Queue(source)) names.push_back(row["qe_id"].get<std::string>());
    return names;
  }
  PccsDatabase database;
};

inline const std::string kNew(32, 'A'), kNotAvailable(32, 'B'), kDone(32, 'C');

}  // namespace thimble::test
