// SPDX-License-Identifier: Apache-2.0
#include "service/shared/postgres.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "service/shared/shared_config.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
struct FreeInfo {
  void operator()(PQconninfoOption* info) const { PQconninfoFree(info); }
};
struct FreeMemory {
  void operator()(char* text) const { PQfreemem(text); }
};

// Beside the deadline of whoever waits: what it gave up must not hold locks on the server.
constexpr std::string_view kTimeouts =
    "SET LOCAL statement_timeout = '20s'; SET LOCAL lock_timeout = '2s'; "
    "SET LOCAL idle_in_transaction_session_timeout = '5s'";

// libpq's messages have several lines.
std::string OneLine(std::string_view text) {
  std::string line(text.substr(0, text.find_last_not_of(" \n") + 1));
  for (char& c : line) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return line;
}

}  // namespace

Error SharedError(std::string_view what) {
  return {ErrorKind::kUnavailable, Check::kStoreIo, StrCat("shared database: ", what)};
}

Status CheckSharedUrl(const std::string& url) {
  const auto fail = [](std::string message) {
    return Error{ErrorKind::kMalformed, Check::kRequest, std::move(message)};
  };
  char* why = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeInfo> info(PQconninfoParse(url.c_str(), &why));
  const std::unique_ptr<char, FreeMemory> unused(why);  // it may quote a password
  if (info == nullptr) return fail("shared.url is not one that libpq reads: postgresql://USER@HOST/DATABASE");
  for (const PQconninfoOption* option = info.get(); option->keyword != nullptr; ++option) {
    if (std::string_view(option->keyword) == "password" && option->val != nullptr)
      return fail("shared.url has a password in it: put it into shared.password_file, or a file of libpq's");
  }
  return {};
}

// ---- rows ----

struct PgRows::Impl {
  std::unique_ptr<PGresult, Clear> result;
};

PgRows::PgRows(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PgRows::PgRows(PgRows&&) noexcept = default;
PgRows::~PgRows() = default;

size_t PgRows::size() const { return static_cast<size_t>(PQntuples(impl_->result.get())); }

std::optional<std::string> PgRows::Text(size_t row, size_t column) const {
  const PGresult* const result = impl_->result.get();
  if (row >= size() || column >= static_cast<size_t>(PQnfields(result))) return std::nullopt;
  const int r = static_cast<int>(row), c = static_cast<int>(column);
  if (PQgetisnull(result, r, c) != 0) return std::nullopt;
  return std::string(PQgetvalue(result, r, c), static_cast<size_t>(PQgetlength(result, r, c)));
}

std::optional<int64_t> PgRows::Number(size_t row, size_t column) const {
  const auto bytes = Text(row, column);
  if (!bytes || bytes->size() != sizeof(uint64_t)) return std::nullopt;
  uint64_t number = 0;
  for (const char c : *bytes) number = number << 8 | static_cast<uint8_t>(c);
  return static_cast<int64_t>(number);
}

uint64_t PgRows::affected() const {
  const std::string_view text = PQcmdTuples(impl_->result.get());
  uint64_t count = 0;
  for (const char c : text) count = count * 10 + static_cast<uint64_t>(c - '0');
  return count;
}

std::string PgRows::command() const { return PQcmdStatus(impl_->result.get()); }

// ---- connection ----

struct PgConnection::Impl {
  std::unique_ptr<PGconn, Finish> connection;
};

PgConnection::PgConnection(std::unique_ptr<Impl> impl, Time deadline)
    : impl_(std::move(impl)), deadline_(deadline) {}
PgConnection::~PgConnection() = default;

Result<std::unique_ptr<PgConnection>> PgConnection::Open(const std::string& url, const std::string& password,
                                                         Time deadline) {
  // What is named later counts; the URL itself has no password.
  // Of several hosts, the one that takes writes, unless the URL says otherwise.
  const char* const keywords[] = {"fallback_application_name", "target_session_attrs", "dbname",
                                  password.empty() ? nullptr : "password", nullptr};
  const char* const values[] = {"thimble", "read-write", url.c_str(),
                                password.empty() ? nullptr : password.c_str(), nullptr};
  auto impl = std::make_unique<Impl>();
  impl->connection.reset(PQconnectStartParams(keywords, values, 1));
  if (impl->connection == nullptr) return SharedError("no memory for a connection");
  std::unique_ptr<PgConnection> made(new PgConnection(std::move(impl), deadline));
  TRY(made->Connect());
  return made;
}

Error PgConnection::Failed(std::string_view what) {
  broken_ = true;
  const std::string why = OneLine(PQerrorMessage(impl_->connection.get()));
  return SharedError(why.empty() ? std::string(what) : StrCat(what, ": ", why));
}

Status PgConnection::Wait(short events) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      broken_ = true;
      return SharedError("it does not answer in time");
    }
    pollfd socket{PQsocket(impl_->connection.get()), events, 0};
    const int ready = ::poll(&socket, 1, static_cast<int>(std::min<int64_t>(left.count(), 60'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return Failed("cannot wait");
  }
}

Status PgConnection::Connect() {
  PGconn* const connection = impl_->connection.get();
  if (PQstatus(connection) == CONNECTION_BAD) return Failed("cannot connect");
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) return Failed("cannot connect");
    TRY(Wait(next == PGRES_POLLING_READING ? POLLIN : POLLOUT));
    next = PQconnectPoll(connection);
  }
  if (PQsetnonblocking(connection, 1) != 0) return Failed("cannot connect");
  // It may say what it pleases on stderr otherwise.
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  return {};
}

Status PgConnection::Send() {
  PGconn* const connection = impl_->connection.get();
  while (true) {
    const int left = PQflush(connection);
    if (left == 0) return {};
    if (left < 0) return Failed("cannot ask");
    TRY(Wait(POLLIN | POLLOUT));
    if (PQconsumeInput(connection) == 0) return Failed("cannot ask");
  }
}

// The last result counts, but for an error before it.
Result<PgRows> PgConnection::Receive() {
  PGconn* const connection = impl_->connection.get();
  std::unique_ptr<PGresult, Clear> last;
  while (true) {
    while (PQisBusy(connection) != 0) {
      TRY(Wait(POLLIN));
      if (PQconsumeInput(connection) == 0) return Failed("is gone");
    }
    std::unique_ptr<PGresult, Clear> next(PQgetResult(connection));
    if (next == nullptr) break;
    if (last == nullptr || PQresultStatus(last.get()) != PGRES_FATAL_ERROR) last = std::move(next);
  }
  if (PQstatus(connection) == CONNECTION_BAD) return Failed("is gone");
  if (last == nullptr) return Failed("no answer");
  const ExecStatusType status = PQresultStatus(last.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    return SharedError(OneLine(PQresultErrorMessage(last.get())));
  return PgRows(std::make_unique<PgRows::Impl>(PgRows::Impl{std::move(last)}));
}

Result<PgRows> PgConnection::Run(const std::string& sql, const std::vector<PgValue>& parameters) {
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
  for (const PgValue& parameter : parameters) {
    values.push_back(parameter.null ? nullptr : parameter.text.data());
    lengths.push_back(static_cast<int>(parameter.text.size()));
    formats.push_back(parameter.binary ? 1 : 0);
  }
  if (PQsendQueryParams(impl_->connection.get(), sql.c_str(), static_cast<int>(parameters.size()), nullptr,
                        values.data(), lengths.data(), formats.data(), 1) == 0)
    return Failed("cannot ask");
  TRY(Send());
  return Receive();
}

Status PgConnection::RunAll(const std::string& sql) {
  if (PQsendQuery(impl_->connection.get(), sql.c_str()) == 0) return Failed("cannot ask");
  TRY(Send());
  TRY(Receive());
  return {};
}

bool PgConnection::in_transaction() const {
  return PQtransactionStatus(impl_->connection.get()) != PQTRANS_IDLE;
}

bool PgConnection::closed_meanwhile() {
  PGconn* const connection = impl_->connection.get();
  pollfd socket{PQsocket(connection), POLLIN, 0};
  if (!broken_ && ::poll(&socket, 1, 0) == 0) return false;
  if (broken_ || PQconsumeInput(connection) == 0 || PQstatus(connection) == CONNECTION_BAD) broken_ = true;
  return broken_;
}

// ---- transaction ----

Result<PgTransaction> PgTransaction::Begin(PgConnection& connection) {
  TRY(connection.RunAll(StrCat("BEGIN; ", kTimeouts)));
  return PgTransaction(&connection);
}

PgTransaction::~PgTransaction() {
  // One that cannot be undone ends with its connection, which is broken then.
  if (connection_ != nullptr && !connection_->broken()) (void)connection_->RunAll("ROLLBACK");
}

Status PgTransaction::Commit() {
  PgConnection* const connection = std::exchange(connection_, nullptr);
  TRY_ASSIGN(const PgRows rows, connection->Run("COMMIT"));
  // The server ends a transaction that has failed with another word, and without an error.
  if (rows.command() != "COMMIT") return SharedError("the transaction was undone");
  return {};
}

}  // namespace thimble
