// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/pccs_database.h"

#include <functional>
#include <map>
#include <memory>

#include "service/transfer/sqlite_reader.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/pck_set.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

using Row = SqliteRow;
using Columns = std::initializer_list<std::string_view>;

constexpr std::string_view kTables[] = {
    "enclave_identities", "fmspc_tcbs",    "pck_cert",  "pck_certchain",        "pck_crl",
    "pcs_certificates",   "platform_tcbs", "platforms", "platforms_registered", "qe_identities",
    "qve_identities",
};

// Rows of pcs_certificates.
constexpr int64_t kRootId = 1;

// platforms_registered.state: 9 is a registration that was handed out or served.
constexpr int64_t kStateNew = 0, kStateNotAvailable = 1, kStateDone = 9;

// Where the header says how what was written last lies: 2 is in a write-ahead log.
constexpr size_t kWriteVersionAt = 18, kHeaderSize = 100;
constexpr char kWriteAheadLog = 2;

// Binary as it is, or in hex as schema 0 wrote it.
Bytes Binary(const Row& row, int column) {
  const std::string text = row.Text(column);
  if (const auto bytes = FromHex(text)) return *bytes;
  return row.Blob(column);
}

class Reader {
 public:
  Reader(SqliteReader& database, std::vector<std::string>& odd) : database_(database), odd_(odd) {}

  Result<PlatformBundle> Read() {
    TRY(ReadCertificates());
    TRY(ReadPlatforms());
    TRY(ReadRegistrations());
    TRY(ReadTcbs());
    TRY(ReadPckCertificates());
    TRY(ReadTcbInfos());
    TRY(ReadIdentities());
    TRY(ReadCrls());
    for (auto& [name, platform] : platforms_) out_.certified.push_back(platform.registration);
    return std::move(out_);
  }

 private:
  struct Platform {
    Registration registration;
    std::string ca;
  };

  Status ForEach(std::string_view table, Columns columns, const std::function<void(const Row&)>& visit) {
    return database_.ForEach(table, std::span(columns.begin(), columns.size()), visit);
  }

  void Odd(std::string what) { odd_.push_back(std::move(what)); }

  Status ReadCertificates() {
    TRY(ForEach("pcs_certificates", {"id", "cert", "crl"}, [this](const Row& row) {
      if (const auto pem = PercentDecode(row.Text(1))) certificates_[row.Number(0)] = *pem;
      if (row.Number(0) == kRootId) root_crl_ = Binary(row, 2);
    }));
    return ForEach("pck_certchain", {"ca", "intmd_cert_id", "root_cert_id"},
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

  // Of a row that begins with qe_id, pce_id, enc_ppid, platform_manifest.
  std::optional<Registration> RegistrationIn(const Row& row) {
    const auto id = Id(row);
    if (!id) return std::nullopt;
    Registration registration{*id, {}, {}, {}};
    if (const Bytes ppid = Binary(row, 2); !ppid.empty())
      registration.ppid = intel::EncryptedPpid::From(ppid);
    if (const Bytes manifest = Binary(row, 3); !manifest.empty())
      registration.manifest = intel::PlatformManifest::From(manifest);
    return registration;
  }

  // Those that have certificates.
  Status ReadPlatforms() {
    return ForEach("platforms", {"qe_id", "pce_id", "enc_ppid", "platform_manifest", "ca"},
                   [this](const Row& row) {
                     if (auto registration = RegistrationIn(row)) Know(*std::move(registration), row.Text(4));
                   });
  }

  void Know(Registration registration, std::string ca) {
    std::string name = registration.platform.name();
    platforms_.emplace(std::move(name), Platform{std::move(registration), std::move(ca)});
  }

  // Those that wait for certificates, and those that waited and were handed out.
  Status ReadRegistrations() {
    return ForEach("platforms_registered",
                   {"qe_id", "pce_id", "enc_ppid", "platform_manifest", "cpu_svn", "pce_svn", "state"},
                   [this](const Row& row) {
                     if (auto registration = RegistrationIn(row))
                       AddRegistration(*std::move(registration), row);
                   });
  }

  // A platform that registered by its manifest may have said no TCB.
  void AddRegistration(Registration registration, const Row& row) {
    const std::string cpu_svn = row.Text(4), pce_svn = row.Text(5);
    registration.raw = intel::PckTcb::FromHex(cpu_svn, pce_svn);
    const int64_t state = row.Number(6);
    const bool waits = state == kStateNew || state == kStateNotAvailable;
    if (!registration.raw && !(cpu_svn.empty() && pce_svn.empty()))
      Odd(StrCat("registration of ", registration.platform.name(), ": TCB ", cpu_svn, pce_svn, ": not one"));
    else if (waits)
      out_.waiting.push_back({registration, state == kStateNew ? QueuedRegistration::Why::kNew
                                                               : QueuedRegistration::Why::kNotAvailable});
    else if (state != kStateDone)
      Odd(StrCat("registration of ", registration.platform.name(), ": state ", state, " is unknown"));
    registration.raw.reset();
    Know(std::move(registration), "");
  }

  // Which TCBs each platform was seen with.
  Status ReadTcbs() {
    return ForEach("platform_tcbs", {"qe_id", "pce_id", "cpu_svn", "pce_svn"}, [this](const Row& row) {
      const auto id = Id(row);
      const auto raw = intel::PckTcb::FromHex(row.Text(2), row.Text(3));
      if (!id || !raw) return Odd(StrCat("TCB ", row.Text(2), row.Text(3), ": not one"));
      const auto known = platforms_.find(id->name());
      Registration registration =
          known == platforms_.end() ? Registration{*id, {}, {}, {}} : known->second.registration;
      registration.raw = raw;
      out_.platforms.push_back(std::move(registration));
    });
  }

  struct Set {
    intel::PlatformId platform;
    std::vector<intel::PckCertificate> certificates;
  };

  Status ReadPckCertificates() {
    std::map<std::string, Set> sets;
    TRY(ForEach("pck_cert", {"qe_id", "pce_id", "tcbm", "pck_cert"},
                [&](const Row& row) { AddPckCertificate(row, sets); }));
    for (const auto& [name, set] : sets) {
      const auto platform = platforms_.find(name);
      const std::string ca = platform == platforms_.end() ? "" : platform->second.ca;
      const std::string array = intel::EncodePckCerts(set.certificates, {});
      out_.items.push_back({PckCertsKey{set.platform}, {Bytes(array.begin(), array.end()), chains_[ca]}});
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
    Set& set = sets.try_emplace(id->name(), Set{*id, {}}).first->second;
    set.certificates.push_back({*tcbm, *certificate});
  }

  // Of a schema that has no type, version or update_type: SGX, as PCS v3 gives it, standard.
  Status ReadTcbInfos() {
    return ForEach("fmspc_tcbs",
                   {"fmspc", "type", "version", "update_type", "tcbinfo", "signing_cert_id", "root_cert_id"},
                   [this](const Row& row) {
                     const auto fmspc = intel::Fmspc::FromHex(row.Text(0));
                     if (!fmspc) return Odd(StrCat("FMSPC ", row.Text(0), ": not one"));
                     const TcbInfoKey key{row.Number(1) == 1 ? IntelTee::kTdx : IntelTee::kSgx, *fmspc,
                                          SelectorOf(row.Text(3))};
                     auto& items = row.Null(2) || row.Number(2) == 3 ? out_.version3_infos : out_.items;
                     items.push_back({key, {row.Blob(4), Chain(row.Number(5), row.Number(6))}});
                   });
  }

  Status ReadIdentities() {
    const bool older = !database_.Has("enclave_identities") && database_.Has("qe_identities");
    const Status read = older ? ReadIdentitiesOfOldSchema() : ReadEnclaveIdentities();
    for (auto& [name, identity] : identities_) out_.items.push_back(std::move(identity.item));
    return read;
  }

  Status ReadEnclaveIdentities() {
    return ForEach("enclave_identities",
                   {"id", "version", "update_type", "identity", "signing_cert_id", "root_cert_id"},
                   [this](const Row& row) {
                     static constexpr EnclaveId kIds[] = {EnclaveId::kQe, EnclaveId::kQve, EnclaveId::kTdQe};
                     const int64_t id = row.Number(0);
                     if (id < 1 || id > 3) return Odd(StrCat("identity ", id, ": unknown"));
                     AddIdentity({kIds[id - 1], SelectorOf(row.Text(2))}, row.Number(1),
                                 {row.Blob(3), Chain(row.Number(4), row.Number(5))});
                   });
  }

  // v3 and v4 have the same identities: the newer one is enough.
  void AddIdentity(const EnclaveIdentityKey& key, int64_t version, CollateralBytes bytes) {
    Identity& identity = identities_.try_emplace(KeyName(key), Identity{version, {key, {}}}).first->second;
    if (version >= identity.version) identity = {version, {key, std::move(bytes)}};
  }

  Status ReadIdentitiesOfOldSchema() {
    const auto add = [this](EnclaveId id) {
      return [this, id](const Row& row) {
        AddIdentity({id, {}}, 0, {row.Blob(0), Chain(row.Number(1), row.Number(2))});
      };
    };
    TRY(ForEach("qe_identities", {"qe_identity", "signing_cert_id", "root_cert_id"}, add(EnclaveId::kQe)));
    if (!database_.Has("qve_identities")) return {};
    return ForEach("qve_identities", {"qve_identity", "signing_cert_id", "root_cert_id"},
                   add(EnclaveId::kQve));
  }

  Status ReadCrls() {
    if (!root_crl_.empty()) out_.items.push_back({RootCaCrlKey{}, {root_crl_, Chain(0, kRootId)}});
    return ForEach("pck_crl", {"ca", "pck_crl", "intmd_cert_id", "root_cert_id"}, [this](const Row& row) {
      const bool platform = row.Text(0) == "PLATFORM";
      const PckCrlKey key{platform ? intel::PckCa::kPlatform : intel::PckCa::kProcessor};
      out_.items.push_back({key, {Binary(row, 1), Chain(row.Number(2), row.Number(3))}});
    });
  }

  static Selector SelectorOf(std::string_view update_type) {
    return {update_type == "EARLY" ? Selector::Kind::kEarly : Selector::Kind::kStandard, 0};
  }

  struct Identity {
    int64_t version;
    BundleItem item;
  };

  SqliteReader& database_;
  std::vector<std::string>& odd_;
  std::map<int64_t, std::string> certificates_;  // PEM
  std::map<std::string, std::string> chains_;    // of PCK certificates, by CA
  std::map<std::string, Platform> platforms_;    // by PlatformId::name()
  std::map<std::string, Identity> identities_;   // by KeyName
  Bytes root_crl_;
  PlatformBundle out_;
};

}  // namespace

Result<PlatformBundle> ReadPccsDatabase(std::string_view file, std::vector<std::string>& odd,
                                        std::chrono::milliseconds time_limit) {
  if (file.size() < kHeaderSize) return NotAPccsDatabase("is cut off");
  if (file[kWriteVersionAt] == kWriteAheadLog) {
    return NotAPccsDatabase(
        "is in WAL mode, and its last changes may be in the file -wal beside it: run `thimble import` on its "
        "path where "
        "both are");
  }
  TRY_ASSIGN(const auto database, SqliteReader::Open(file, kTables, time_limit));
  return Reader(*database, odd).Read();
}

}  // namespace thimble
