// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/floors.h"

#include <gtest/gtest.h>

#include "cache/memory_store.h"
#include "service/baselines/builtin_floors.h"
#include "service/baselines/floor_book.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/service/testing/floor_signer.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

constexpr Instant kNow = std::chrono::sys_days{std::chrono::year{2026} / 12 / 1};
constexpr Seconds kDay{86400};

using test::FloorSigner, test::FloorsText;

struct Book {
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();
  std::unique_ptr<FloorBook> book = FloorBook::Open(store).value();

  Status Use(const std::string& setting, const FloorsConfig& config = {}, Instant now = kNow) {
    Baselines baselines;
    baselines["default"].amd = setting;
    return book->Configure(baselines, {{"default", {}}}, config, now);
  }
  void Restart() { book = FloorBook::Open(store).value(); }
  uint32_t NumberAt(const std::string& setting, const std::optional<Instant>& at = std::nullopt) {
    const auto floors = book->Get(setting, at, kNow);
    EXPECT_TRUE(floors) << floors.error().message;
    return floors ? (*floors)->number : 0;
  }
};

void ExpectRefused(const Status& status, Check check, std::string_view words) {
  ASSERT_FALSE(status.ok()) << words;
  EXPECT_EQ(status.error().check, check) << status.error().message;
  EXPECT_NE(status.error().message.find(words), std::string::npos) << status.error().message;
}

TEST(Floors, TheBuiltInDocumentIsTheFileThatIsShipped) {
  const auto floors = LoadFloors("builtin", {});
  ASSERT_TRUE(floors) << floors.error().message;
  EXPECT_EQ((*floors)->Title(), "thimble-amd-floors 1");
  EXPECT_EQ((*floors)->sha256, Sha256(AsBytes(kBuiltinFloors)));
}

TEST(Floors, NoSettingIsNone) {
  const auto none = LoadFloors("", {});
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, nullptr);
}

TEST(Floors, AFileIsNamedInWhatIsWrongWithIt) {
  const test::TempDir files;
  const std::string path = files.Write("f.json", std::string_view("{"));
  const auto broken = LoadFloors(path, {});
  ASSERT_FALSE(broken);
  EXPECT_TRUE(broken.error().message.starts_with(path)) << broken.error().message;
  EXPECT_FALSE(LoadFloors("/nowhere/floors.json", {}));
}

// With a key, files have to be signed by it.
TEST(Floors, ASignatureHoldsUnderTheConfiguredKey) {
  const test::TempDir files;
  const FloorSigner ours(1), other(2);
  const std::string text = FloorsText(1), path = files.Write("f.json", std::string_view(text));
  const FloorsConfig config{
      .key = files.Write("key.pem", std::string_view(ours.Pem())), .overlay = "", .url = "", .directory = ""};
  const auto load = [&] { return LoadFloors(path, FloorRules::Read(config).value()); };
  EXPECT_NE(load().error().message.find("is not signed"), std::string::npos);
  files.Write("f.json.sig", ours.Sign(text));
  EXPECT_TRUE(load()) << load().error().message;
  files.Write("f.json.sig", std::string_view(Base64(ours.Sign(text)) + "\n"));
  EXPECT_TRUE(load()) << load().error().message;
  files.Write("f.json.sig", other.Sign(text));
  EXPECT_NE(load().error().message.find("does not hold"), std::string::npos);
  files.Write("f.json.sig", std::string_view("nonsense"));
  EXPECT_NE(load().error().message.find("neither 64 bytes"), std::string::npos);
  files.Write("f.json.sig", ours.Sign(text));
  files.Write("f.json", std::string_view(text + " "));
  EXPECT_NE(load().error().message.find("does not hold"), std::string::npos);
}

TEST(Floors, RulesThatCannotBeReadAreRefused) {
  const test::TempDir files;
  const std::string not_a_key = files.Write("key.pem", std::string_view("x"));
  EXPECT_FALSE(FloorRules::Read({.key = not_a_key, .overlay = "", .url = "", .directory = ""}));
  EXPECT_FALSE(FloorRules::Read({.key = "", .overlay = "/nowhere", .url = "", .directory = ""}));
  EXPECT_FALSE(FloorRules::Read(
      {.key = "", .overlay = files.Write("o.json", std::string_view("{}")), .url = "", .directory = ""}));
}

TEST(Floors, AnOverlayLiesOverEveryDocument) {
  const test::TempDir files;
  const std::string overlay = R"({"format": "amd-floors-overlay/1", "name": "mine", "number": 2,
    "issued": "2026-12-01", "rules": [{"bulletin": "AMD-SB-3030", "cpus": ["Genoa-B1"],
    "min": {"bootloader": 12, "snp": 28}, "reason": "our hosts"}]})";
  const auto rules = FloorRules::Read(
      {.key = "", .overlay = files.Write("o.json", std::string_view(overlay)), .url = "", .directory = ""});
  ASSERT_TRUE(rules) << rules.error().message;
  const auto floors = LoadFloors("builtin", *rules);
  ASSERT_TRUE(floors) << floors.error().message;
  EXPECT_EQ((*floors)->Title(), "thimble-amd-floors 1 + mine 2");
}

TEST(Floors, LevelsThatPoliciesNameHaveToBeThere) {
  ConfiguredPolicies policies;
  policies["default"].amd_level = "frist";
  ExpectRefused(CheckFloors({{"default", {}}}, policies, {}), Check::kPolicyFormat, "\"frist\" is no level");
  policies["default"].amd_level = "entrysign";
  EXPECT_TRUE(CheckFloors({{"default", {}}}, policies, {}));
}

// ---- the book ----

TEST(FloorBook, AnOlderNumberIsRefusedAlsoAfterARestart) {
  const test::TempDir files;
  Book b;
  const std::string path = files.Write("f.json", std::string_view(FloorsText(2)));
  ASSERT_TRUE(b.Use(path));
  EXPECT_EQ(b.NumberAt(path), 2u);
  files.Write("f.json", std::string_view(FloorsText(1)));
  ExpectRefused(b.Use(path), Check::kCollateralRollback, "2 has been in force");
  EXPECT_EQ(b.NumberAt(path), 2u);  // what was in force stays
  b.Restart();
  ExpectRefused(b.Use(path), Check::kCollateralRollback, "2 has been in force");
  files.Write("f.json", std::string_view(FloorsText(2, "another")));
  ExpectRefused(b.Use(path), Check::kCollateralRollback, "another document of that number");
  files.Write("f.json", std::string_view(FloorsText(3)));
  EXPECT_TRUE(b.Use(path));
  EXPECT_EQ(b.NumberAt(path), 3u);
}

TEST(FloorBook, AnotherTimeIsJudgedByWhatWasInForceThen) {
  const test::TempDir files;
  Book b;
  const std::string path = files.Write("f.json", std::string_view(FloorsText(1)));
  ASSERT_TRUE(b.Use(path, {}, kNow));
  files.Write("f.json", std::string_view(FloorsText(2)));
  ASSERT_TRUE(b.Use(path, {}, kNow + 10 * kDay));
  EXPECT_EQ(b.NumberAt(path), 2u);
  EXPECT_EQ(b.NumberAt(path, kNow + 10 * kDay), 2u);
  EXPECT_EQ(b.NumberAt(path, kNow + 9 * kDay), 1u);
  EXPECT_EQ(b.NumberAt(path, kNow - kDay), 2u);  // none that old: today's, without later bulletins
  ASSERT_EQ(b.book->History().size(), 2u);
  EXPECT_EQ(b.book->History().front().number, 2u);
}

TEST(FloorBook, SignedDocumentsAreTakenUnderTheKeyAlone) {
  const test::TempDir files;
  const FloorSigner ours(1), other(2);
  Book b;
  const FloorsConfig config{
      .key = files.Write("key.pem", std::string_view(ours.Pem())), .overlay = "", .url = "", .directory = ""};
  ASSERT_TRUE(b.Use("signed", config));
  EXPECT_EQ(b.book->Get("signed", {}, kNow).error().kind, ErrorKind::kUnavailable);
  const auto take = [&](uint32_t number, const FloorSigner& signer) {
    const std::string text = FloorsText(number);
    const auto taken = b.book->Take({text, signer.Sign(text)}, "upload", kNow, "ann");
    return taken ? Status() : Status(taken.error());
  };
  ExpectRefused(take(1, other), Check::kPolicyFormat, "does not hold");
  ASSERT_TRUE(take(2, ours));
  EXPECT_EQ(b.NumberAt("signed"), 2u);
  ExpectRefused(take(1, ours), Check::kCollateralRollback, "2 has been in force");
  b.Restart();
  ASSERT_TRUE(b.Use("signed", config));
  EXPECT_EQ(b.NumberAt("signed"), 2u);
  ExpectRefused(take(1, ours), Check::kCollateralRollback, "2 has been in force");
}

// What came in force unsigned, by a file, and is signed later, is "signed" after a restart, too.
TEST(FloorBook, ASignatureThatComesLaterIsKept) {
  const test::TempDir files;
  const FloorSigner ours(1);
  const std::string text = FloorsText(2);
  Book b;
  ASSERT_TRUE(b.Use(files.Write("f.json", std::string_view(text))));
  const FloorsConfig config{
      .key = files.Write("key.pem", std::string_view(ours.Pem())), .overlay = "", .url = "", .directory = ""};
  ASSERT_TRUE(b.Use("signed", config));
  ASSERT_TRUE(b.book->Take({text, ours.Sign(text)}, "upload", kNow + kDay, "ann"));
  ASSERT_EQ(b.book->History().size(), 1u);
  EXPECT_EQ(b.book->History().front().bytes.signature, ours.Sign(text));
  EXPECT_EQ(b.book->History().front().since, kNow) << "it is in force since then";
  b.Restart();
  ASSERT_TRUE(b.Use("signed", config));
  EXPECT_EQ(b.NumberAt("signed"), 2u);
}

TEST(FloorBook, AnotherNameUnderTheSameKeyIsRefused) {
  const test::TempDir files;
  const FloorSigner ours(1);
  Book b;
  ASSERT_TRUE(b.Use("signed", {.key = files.Write("key.pem", std::string_view(ours.Pem())),
                               .overlay = "",
                               .url = "",
                               .directory = ""}));
  const std::string mine = FloorsText(7);
  ASSERT_TRUE(b.book->Take({mine, ours.Sign(mine)}, "upload", kNow, "ann"));
  std::string other = FloorsText(8);
  const std::string name = "\"ours\"";
  ASSERT_NE(other.find(name), std::string::npos);
  other.replace(other.find(name), name.size(), "\"staging\"");
  const auto taken = b.book->Take({other, ours.Sign(other)}, "upload", kNow, "ann");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().check, Check::kCollateralRollback) << taken.error().message;
  EXPECT_EQ(b.NumberAt("signed"), 7u);
}

// A clock that was ahead when one came does not put it before those that came later.
TEST(FloorBook, OfSignedOnesTheHighestNumberIsInForceWhateverTheClockSaid) {
  const test::TempDir files;
  const FloorSigner ours(1);
  const FloorsConfig config{
      .key = files.Write("key.pem", std::string_view(ours.Pem())), .overlay = "", .url = "", .directory = ""};
  Book b;
  ASSERT_TRUE(b.Use("signed", config));
  const auto take = [&](uint32_t number, Instant now) {
    const std::string text = FloorsText(number);
    return b.book->Take({text, ours.Sign(text)}, "upload", now, "ann").ok();
  };
  ASSERT_TRUE(take(2, kNow + 400 * kDay));
  ASSERT_TRUE(take(3, kNow));
  b.Restart();
  ASSERT_TRUE(b.Use("signed", config));
  EXPECT_EQ(b.NumberAt("signed"), 3u);
}

TEST(FloorBook, WithoutAKeyNothingIsTaken) {
  Book b;
  ASSERT_TRUE(b.Use("builtin"));
  const auto taken = b.book->Take({FloorsText(1), Bytes(64)}, "upload", kNow, "ann");
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().message.find("floors.key"), std::string::npos);
  EXPECT_FALSE(b.Use("signed"));
}

// A file that is tried out may still be edited, and its number does not matter.
TEST(FloorBook, ATrialReadsTheFileAsItIsNow) {
  const test::TempDir files;
  Book b;
  const std::string path = files.Write("f.json", std::string_view(FloorsText(2)));
  ASSERT_TRUE(b.Use(path));
  files.Write("f.json", std::string_view(FloorsText(1)));
  EXPECT_EQ((*b.book->Try(path))->number, 1u);
  EXPECT_EQ(b.NumberAt(path), 2u);
}

TEST(FloorBook, ARecordThatIsDamagedIsNotForgotten) {
  Book b;
  ASSERT_TRUE(b.Use("builtin"));
  ASSERT_TRUE(b.store->Apply({{"floors/ours/0000000007", std::string("{}")}}));
  EXPECT_FALSE(FloorBook::Open(b.store));
}

TEST(Floors, ThimbleDoesNotStartWithoutTheFloorsOfABaseline) {
  Config config;
  config.baselines["mine"].amd = "/nowhere/floors.json";
  EXPECT_FALSE(CheckFloors(config.baselines, config.policies, config.floors));
  const auto app = App::Make(config, {.storage = Storage::kMemory, .frozen_time = {}});
  ASSERT_FALSE(app);
  EXPECT_NE(app.error().message.find("/nowhere/floors.json"), std::string::npos);
}

}  // namespace
}  // namespace thimble
