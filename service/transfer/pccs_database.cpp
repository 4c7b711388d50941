// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/pccs_database.h"

#include <sqlite3.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <memory>

#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/pck_set.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

// Rows of pcs_certificates.
constexpr int64_t kRootId = 1;

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct FinishStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

Error NotADatabase(std::string_view what) {
  return {ErrorKind::kMalformed, Check::kRequest, StrCat("PCCS database: ", what)};
}

// A row of an answer; columns by their place.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  std::string Text(int column) const {
    const void* data = sqlite3_column_blob(statement_, column);
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
  }
  Bytes Blob(int column) const {
    const std::string text = Text(column);
    return Bytes(text.begin(), text.end());
  }
  int64_t Number(int column) const { return sqlite3_column_int64(statement_, column); }

 private:
  sqlite3_stmt* statement_;
};

// Binary as it is, or in hex as older schemas wrote it.
Bytes Binary(const Row& row, int column) {
  const std::string text = row.Text(column);
  if (const auto bytes = FromHex(text)) return *bytes;
  return row.Blob(column);
}

// The file is somebody else's. Its tables are read, and what else a database can hold that SQLite would compute with,
// views above all, is refused; and reading takes work, and gives values, in proportion to the file.
class Bounds {
 public:
  Bounds(sqlite3* database, size_t file_size)
      : work_left_(static_cast<int64_t>(file_size) + kSpare), values_left_(work_left_) {
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    sqlite3_limit(database, SQLITE_LIMIT_LENGTH,
                  static_cast<int>(std::min<int64_t>(values_left_, std::numeric_limits<int>::max())));
    sqlite3_progress_handler(database, kSteps, &Bounds::Worked, this);
  }
  Bounds(const Bounds&) = delete;
  Bounds& operator=(const Bounds&) = delete;

  // False: values that share their bytes in the file, as only a crafted one has.
  bool Holds(sqlite3_stmt* row) {
    for (int i = 0; i < sqlite3_data_count(row); ++i) values_left_ -= sqlite3_column_bytes(row, i);
    return values_left_ >= 0;
  }

 private:
  static constexpr int64_t kSpare = 1'000'000;
  static constexpr int kSteps = 1000;  // of SQLite's virtual machine; a row takes a dozen and has more bytes
  static int Worked(void* self) { return (static_cast<Bounds*>(self)->work_left_ -= kSteps) < 0 ? 1 : 0; }

  int64_t work_left_, values_left_;
};

class Reader {
 public:
  Reader(sqlite3* database, size_t file_size, std::vector<std::string>& odd)
      : database_(database), bounds_(database, file_size), odd_(odd) {}

  Result<PlatformBundle> Read() {
    TRY(HoldOnlyTables());
    TRY(ReadCertificates());
    TRY(ReadPlatforms());
    TRY(ReadTcbs());
    TRY(ReadPckCertificates());
    TRY(ReadTcbInfos());
    TRY(ReadIdentities());
    TRY(ReadCrls());
    for (auto& [name, registration] : platforms_) out_.certified.push_back(registration);
    return std::move(out_);
  }

 private:
  Status ForEach(const char* query, const std::function<void(const Row&)>& visit) {
    sqlite3_stmt* raw = nullptr;
    const int prepared = sqlite3_prepare_v2(database_, query, -1, &raw, nullptr);
    const std::unique_ptr<sqlite3_stmt, FinishStatement> statement(raw);
    if (prepared != SQLITE_OK) return NotADatabase(sqlite3_errmsg(database_));
    int step = sqlite3_step(raw);
    for (; step == SQLITE_ROW; step = sqlite3_step(raw)) {
      if (!bounds_.Holds(raw)) return NotADatabase("gives more than is in it");
      visit(Row(raw));
    }
    if (step == SQLITE_INTERRUPT) return NotADatabase("takes more work than one of its size does");
    return step == SQLITE_DONE ? Status() : NotADatabase(sqlite3_errmsg(database_));
  }

  Status HoldOnlyTables() {
    std::string other;
    TRY(ForEach("SELECT name FROM sqlite_schema WHERE type = 'view' OR sql LIKE 'create virtual%'",
                [&other](const Row& row) { other = row.Text(0); }));
    return other.empty() ? Status() : NotADatabase(StrCat("\"", other, "\" is a view, not a table of rows"));
  }

  void Odd(std::string what) { odd_.push_back(std::move(what)); }

  Status ReadCertificates() {
    TRY(ForEach("SELECT id, cert, crl FROM pcs_certificates", [this](const Row& row) {
      if (const auto pem = PercentDecode(row.Text(1))) certificates_[row.Number(0)] = *pem;
      if (row.Number(0) == kRootId) root_crl_ = row.Blob(2);
    }));
    return ForEach("SELECT ca, intmd_cert_id, root_cert_id FROM pck_certchain",
                   [this](const Row& row) { chains_[row.Text(0)] = Chain(row.Number(1), row.Number(2)); });
  }

  std::string Chain(int64_t first, int64_t root) const {
    const auto a = certificates_.find(first), b = certificates_.find(root);
    return StrCat(a == certificates_.end() ? "" : a->second, b == certificates_.end() ? "" : b->second);
  }

  std::optional<intel::PlatformId> Id(const Row& row) {
    const auto pce_id = intel::PceId::FromHex(row.Text(1));
    auto id = pce_id ? intel::PlatformId::From(row.Text(0), *pce_id) : std::nullopt;
    if (!id) Odd(StrCat("platform ", row.Text(0), "/", row.Text(1), ": not a name"));
    return id;
  }

  // Those that have certificates, and those that wait for them.
  Status ReadPlatforms() {
    const auto visit = [this](const Row& row) {
      const auto id = Id(row);
      if (!id) return;
      Registration registration{*id, {}, {}, {}};
      if (const Bytes ppid = Binary(row, 2); !ppid.empty())
        registration.ppid = intel::EncryptedPpid::From(ppid);
      if (const Bytes manifest = Binary(row, 3); !manifest.empty()) {
        registration.manifest = intel::PlatformManifest::From(manifest);
      }
      platforms_.emplace(id->name(), registration);
    };
    TRY(ForEach("SELECT qe_id, pce_id, enc_ppid, platform_manifest FROM platforms", visit));
    return ForEach("SELECT qe_id, pce_id, enc_ppid, platform_manifest FROM platforms_registered", visit);
  }

  // Which TCBs each platform was seen with.
  Status ReadTcbs() {
    return ForEach("SELECT qe_id, pce_id, cpu_svn, pce_svn FROM platform_tcbs", [this](const Row& row) {
      const auto id = Id(row);
      const auto raw = intel::PckTcb::FromHex(row.Text(2), row.Text(3));
      if (!id || !raw) return Odd(StrCat("TCB ", row.Text(2), row.Text(3), ": not one"));
      const auto known = platforms_.find(id->name());
      Registration registration = known == platforms_.end() ? Registration{*id, {}, {}, {}} : known->second;
      registration.raw = raw;
      out_.platforms.push_back(std::move(registration));
    });
  }

  struct Set {
    intel::PlatformId platform;
    std::string ca;
    std::vector<intel::PckCertificate> certificates;
  };

  Status ReadPckCertificates() {
    std::map<std::string, Set> sets;
    TRY(
        ForEach("SELECT c.qe_id, c.pce_id, c.tcbm, c.pck_cert, p.ca FROM pck_cert c "
                "LEFT JOIN platforms p ON p.qe_id = c.qe_id AND p.pce_id = c.pce_id",
                [&](const Row& row) { AddPckCertificate(row, sets); }));
    for (const auto& [name, set] : sets) {
      const std::string array = intel::EncodePckCerts(set.certificates, {});
      out_.items.push_back({PckCertsKey{set.platform}, {Bytes(array.begin(), array.end()), chains_[set.ca]}});
    }
    return {};
  }

  void AddPckCertificate(const Row& row, std::map<std::string, Set>& sets) {
    const auto id = Id(row);
    const auto tcbm = intel::PckTcb::FromHex(row.Text(2));
    const std::string text = row.Text(3);
    const auto pem = PercentDecode(text);
    const auto ders = DecodePem(pem.value_or(text), "CERTIFICATE", 1, Check::kRequest);
    if (!id || !tcbm || !ders.ok() || ders->empty()) {
      return Odd(StrCat("PCK certificate of TCB ", row.Text(2), ": cannot be read"));
    }
    auto certificate = Certificate::Parse(ders->front(), Check::kRequest);
    if (!certificate.ok()) return Odd(StrCat("PCK certificate: ", certificate.error().message));
    Set& set = sets.try_emplace(id->name(), Set{*id, row.Text(4), {}}).first->second;
    set.certificates.push_back({*tcbm, *certificate});
  }

  Status ReadTcbInfos() {
    return ForEach(
        "SELECT fmspc, type, version, update_type, tcbinfo, signing_cert_id, root_cert_id FROM fmspc_tcbs",
        [this](const Row& row) {
          const auto fmspc = intel::Fmspc::FromHex(row.Text(0));
          if (!fmspc) return Odd(StrCat("FMSPC ", row.Text(0), ": not one"));
          const TcbInfoKey key{row.Number(1) == 1 ? IntelTee::kTdx : IntelTee::kSgx, *fmspc,
                               SelectorOf(row.Text(3))};
          auto& items = row.Number(2) == 3 ? out_.version3_infos : out_.items;
          items.push_back({key, {row.Blob(4), Chain(row.Number(5), row.Number(6))}});
        });
  }

  // v3 and v4 have the same identities: the newer form is enough.
  Status ReadIdentities() {
    return ForEach(
        "SELECT id, update_type, identity, signing_cert_id, root_cert_id FROM enclave_identities "
        "WHERE version = 4",
        [this](const Row& row) {
          static constexpr EnclaveId kIds[] = {EnclaveId::kQe, EnclaveId::kQve, EnclaveId::kTdQe};
          const int64_t id = row.Number(0);
          if (id < 1 || id > 3) return Odd(StrCat("identity ", id, ": unknown"));
          const EnclaveIdentityKey key{kIds[id - 1], SelectorOf(row.Text(1))};
          out_.items.push_back({key, {row.Blob(2), Chain(row.Number(3), row.Number(4))}});
        });
  }

  Status ReadCrls() {
    if (!root_crl_.empty()) out_.items.push_back({RootCaCrlKey{}, {root_crl_, Chain(0, kRootId)}});
    return ForEach("SELECT ca, pck_crl, intmd_cert_id, root_cert_id FROM pck_crl", [this](const Row& row) {
      const bool platform = row.Text(0) == "PLATFORM";
      const PckCrlKey key{platform ? intel::PckCa::kPlatform : intel::PckCa::kProcessor};
      out_.items.push_back({key, {Binary(row, 1), Chain(row.Number(2), row.Number(3))}});
    });
  }

  static Selector SelectorOf(std::string_view update_type) {
    return {update_type == "EARLY" ? Selector::Kind::kEarly : Selector::Kind::kStandard, 0};
  }

  sqlite3* const database_;
  Bounds bounds_;
  std::vector<std::string>& odd_;
  std::map<int64_t, std::string> certificates_;    // PEM
  std::map<std::string, std::string> chains_;      // of PCK certificates, by CA
  std::map<std::string, Registration> platforms_;  // by PlatformId::name()
  Bytes root_crl_;
  PlatformBundle out_;
};

}  // namespace

Result<PlatformBundle> ReadPccsDatabase(std::string_view file, std::vector<std::string>& odd) {
  Bytes copy(file.begin(), file.end());  // read in place, for as long as the database is open
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open(":memory:", &raw);
  const std::unique_ptr<sqlite3, CloseDatabase> database(raw);
  if (opened != SQLITE_OK) return NotADatabase("no memory for it");
  const auto size = static_cast<sqlite3_int64>(copy.size());
  if (sqlite3_deserialize(raw, "main", copy.data(), size, size, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK) {
    return NotADatabase(sqlite3_errmsg(raw));
  }
  return Reader(raw, file.size(), odd).Read();
}

}  // namespace thimble
