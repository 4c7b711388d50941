// SPDX-License-Identifier: Apache-2.0
//
// `thimble doctor` against simulated vendors and a running Thimble.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "service/cli/doctor/client_probes.h"
#include "tcb/base/text.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using namespace test;
using nlohmann::json;

struct DoctorWorld : World {
  DoctorWorld() {
    Start();
    config_file = files.Write("thimble.toml", StrCat("[server]\nanchors = [\"", files / "root.pem",
                                                     "\"]\n[[intel.upstream]]\nurl = \"", vendor.PcsUrl(),
                                                     "\"\n[amd]\nupstream = []\n"));
  }
  ProcessResult Look(const std::string& server) const {
    return RunThimble(
        {"doctor", "--config", config_file, "--server", server, "--json", "--at", FormatRfc3339(at)});
  }
  std::string url() const { return StrCat("http://", app->address()); }
  std::string config_file;
  Instant at = sim::kNow;
};

std::map<std::string, json> SymptomsOf(const ProcessResult& result) {
  std::map<std::string, json> out;
  const json said = json::parse(result.out);
  for (const json& symptom : said.at("symptoms")) out[symptom.at("what")] = symptom;
  return out;
}

TEST(Doctor, FindsAllWellAndSaysWhatClientsNeed) {
  const DoctorWorld w;
  const ProcessResult result = w.Look(w.url());
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const auto said = json::parse(result.out);
  EXPECT_EQ(said.at("well"), true);
  const auto symptoms = SymptomsOf(result);
  for (const char* what :
       {"proxy", "resolves", "connects", "kind", "answers", "intel/tcb/tdx/00806f050000/standard"}) {
    ASSERT_TRUE(symptoms.contains(what)) << result.out;
    EXPECT_EQ(symptoms.at(what).at("level"), "ok") << symptoms.at(what);
    EXPECT_FALSE(symptoms.at(what).contains("fix"));
  }
  const std::string recipes = said.at("recipes");
  EXPECT_NE(recipes.find(StrCat("\"pccs_url\": \"", w.url(), "/sgx/certification/v4/\"")), std::string::npos);
  EXPECT_NE(recipes.find(StrCat("AZDCAP_BASE_CERT_URL=", w.url(), "/sgx/certification\n")),
            std::string::npos);
}

// The same answers of the same upstream, two months on: authentic, and over.
TEST(Doctor, ComparesWhatEndsWithTheClock) {
  DoctorWorld w;
  w.at = sim::kNow + Seconds(60 * 86400);
  const ProcessResult result = w.Look(w.url());
  EXPECT_EQ(result.exit_code, 3);
  const json tcb = SymptomsOf(result).at("intel/tcb/sgx/00806f050000/standard");
  EXPECT_EQ(tcb.at("level"), "FAIL");
  EXPECT_TRUE(tcb.at("detail").get<std::string>().starts_with("ended ")) << tcb;
  EXPECT_FALSE(tcb.at("fix").get<std::string>().empty());
}

TEST(Doctor, LooksAtTheDataDirectoryAndWhoIsLetIn) {
  DoctorWorld w;
  const std::string none = w.files / "none";
  const ProcessResult result =
      RunThimble({"doctor", "--config",
                  w.files.Write("own.toml", StrCat("[cache]\ndata = \"", none,
                                                   "\"\n[intel]\nupstream = []\n[amd]\nupstream = []\n")),
                  "--json"});
  const auto symptoms = SymptomsOf(result);
  ASSERT_TRUE(symptoms.contains(none)) << result.out;
  EXPECT_EQ(symptoms.at(none).at("level"), "warn");
  EXPECT_EQ(symptoms.at("roles").at("level"), "ok") << "loopback alone";
  EXPECT_EQ(symptoms.at("answers").at("level"), "FAIL") << "nobody listens there";
}

TEST(Doctor, SaysWhatIsWrong) {
  DoctorWorld w;
  w.vendor.SetMode("bad-signature", "/tdx/certification/v4/tcb");
  const ProcessResult sick = w.Look(w.url());
  EXPECT_EQ(sick.exit_code, 3);
  int failed = 0;
  const auto said = json::parse(sick.out);
  for (const auto& symptom : said.at("symptoms")) {
    if (symptom.at("ok") == true) continue;
    ++failed;
    EXPECT_TRUE(symptom.at("what") == "intel/tcb/tdx/00806f050000/standard" ||
                symptom.at("what") == "qcnl /tdx/certification/v4/tcb?fmspc=00806F050000&update=standard")
        << symptom;
  }
  EXPECT_EQ(failed, 2) << "the upstream, and the server that does not pass it on";

  w.vendor.SetMode("ok");
  const ProcessResult alone = w.Look("http://127.0.0.1:1");
  EXPECT_EQ(alone.exit_code, 3) << "nobody listens there";
  EXPECT_EQ(json::parse(alone.out).at("symptoms").back().at("what"), "answers");
}

TEST(Doctor, SendsWhatAClientSends) {
  const DoctorWorld w;
  for (const KnownClient& client : KnownClients()) {
    if (client.name == "kds") continue;  // this world has no AMD
    const ProcessResult result = RunThimble({"doctor", "--config", w.config_file, "--server", w.url(),
                                             "--json", "--client", std::string(client.name)});
    EXPECT_EQ(result.exit_code, 0) << client.name << result.out << result.err;
  }
}

TEST(Doctor, WrongCommandLines) {
  const DoctorWorld w;
  const ProcessResult unknown =
      RunThimble({"doctor", "--config", w.config_file, "--server", w.url(), "--client", "nobody"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_NE(unknown.err.find("qcnl, azure-dcap, azure-dcap-tdx"), std::string::npos) << unknown.err;
  EXPECT_EQ(RunThimble({"doctor", "--config", w.config_file, "--server", "nothing"}).exit_code, 2);
  EXPECT_EQ(RunThimble({"doctor", "--config", w.config_file, "--server", w.url(), "--fmspc", "0"}).exit_code,
            2);
}

}  // namespace
}  // namespace thimble
