// SPDX-License-Identifier: Apache-2.0
//
// Collateral in and out as one file.
#include "service/transfer/transfer.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/service/testing/ops_world.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/sim_bundle.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::OpsWorld;

// A second Thimble that trusts the same vendor, and has no upstream at all.
struct AirGapped : OpsWorld {
  AirGapped() {
    config.intel_upstreams.clear();
    config.amd_upstreams.clear();
    Start();
  }
};

struct Filled : OpsWorld {
  Filled() {
    Start();
    Fill();
  }
};

TEST(Transfer, BringsEverythingToWhereThereIsNoNetwork) {
  Filled source;
  AirGapped target;
  const json report = target.Imported(source.Export());
  EXPECT_EQ(report["taken"], OpsWorld::kItems);
  EXPECT_EQ(report["refused"], json::array());
  EXPECT_EQ(report["lacks"], json::array());
  EXPECT_EQ(report["first_expiry"], FormatRfc3339(sim::kNow + std::chrono::days(20)))
      << "that of the PCK CRL";
  for (const char* path :
       {"/sgx/certification/v4/qe/identity", "/tdx/certification/v4/tcb?fmspc=00806F050000",
        "/sgx/certification/v4/rootcacrl"}) {
    EXPECT_EQ(target.Ask(path).body, source.Ask(path).body) << path;
  }
  EXPECT_EQ(target.Ask(test::PckCertTarget()).body, source.Ask(test::PckCertTarget()).body);
  const auto verdict = test::Post(target.port(), "/v1/verify", "application/octet-stream",
                                  AsText(source.intel.Quote({.tdx = true})));
  EXPECT_EQ(json::parse(verdict.body)["decision"], "accept") << verdict.body;
  EXPECT_EQ(target.vendor.Count(), 0u);
}

TEST(Transfer, TheExportOfAnImportIsByteIdentical) {
  Filled source;
  ASSERT_TRUE(source.app->cache().Refresh(RootCaCrlKey{}, sim::kNow).ok());
  for (const bool history : {false, true}) {
    AirGapped target;
    const std::string file = source.Export(history);
    target.Imported(file);
    EXPECT_EQ(target.Export(history), file) << history;
  }
}

TEST(Transfer, TheSameAgainChangesNothing) {
  Filled source;
  AirGapped target;
  const std::string file = source.Export(true);
  target.Imported(file);
  const json again = target.Imported(file);
  EXPECT_EQ(again["taken"], 0);
  EXPECT_EQ(again["held"], OpsWorld::kItems);
  EXPECT_EQ(target.Export(true), file);
}

TEST(Transfer, WhatDoesNotHoldIsRefusedByItselfAndNamed) {
  Filled source;
  auto items = DecodeExport(source.Export());
  ASSERT_TRUE(items.ok());
  for (ExportedItem& item : *items) {
    if (item.record.name == "intel/crl/root") item.record.bytes.body.back() ^= 1;  // its signature
  }
  AirGapped target;
  const json report = target.Imported(EncodeExport(*items));
  EXPECT_EQ(report["taken"], OpsWorld::kItems - 1);
  ASSERT_EQ(report["refused"].size(), 1u);
  EXPECT_EQ(report["refused"][0]["item"], "intel/crl/root");
  EXPECT_EQ(report["refused"][0]["check"], "crl.root.signature");
  const std::string lacks = report["lacks"].dump();
  EXPECT_NE(lacks.find("FMSPC 00806f050000 lacks intel/crl/root"), std::string::npos) << lacks;
}

TEST(Transfer, AnotherVendorsItemsAreAllRefused) {
  test::World forger(sim::SimIntel::Make({.seed = "forger"}));
  OpsWorld source;
  Filled honest;
  source.Start();
  const json everything = source.Imported(honest.Export());
  EXPECT_EQ(everything["taken"], OpsWorld::kItems) << "of the same seed";
  OpsWorld other;
  other.config.server.anchors = {forger.files / "root.pem"};
  other.Start();
  EXPECT_EQ(other.Imported(honest.Export())["taken"], 0);
}

TEST(Transfer, AnOlderItemDoesNotReplaceANewerOne) {
  Filled older;
  const std::string file = older.Export();
  const Instant later = sim::kNow + std::chrono::hours(48);
  OpsWorld newer;
  newer.vendor.SetNow(later);
  newer.Start(later);
  newer.Fill();
  const std::string before = newer.Export();
  const json report = newer.Imported(file);
  EXPECT_EQ(report["taken"], 0);
  EXPECT_GE(report["refused"].size(), 6u);
  for (const json& refused : report["refused"]) EXPECT_EQ(refused["check"], "collateral.rollback") << refused;
  EXPECT_EQ(newer.Export(), before);
}

TEST(Transfer, ADamagedFileIsRefusedAsAWhole) {
  Filled source;
  const std::string file = source.Export();
  AirGapped target;
  for (const size_t size : {size_t{0}, size_t{10}, size_t{40}, size_t{2000}, file.size() - 1}) {
    EXPECT_EQ(target.Import(file.substr(0, size)).status, 400) << size;
  }
  for (const size_t at : {size_t{16}, size_t{30}, size_t{300}, file.size() - 5}) {
    std::string bent = file;
    bent.at(at) = static_cast<char>(bent.at(at) ^ 1);
    EXPECT_EQ(target.Import(bent).status, 400) << at;
  }
  EXPECT_EQ(target.Import(file + "x").status, 400);
  EXPECT_EQ(target.app->cache().Records().size(), 0u);
}

TEST(Transfer, AFileThatEndsTooSoonIsRefusedWhenTold) {
  Filled source;
  AirGapped target;
  const std::string file = source.Export();
  const auto refused = target.Import(file, "min_remaining=21d");  // the PCK CRL has 20
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(json::parse(refused.content->body())["check"], "collateral.missing");
  EXPECT_EQ(target.app->cache().Records().size(), 0u);
  EXPECT_EQ(target.Import(file, "min_remaining=7d").status, 200);
  EXPECT_EQ(target.Import(file, "min_remaining=soon").status, 400);
}

TEST(Transfer, TakesThePlatformcollateralOfAPccs) {
  AirGapped target;
  const json report = target.Imported(test::BundleOf(target.intel, test::kQeId).dump());
  EXPECT_EQ(report["refused"], json::array());
  EXPECT_GE(report["taken"].get<int>(), 6);
  EXPECT_EQ(target.Ask(test::PckCertTarget()).status, 200);
}

TEST(Transfer, IsTheAdministratorsAlone) {
  Filled w;
  EXPECT_EQ(w.Ask("/v1/export").status, 401);
  EXPECT_EQ(test::Post(w.port(), "/v1/import", "application/octet-stream", "x").status, 401);
}

TEST(Transfer, WhatIsRefusedForOneReasonIsOneLine) {
  ImportReport report;
  report.refused = {
      {"a", "crl.root.signature", "no"}, {"a", "crl.root.signature", "no"}, {"b", "pck.root", "none"}};
  EXPECT_TRUE(ImportText(report).text().starts_with(
      "refused: a: crl.root.signature: no (2 versions)\nrefused: b: pck.root: none\ntaken "))
      << ImportText(report).text();
  report.refused = {{"a", "pck.root", "none"}, {"b", "pck.root", "none"}};
  EXPECT_TRUE(
      ImportText(report).text().starts_with("refused: all 2 that are refused: pck.root: none\ntaken "))
      << ImportText(report).text();
}

// More than the body of any other route, by whoever has the role; a stranger's is not read.
TEST(Transfer, AFileOverTheNetworkIsAsLargeAsTheKeySays) {
  OpsWorld w;
  w.config.pccs.max_upload = 4u << 20;
  w.Start();
  const auto import = [&w](std::string_view token, size_t size) {
    return w.Send("POST", "/v1/import", token, std::string(size, 'x'));
  };
  const std::string admin = "Authorization: Bearer admin secret\r\n";
  EXPECT_EQ(import(admin, 3u << 20).status, 400) << "it is read, and is nothing";
  const auto refused = import(admin, (4u << 20) + 1);
  EXPECT_EQ(refused.status, 413);
  EXPECT_NE(refused.body.find("[pccs] max_upload"), std::string::npos) << refused.body;
  EXPECT_EQ(import("", 3u << 20).status, 401);
}

TEST(TransferCommands, ExportAndImportThroughAServerAndAlone) {
  OpsWorld w;
  const Instant now = std::chrono::floor<Seconds>(std::chrono::system_clock::now());
  w.vendor.SetNow(now);
  const std::string anchor = w.files / "root.pem", first = w.files / "first", second = w.files / "second";
  const std::string file = w.files / "bundle", again = w.files / "again", backup = w.files / "one";
  ASSERT_EQ(test::RunThimble({"fetch", "--fmspc", sim::kServerFmspc, "--data", first, "--pcs-url",
                              w.vendor.PcsUrl(), "--anchor", anchor})
                .exit_code,
            0);
  EXPECT_EQ(test::RunThimble({"export", file, "--data", first, "--anchor", anchor}).exit_code, 0);
  {
    const test::ServeProcess server({"--listen", "127.0.0.1:0", "--data", second, "--anchor", anchor});
    ASSERT_NE(server.address(), "");
    const auto imported =
        test::RunThimble({"import", file, "--data", second, "--json", "--min-remaining", "1d"});
    EXPECT_EQ(imported.exit_code, 0) << imported.out << imported.err;
    EXPECT_EQ(json::parse(imported.out)["taken"], 7);
    EXPECT_EQ(test::RunThimble({"export", again, "--data", second}).exit_code, 0);
    const auto backed_up = test::RunThimble({"backup", backup, "--data", second});
    EXPECT_EQ(backed_up.exit_code, 0) << backed_up.err;
    EXPECT_TRUE(backed_up.out.starts_with(StrCat("wrote ", backup, ": "))) << backed_up.out;
    const auto named = test::RunThimble({"backup", "../one", "--server", server.address()});
    EXPECT_EQ(named.exit_code, 2) << "a server takes names, and is its own administrator's alone: "
                                  << named.err;
    const auto refused = test::RunThimble({"import", file, "--data", second, "--min-remaining", "90d"});
    EXPECT_EQ(refused.exit_code, 1) << refused.out << refused.err;
  }
  std::ifstream a(file), b(again);
  const std::string left{std::istreambuf_iterator<char>(a), {}}, right{std::istreambuf_iterator<char>(b), {}};
  EXPECT_FALSE(left.empty());
  EXPECT_EQ(left, right);
  // The back-up can be looked into as it is.
  const auto status = test::RunThimble({"status", "--data", backup, "--anchor", anchor, "--json"});
  EXPECT_EQ(status.exit_code, 0);
  EXPECT_EQ(json::parse(status.out)["items"].size(), 7u);
  EXPECT_EQ(test::RunThimble({"import", w.files / "none", "--data", second}).exit_code, 2);
}

}  // namespace
}  // namespace thimble
