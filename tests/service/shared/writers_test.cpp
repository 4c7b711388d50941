// SPDX-License-Identifier: Apache-2.0
//
// Several writers of one database: who wins, whatever happens to them. THIMBLE_SHARED_ROUNDS=10000 for the long form.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <map>
#include <random>
#include <thread>

#include "service/shared/postgres_nonces.h"
#include "service/shared/postgres_store.h"
#include "tcb/base/text.h"
#include "tests/service/testing/postgres_cluster.h"

extern char** environ;

namespace thimble::test {
namespace {

int Rounds(int otherwise) {
  const char* const text = std::getenv("THIMBLE_SHARED_ROUNDS");
  return text != nullptr ? std::atoi(text) : otherwise;
}

class SharedWriters : public testing::Test {
 protected:
  void SetUp() override {
    PostgresCluster& cluster = PostgresCluster::Shared();
    if (!cluster.why_not().empty()) GTEST_SKIP() << cluster.why_not();
    url_ = cluster.NewDatabase();
  }
  pid_t Writer(int items, int version) const {
    std::vector<std::string> words = {THIMBLE_SHARED_WRITER, url_, std::to_string(items),
                                      std::to_string(version)};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t pid = -1;
    EXPECT_EQ(::posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), environ), 0);
    return pid;
  }

  std::string url_;
};

// True: it has written all that it had to.
bool HasEnded(pid_t pid) {
  int status = 0;
  return ::waitpid(pid, &status, WNOHANG) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
void Kill(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

// An older and a newer writer, one of them killed every now and then and begun again. No item ever goes back to the older
// version, and at the end all have the newer one.
TEST_F(SharedWriters, TheNewestStaysWhoeverIsKilled) {
  const int items = Rounds(50);
  constexpr int kVersions[] = {17, 18}, kKills = 6;
  std::map<int, pid_t> running;
  for (const int version : kVersions) running[version] = Writer(items, version);
  Database database({url_, ""});
  PostgresStore store(database);
  std::mt19937 random(7);
  std::map<std::string, int> seen;
  int kills = 0;
  while (!running.empty()) {
    for (int looks = 0; looks < 20; ++looks) {
      const std::string name = StrCat("item/", random() % static_cast<unsigned>(items));
      const auto value = store.Get(name);
      ASSERT_TRUE(value.ok()) << value.error().message;
      const int version = *value ? std::stoi(**value) : 0;
      ASSERT_GE(version, seen[name]) << name << " went backwards";
      seen[name] = version;
    }
    std::erase_if(running, [](const auto& writer) { return HasEnded(writer.second); });
    const auto unlucky = running.find(kVersions[random() % 2]);
    if (kills >= kKills || unlucky == running.end()) continue;
    ++kills;
    Kill(unlucky->second);
    unlucky->second = Writer(items, unlucky->first);
  }
  RecordProperty("kills", kills);
  for (int i = 0; i < items; ++i) EXPECT_EQ(store.Get(StrCat("item/", i)).value(), "18") << i;
}

// Replicas that take a nonce at once: one of them does.
TEST_F(SharedWriters, ANonceIsTakenOnce) {
  Database databases[] = {Database({url_, ""}), Database({url_, ""})};
  PostgresNonces one(databases[0]), other(databases[1]);
  const Instant expires(Seconds(2'000'000'000));
  for (int round = 0; round < Rounds(50); ++round) {
    const std::string text = StrCat("nonce ", round);
    int taken[2] = {};
    const auto take = [&](PostgresNonces& nonces, int& count) {
      const auto first = nonces.Take(AsBytes(text), expires);
      ASSERT_TRUE(first.ok()) << first.error().message;
      count = *first ? 1 : 0;
    };
    std::thread beside([&] { take(other, taken[1]); });
    take(one, taken[0]);
    beside.join();
    EXPECT_EQ(taken[0] + taken[1], 1) << round;
  }
  const auto pass = [&](const char* time) {
    PostgresCluster::Shared().Sql(url_.substr(url_.rfind('/') + 1),
                                  StrCat("UPDATE thimble_nonces SET taken = taken - interval '", time, "'"));
    ASSERT_TRUE(one.Purge().ok());
  };
  pass("23 hours");
  EXPECT_FALSE(other.Take(AsBytes("nonce 0"), expires).value()) << "by the clock of the database alone";
  pass("2 hours");
  EXPECT_TRUE(other.Take(AsBytes("nonce 0"), expires).value());
}

TEST_F(SharedWriters, NumbersOfChangesAreInTheOrderOfWhatIsSeen) {
  Database databases[] = {Database({url_, ""}), Database({url_, ""}), Database({url_, ""})};
  const int each = 50;
  const auto write = [&](Database& database, const std::string& prefix) {
    PostgresStore store(database);
    for (int i = 0; i < each; ++i)
      EXPECT_TRUE(store.Apply({{StrCat(prefix, i), "1"}, {StrCat(prefix, i, "/b"), std::nullopt}}).ok());
  };
  std::thread one([&] { write(databases[0], "one/"); }), two([&] { write(databases[1], "two/"); });
  PostgresStore reader(databases[2]);
  std::map<std::string, int> heard;
  std::string database;
  int64_t last = 0;
  while (heard.size() < size_t{4} * each) {
    const auto changes = reader.ChangesAfter(database, last);
    ASSERT_TRUE(changes.ok()) << changes.error().message;
    EXPECT_EQ(changes->anew, database.empty());
    for (const Store::Write& change : changes->writes) ++heard[change.name];
    database = changes->database;
    last = changes->last;
  }
  one.join();
  two.join();
  for (const auto& [name, times] : heard) EXPECT_EQ(times, 1) << name;
  EXPECT_TRUE(reader.ChangesAfter(database, last + 1)->anew) << "of a database that was put back";
  EXPECT_TRUE(reader.ChangesAfter("another", last)->anew);
}

TEST_F(SharedWriters, TheTablesHaveAVersion) {
  Database database({url_, ""});
  EXPECT_EQ(database.Migrate().value(), kSharedSchema) << "nothing to do";
  const std::string name = url_.substr(url_.rfind('/') + 1);
  const auto version = [&](int64_t number) {
    PostgresCluster::Shared().Sql(name, StrCat("UPDATE thimble_schema SET version = ", number));
  };
  ASSERT_TRUE(PostgresStore(database).Get("a").ok());
  for (const int64_t other : {kSharedSchema + 1, kSharedSchema - 1}) {
    version(other);
    Database late({url_, ""});
    const auto refused = PostgresStore(late).Get("a");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::kMalformed);
    EXPECT_NE(refused.error().message.find(StrCat("schema ", other > kSharedSchema ? "2 is" : "is 0")),
              std::string::npos)
        << refused.error().message;
  }
  version(kSharedSchema + 1);
  EXPECT_FALSE(database.Migrate().ok());
}

TEST_F(SharedWriters, WhatCannotBeReachedSaysSoAndNoPassword) {
  const TempDir files;
  const std::string password = files.Write("password", "s3cret-word\n");
  ::chmod(password.c_str(), 0600);
  Database nobody({"postgresql://thimble@127.0.0.1:1/thimble", password});
  const auto answer = PostgresStore(nobody).Get("a");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(answer.error().message.starts_with("shared database: ")) << answer.error().message;
  EXPECT_EQ(answer.error().message.find("s3cret"), std::string::npos);
  EXPECT_FALSE(CheckSharedUrl("postgresql://thimble:s3cret@db.example/thimble").ok());
  EXPECT_FALSE(CheckSharedUrl("host=db.example password=s3cret").ok());
  EXPECT_FALSE(CheckSharedUrl("nonsense").ok());
  EXPECT_TRUE(CheckSharedUrl("postgresql://thimble@db.example/thimble?sslmode=verify-full").ok());
  EXPECT_TRUE(CheckSharedUrl("service=thimble").ok());
}

}  // namespace
}  // namespace thimble::test
