// SPDX-License-Identifier: Apache-2.0
//
// The transcripts under http/, each against the real binary in front of a simulated Intel; and that together they
// reach every route of the dialects.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/service/testing/pccs_world.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/sim_bundle.h"
#include "tests/service/testing/transcript.h"
#include "tests/support/paths.h"

namespace thimble {
namespace {

using namespace test;
namespace fs = std::filesystem;

const fs::path kTranscripts = SourceDir() / "tests/service/dialects/transcripts";

std::string ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> TranscriptNames() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kTranscripts)) {
    if (entry.path().extension() == ".http") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

Values ValuesOf(const sim::SimIntel& intel) {
  const std::string policy =
      R"({"policy_payload":"{\"policy_array\":[{\"environment\":{\"class_id\":\"3123ec35-8d38-4ea5-87a5-d6c48b567570\"}}]}"})";
  const auto digest = [](std::string_view token) { return Sha512(AsBytes(token)).hex(); };
  return {
      {"token_config",
       StrCat("[[role]]\nname = \"register\"\ntoken_sha512 = \"", digest("user secret"),
              "\"\n[[role]]\nname = \"admin\"\ntoken_sha512 = \"", digest("admin secret"), "\"")},
      {"qeid", kQeId},
      {"ppid", Ppid()},
      {"zeros", Zeros()},
      {"unknown_ppid", std::string(768, 'A')},
      {"cpusvn", TcbOf(sim::Tcb::kGood).CpuSvnHexUpper()},
      {"pcesvn", TcbOf(sim::Tcb::kGood).PceSvnHexUpper()},
      {"low_cpusvn", TcbOf(sim::Tcb::kUnsupported).CpuSvnHexUpper()},
      {"low_pcesvn", TcbOf(sim::Tcb::kUnsupported).PceSvnHexUpper()},
      {"by_ppid", ByPpid().dump()},
      {"by_other_ppid", ByPpid(kQeId, sim::Tcb::kGood, sim::EncryptedPpid(sim::StrangersPlatform())).dump()},
      {"by_manifest", ByManifest().dump()},
      {"bundle", BundleOf(intel, kQeId).dump()},
      {"bundle3", Version3BundleOf(intel, kQeId).dump()},
      {"forged_bundle", BundleOf(sim::SimIntel::Make({.seed = "forger"}), kQeId).dump()},
      {"policy", StrCat("e30.", Base64Url(AsBytes(policy)), ".")}};
}

class Transcripts : public testing::TestWithParam<std::string> {};

// One connection for each exchange, as Intel's client makes them.
RawAnswer Send(uint16_t port, const Exchange& exchange) {
  std::string text = StrCat(exchange.method, " ", exchange.target, " HTTP/1.1\r\nHost: thimble\r\n");
  for (const std::string& header : exchange.headers) text += StrCat(header, "\r\n");
  if (!exchange.body.empty()) text += StrCat("Content-Length: ", exchange.body.size(), "\r\n");
  RawConnection connection(port);
  connection.Send(StrCat(text, "\r\n", exchange.body));
  return connection.Receive(exchange.method == "HEAD");
}

TEST_P(Transcripts, AreWhatTheBinaryAnswers) {
  const auto intel = sim::SimIntel::Make();
  sim::SimVendorServer vendor(intel);
  TempDir files;
  const Transcript transcript =
      ParseTranscript(ReadText(kTranscripts / StrCat(GetParam(), ".http")), ValuesOf(intel));
  const std::string config = StrCat(
      "[server]\nlisten = \"127.0.0.1:0\"\nanchors = [\"", files.Write("root.pem", intel.RootPem()),
      "\"]\nmiss_wait = \"2s\"\n[[intel.upstream]]\nurl = \"", vendor.PcsUrl(), "\"\n", transcript.config);
  ServeProcess server({"--ephemeral", "--config", files.Write("thimble.toml", config), "--frozen-time",
                       FormatRfc3339(sim::kNow)});
  ASSERT_FALSE(server.address().empty()) << config;
  const auto port =
      static_cast<uint16_t>(std::stoi(server.address().substr(server.address().rfind(':') + 1)));
  for (const Exchange& exchange : transcript.exchanges) {
    for (const std::string& mode : exchange.vendor_modes) {
      const size_t space = mode.find(' ');
      vendor.SetMode(mode.substr(0, space), space == std::string::npos ? "" : mode.substr(space + 1));
    }
    EXPECT_EQ(DifferenceFrom(exchange, Send(port, exchange)), "") << exchange.title;
  }
}

INSTANTIATE_TEST_SUITE_P(Http, Transcripts, testing::ValuesIn(TranscriptNames()), [](const auto& test) {
  std::string name = test.param;
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

// A name in braces stands for any segment.
bool IsOfRoute(std::string_view request, std::string_view route) {
  while (!route.empty()) {
    const std::string_view wanted = route.substr(0, route.find('/')),
                           found = request.substr(0, request.find('/'));
    if (wanted != found && (!wanted.starts_with('{') || found.empty())) return false;
    route.remove_prefix(std::min(wanted.size() + 1, route.size()));
    request.remove_prefix(std::min(found.size() + 1, request.size()));
  }
  return request.empty();
}

TEST(TranscriptsTogether, ReachEveryRouteOfTheDialects) {
  World world;
  world.Start();
  const Values values = ValuesOf(world.intel);
  std::set<std::string> reached;
  for (const std::string& name : TranscriptNames()) {
    const auto transcript = ParseTranscript(ReadText(kTranscripts / StrCat(name, ".http")), values);
    for (const Exchange& exchange : transcript.exchanges) {
      if (exchange.status == 404 && exchange.answer_body.starts_with("<!DOCTYPE html>")) continue;
      reached.insert(StrCat(exchange.method, " ", exchange.target.substr(0, exchange.target.find('?'))));
    }
  }
  for (const std::string& route : world.app->Routes()) {
    const std::string_view path = std::string_view(route).substr(route.find(' ') + 1);
    if (!path.starts_with("/sgx/") && !path.starts_with("/tdx/") && !path.starts_with("/metadata/") &&
        !path.starts_with("/SevSnpVM/")) {
      continue;
    }
    EXPECT_TRUE(std::ranges::any_of(reached, [&](const auto& request) { return IsOfRoute(request, route); }))
        << route;
  }
}

// ---- the runner ----

TEST(Transcript, AStarMatchesAnything) {
  EXPECT_TRUE(Matches("a*c", "abbc"));
  EXPECT_TRUE(Matches("*", ""));
  EXPECT_TRUE(Matches("max-age=*", "max-age=86400"));
  EXPECT_TRUE(Matches("a*b*c", "a1b2bc"));
  EXPECT_FALSE(Matches("a*c", "ab"));
  EXPECT_FALSE(Matches("abc", "abcd"));
  EXPECT_FALSE(Matches("a*b*c", "acb"));
}

TEST(Transcript, EachDifferenceIsSeen) {
  Exchange expected;
  expected.status = 200;
  expected.answer_headers = {{"A", "1*"}};
  expected.answer_body = "body";
  const RawAnswer same{200, "OK", {{"Request-ID", "x"}, {"A", "12"}}, "body"};
  EXPECT_EQ(DifferenceFrom(expected, same), "");
  const auto with = [&](auto change) {
    RawAnswer answer = same;
    change(answer);
    return DifferenceFrom(expected, answer);
  };
  EXPECT_NE(with([](RawAnswer& a) { a.status = 201; }), "");
  EXPECT_NE(with([](RawAnswer& a) { a.body = "bodies"; }), "");
  EXPECT_NE(with([](RawAnswer& a) { a.headers[1].second = "2"; }), "");
  EXPECT_NE(with([](RawAnswer& a) { a.headers[1].first = "a"; }), "") << "spelling counts";
  EXPECT_NE(with([](RawAnswer& a) { a.headers.emplace_back("B", "1"); }), "");
  EXPECT_NE(with([](RawAnswer& a) { a.headers.erase(a.headers.begin()); }), "");
}

TEST(Transcript, WhatIsNoneIsRefused) {
  for (const char* const text : {"GET /", "== t\n< 200", "== t\n> GET", "== t\n> GET /\n< 200\n> GET /",
                                 "== t\n> GET /{none}", "> GET /"}) {
    EXPECT_ANY_THROW(ParseTranscript(text, {})) << text;
  }
  EXPECT_NO_THROW(ParseTranscript("== t\n> GET /{some}\n< 200", {{"some", "thing"}}));
}

}  // namespace
}  // namespace thimble
