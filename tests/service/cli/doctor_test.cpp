// SPDX-License-Identifier: Apache-2.0
//
// `thimble doctor` against simulated vendors and a running Thimble.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "service/cli/client_probes.h"
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
    return RunThimble({"doctor", "--config", config_file, "--server", server, "--json"});
  }
  std::string url() const { return StrCat("http://", app->address()); }
  std::string config_file;
};

TEST(Doctor, FindsAllWellAndSaysWhatClientsNeed) {
  const DoctorWorld w;
  const ProcessResult result = w.Look(w.url());
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const auto said = json::parse(result.out);
  EXPECT_EQ(said.at("well"), true);
  EXPECT_EQ(said.at("symptoms").size(), 2u + 6u + 1u + 7u);
  const std::string recipes = said.at("recipes");
  EXPECT_NE(recipes.find(StrCat("\"pccs_url\": \"", w.url(), "/sgx/certification/v4/\"")), std::string::npos);
  EXPECT_NE(recipes.find(StrCat("AZDCAP_BASE_CERT_URL=", w.url(), "/sgx/certification\n")),
            std::string::npos);
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
