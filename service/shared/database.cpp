// SPDX-License-Identifier: Apache-2.0
#include "service/shared/database.h"

#include "service/support/file.h"
#include "service/support/log.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

using Steady = std::chrono::steady_clock;

constexpr size_t kConnections = 3;
constexpr size_t kMostWaiting = 64;  // each holds a thread of the server, which has hundreds
constexpr std::chrono::milliseconds kToConnect{2000}, kToWait{1000}, kToMigrate{60'000};

// The first line of the file.
Result<std::string> ReadPassword(const std::string& path) {
  constexpr size_t kMaxPasswordFile = 4096;
  if (path.empty()) return std::string();
  TRY(CheckSecretFile(path, "password file"));
  TRY_ASSIGN(std::string text, ReadFile(path, kMaxPasswordFile));
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  if (text.empty()) return SharedError(StrCat(path, ": its first line is empty"));
  return text;
}

}  // namespace

Status CheckSharedFiles(const SharedConfig& config) {
  TRY(ReadPassword(config.password_file));
  return {};
}

Result<Database::Held> Database::Connect() const {
  const auto password = ReadPassword(config_.password_file);
  if (!password) return SharedError(password.error().message);
  return PgConnection::Open(config_.url, *password, Steady::now() + kToConnect);
}

Result<int64_t> Database::Migrate() {
  TRY_ASSIGN(const Held connection, Connect());
  connection->SetDeadline(Steady::now() + kToMigrate);
  return MigrateShared(*connection);
}

Result<Database::Held> Database::Open() {
  TRY_ASSIGN(Held connection, Connect());
  TRY_ASSIGN(SharedSchema schema, ReadSharedSchema(*connection));
  const std::lock_guard lock(mutex_);
  schema_ = std::move(schema);
  return connection;
}

void Database::NoteFailure(const Error& error) {
  ++state_.failures;
  state_.error = error.message;
  if (open_ == 0 && std::exchange(state_.up, false)) LogError("shared database lost", {}, error.message);
}

Status Database::Mend() {
  {
    // So that what the server has hung up is noticed without anybody who needs it.
    const std::lock_guard lock(mutex_);
    const size_t closed =
        std::erase_if(idle_, [](const Held& connection) { return connection->closed_meanwhile(); });
    open_ -= closed;
    if (closed != 0) NoteFailure(SharedError("it has closed connections"));
  }
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (open_ >= kConnections) return {};
    }
    auto opened = Open();
    const std::lock_guard lock(mutex_);
    if (!opened) {
      NoteFailure(opened.error());
      return std::move(opened).error();
    }
    ++open_;
    idle_.push_back(std::move(opened).value());
    state_.reached = Steady::now();
    if (!std::exchange(state_.up, true)) LogInfo("shared database reached");
    free_.notify_one();
  }
}

void Database::BeginBackground() {
  const std::lock_guard lock(mutex_);
  background_ = true;
}

Result<Database::Held> Database::Take(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (!background_ && open_ == 0) {
    lock.unlock();
    TRY(Mend());
    lock.lock();
  }
  const auto until = Steady::now() + std::min(patience, kToWait);
  while (true) {
    if (!idle_.empty()) {
      Held connection = std::move(idle_.back());
      idle_.pop_back();
      if (!connection->closed_meanwhile()) return connection;
      --open_;
      NoteFailure(SharedError("it has closed the connection"));
    } else if (open_ == 0) {
      return SharedError(state_.error.empty() ? "it was not reached yet"
                                              : StrCat("it cannot be reached: ", state_.error));
    } else if (waiting_ >= kMostWaiting) {
      return SharedError("all connections are in use, and many wait for one");
    } else {
      ++waiting_;
      const bool late = free_.wait_until(lock, until) == std::cv_status::timeout;
      --waiting_;
      if (late && idle_.empty()) return SharedError("all connections are in use");
    }
  }
}

void Database::GiveBack(Held connection) {
  const std::lock_guard lock(mutex_);
  if (connection->broken() || connection->in_transaction()) {
    --open_;
    NoteFailure(SharedError("a connection broke, or its answer did not come in time"));
    free_.notify_all();
    return;
  }
  state_.reached = Steady::now();
  idle_.push_back(std::move(connection));
  free_.notify_one();
}

Status Database::Use(const Work& work, std::chrono::milliseconds patience) {
  TRY_ASSIGN(Held connection, Take(patience));
  // Also when `work` throws: there is no memory.
  struct Lease {
    Database& from;
    Held lent;
    ~Lease() { from.GiveBack(std::move(lent)); }
  } const lease{*this, std::move(connection)};
  lease.lent->SetDeadline(Steady::now() + patience);
  return work(*lease.lent);
}

Result<SharedSchema> Database::Look() {
  Result<SharedSchema> looked = SharedError("it was not asked");
  const Status asked = Use([&](PgConnection& connection) -> Status {
    looked = LookAtSchema(connection);
    return looked.ok() ? Status() : Status(looked.error());
  });
  if (!asked) {
    if (asked.error().kind == ErrorKind::kMalformed) Forget(asked.error());
    return asked.error();
  }
  const std::lock_guard lock(mutex_);
  schema_ = *looked;
  return looked;
}

// Those that are lent are noticed by the next look.
void Database::Forget(const Error& why) {
  const std::lock_guard lock(mutex_);
  open_ -= idle_.size();
  idle_.clear();
  NoteFailure(why);
}

Database::State Database::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::optional<SharedSchema> Database::schema() const {
  const std::lock_guard lock(mutex_);
  return schema_;
}

}  // namespace thimble
