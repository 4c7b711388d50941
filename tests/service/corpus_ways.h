// SPDX-License-Identifier: Apache-2.0
//
// The cases of a folder of the corpus, by the command line and by HTTP: one configuration for both, which has a policy for
// each case. The library's turn at them is in tests/tcb.
#pragma once

#include <filesystem>
#include <fstream>

#include "tests/service/three_ways.h"
#include "tests/tcb/corpus.h"

namespace thimble::test {

class CorpusWays : public ThreeWays {
 protected:
  // The cases of corpus/FOLDER; none: it is not there.
  json CasesOf(const std::string& folder) {
    corpus_ = CorpusDir() / folder;
    if (!std::filesystem::exists(corpus_)) return json::array();
    return json::parse(ReadText(corpus_ / "cases.json"));
  }
  std::filesystem::path PathIn(const json& c, const std::string& file) const {
    return corpus_ / c["dir"].get<std::string>() / file;
  }
  bool Has(const json& c, const std::string& file) const { return std::filesystem::exists(PathIn(c, file)); }
  Bytes File(const json& c, const std::string& file) const { return ReadFile(PathIn(c, file)); }
  std::string Base64Of(const json& c, const std::string& file) const { return Base64(File(c, file)); }
  // A member of a request for each of these files that is there.
  void AddMembers(const json& c, const std::map<std::string, std::string>& member_of, json& out) const {
    for (const auto& [file, member] : member_of) {
      if (Has(c, file)) out[member] = Base64Of(c, file);
    }
  }

  // How the policy of a case begins, without a floor of AMD's and a CRL if there is one; and how a section of it does.
  static std::string PolicyHead(const json& c) {
    return StrCat("[policy.", c["dir"].get<std::string>(),
                  "]\ncaller_collateral = \"any\"\namd_crl = \"if_available\"\namd_floor = \"if_known\"\n");
  }
  static std::string Section(const json& c, const std::string& name) {
    return StrCat("[policy.", c["dir"].get<std::string>(), ".", name, "]\n");
  }
  void Configure(const std::string& policies, const std::vector<std::string>& anchors = {}) {
    config_file_ = files.Write("corpus.toml", StrCat("[server]\nanchors = ", json(anchors).dump(),
                                                     "\n[baseline.default]\namd = \"\"\n", policies));
    auto parsed = LoadConfig(config_file_);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    config.policies = parsed->policies;
    config.baselines = parsed->baselines;
    for (const std::string& anchor : anchors) config.server.anchors.push_back(anchor);
    Start(sim::kAmdNow);
  }

  // What is asked of a case beside its policy and its time.
  struct Ask {
    std::string file;                       // for the command line
    std::vector<std::string> options = {};  // likewise
    json request = json::object();          // by HTTP
  };
  // Results or problems of the command line and of HTTP, with codes that say the same.
  std::map<std::string, json> BothWays(const json& c, const Ask& ask) {
    const std::string policy = c["dir"], at = c["at"];
    std::vector<std::string> arguments = {"verify",
                                          files.Write("case", std::string_view(ask.file)),
                                          "--json",
                                          "--config",
                                          config_file_,
                                          "--policy",
                                          policy,
                                          "--at",
                                          at};
    arguments.insert(arguments.end(), ask.options.begin(), ask.options.end());
    const ProcessResult run = RunThimble(arguments);
    json request = ask.request;
    request["at"] = at;
    request["policy"] = policy;
    const auto answer = Post(request);
    const std::map<int, int> status_of = {{0, 200}, {1, 200}, {3, 503}, {4, 400}};
    EXPECT_EQ(status_of.contains(run.exit_code) ? status_of.at(run.exit_code) : 0, answer.status)
        << run.exit_code << run.out << run.err << answer.body;
    return {{"command", json::parse(run.out, nullptr, false)},
            {"HTTP", json::parse(answer.body, nullptr, false)}};
  }

  std::filesystem::path corpus_;
  std::string config_file_;
};

// The check of a problem, the first finding that is hard, or soft where that counts, or the first rule of this group that
// does not hold.
inline std::string FailsOn(const json& answer, const std::string& rules, bool soft = false) {
  if (!answer.is_object()) return "no JSON";
  if (answer.contains("status") && answer.contains("title")) return answer.value("check", "");
  for (const json& finding : answer["findings"]) {
    if (finding["severity"] == "hard" || (soft && finding["severity"] == "soft")) return finding["check"];
  }
  for (const json& rule : answer["policy"]["rules"]) {
    const std::string name = rule["rule"];
    if (!rule["ok"].get<bool>() && name.starts_with(rules)) return StrCat("policy.", name);
  }
  EXPECT_EQ(answer["authentic"], true) << answer;
  return "";
}
// What the reference says of a case.
inline std::string ReferenceOf(const json& c) {
  const json& name = c["reference"]["fails_on"];
  return name.is_null() ? "" : name.get<std::string>();
}

}  // namespace thimble::test
