// SPDX-License-Identifier: Apache-2.0
//
// `thimble doctor` against simulated vendors and a running Thimble.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>

#include "service/cli/doctor/known_clients.h"
#include "service/cli/doctor/this_host.h"
#include "service/http/roles.h"
#include "tcb/base/text.h"
#include "tests/service/testing/amd_world.h"
#include "tests/service/testing/process.h"
#include "tests/support/paths.h"

namespace thimble {
namespace {

using namespace test;
using nlohmann::json;

struct DoctorWorld : AmdWorld {
  DoctorWorld() {
    config.roles = {{.role = Role::kAdmin, .token_sha512 = TokenDigest("secret"), .client_sha256 = {}}};
    Start();
    token_file = files.Write("token", "secret");
    config_file = files.Write(
        "thimble.toml", StrCat("[server]\nanchors = [\"", files / "root.pem", "\", \"",
                               files / "amd-root.pem", "\"]\n[[intel.upstream]]\nurl = \"", vendor.PcsUrl(),
                               "\"\n[[amd.upstream]]\nurl = \"", vendor.BaseUrl(), "\"\n"));
  }
  ProcessResult Look(const std::string& server) const {
    return RunThimble(
        {"doctor", "--config", config_file, "--server", server, "--json", "--at", FormatRfc3339(at)});
  }
  std::string url() const { return StrCat("http://", app->address()); }
  std::string config_file, token_file;
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
    const ProcessResult result =
        RunThimble({"doctor", "--config", w.config_file, "--server", w.url(), "--token-file", w.token_file,
                    "--json", "--client", std::string(client.name)});
    EXPECT_EQ(result.exit_code, 0) << client.name << result.out << result.err;
  }
}

// What CLIENTS.md tells to try, can be tried.
TEST(Doctor, EveryClientIsInTheDocument) {
  std::ostringstream document;
  document << std::ifstream(SourceDir() / "docs/CLIENTS.md").rdbuf();
  for (const KnownClient& client : KnownClients())
    EXPECT_NE(document.str().find(StrCat("`", client.name, "`")), std::string::npos) << client.name;
}

// Azure's client has TDX over HTTPS alone, and its region is a host and a port.
TEST(Doctor, RecipesNameTheRegionOfHttpsAlone) {
  const std::string https = ClientRecipes("https://thimble.example:8081"), http = ClientRecipes("http://h:1");
  EXPECT_NE(https.find("AZDCAP_REGION_URL=thimble.example:8081\nAZDCAP_BASE_CERT_URL_TDX=/sgx/certification\n"
                       "AZDCAP_COLLATERAL_VERSION=v4\n"),
            std::string::npos);
  EXPECT_EQ(http.find("AZDCAP_REGION_URL"), std::string::npos);
  EXPECT_NE(https.find("[attestation_service.verifier_config.dcap_verifier]\ncollateral_service = \""),
            std::string::npos);
}

TEST(Doctor, ItsRecipeForTrusteeAsksForTheStandardSetAsTheDocumentDoes) {
  EXPECT_NE(ClientRecipes("http://h:1").find("tcb_update_type = \"standard\"\n"), std::string::npos);
}

TEST(Doctor, RecipesAreThoseOfTheServerThatIsAsked) {
  const DoctorWorld w;
  const std::string named = w.url();
  ::setenv("THIMBLE_SERVER", named.c_str(), 1);
  const ProcessResult by_environment = RunThimble({"doctor", "--json", "--client", "qcnl"});
  ::unsetenv("THIMBLE_SERVER");
  EXPECT_NE(
      json::parse(by_environment.out).at("recipes").get<std::string>().find(StrCat("PCCS_URL=", named, "\n")),
      std::string::npos)
      << by_environment.out;
  ServerConfig server;
  server.listen = "10.0.0.1:8081";
  ConfigFlags flags;
  EXPECT_EQ(UrlOfRecipes("https://far.example:8081", flags, server), "https://far.example:8081");
  EXPECT_EQ(UrlOfRecipes("http://localhost:9000", flags, server), "http://localhost:9000");
  EXPECT_EQ(UrlOfRecipes("", flags, server), "http://10.0.0.1:8081");
  flags.config = "thimble.toml";
  EXPECT_EQ(UrlOfRecipes("https://far.example:8081", flags, server), "https://far.example:8081");
  EXPECT_EQ(UrlOfRecipes("https://localhost:8081", flags, server), "http://10.0.0.1:8081")
      << "the client.toml of `thimble init` reaches it from here alone";
}

// Its owner may look into a data directory, and root; others are told how, with the flags that they gave.
TEST(Doctor, TakesRootAndTheOwnerOfTheDataDirectory) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give a directory away";
  const TempDir files;
  ASSERT_EQ(::chmod(files.path().c_str(), 0755), 0);
  Config config;
  config.cache.data = files / "data";
  std::filesystem::create_directory(config.cache.data);
  ConfigFlags flags;
  flags.config = "/etc/own.toml";
  flags.anchors = {"/etc/root.pem"};
  for (const auto& [owner, user, well] : {std::tuple(uid_t{0}, uid_t{0}, true),
                                          {uid_t{1}, uid_t{0}, true},
                                          {uid_t{1}, uid_t{1}, true},
                                          {uid_t{1}, uid_t{2}, false},
                                          {uid_t{0}, uid_t{2}, false}}) {
    ASSERT_EQ(::chown(config.cache.data.c_str(), owner, 0), 0);
    ASSERT_EQ(::seteuid(user), 0);
    const Symptom found = LookAtData(config, flags).front();
    ASSERT_EQ(::seteuid(0), 0);
    EXPECT_EQ(found.level == Symptom::Level::kOk, well) << owner << " " << user << found.detail;
    if (!well) {
      EXPECT_NE(found.fix.find(" thimble doctor --config /etc/own.toml --anchor /etc/root.pem"),
                std::string::npos)
          << found.fix;
    }
  }
  ASSERT_EQ(::chmod(config.cache.data.c_str(), 0777), 0);
  ASSERT_EQ(::chown(config.cache.data.c_str(), 1, 0), 0);
  EXPECT_EQ(LookAtData(config, flags).front().level, Symptom::Level::kFail) << "anybody may write there";
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
