// SPDX-License-Identifier: Apache-2.0
//
// Each kind of evidence or collateral that must not pass, and the same without the one difference: by the library, by
// the command line and by HTTP, which have to find the same. Everything is brought and taken as it is, so that no vendor
// decides (caller_collateral = "any").
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tcb/base/text.h"
#include "tcb/verdict.h"
#include "tests/service/testing/amd_world.h"
#include "tests/service/testing/process.h"
#include "tests/support/der_writer.h"
#include "tests/support/sim_files.h"

namespace thimble::test {

using Names = std::set<std::string>;
using nlohmann::json;

inline Names Grave(const Verdict& verdict) {
  Names names;
  for (const Finding& finding : verdict.findings) {
    if (finding.severity != Severity::kNote) names.insert(std::string(CheckName(finding.check)));
  }
  return names;
}
inline Names Grave(const json& result) {
  Names names;
  for (const json& finding : result["findings"]) {
    if (finding["severity"] != "note") names.insert(finding["check"]);
  }
  return names;
}

// What a verification came to. The library alone has no policy: it has no decision.
inline void ExpectResult(const json& result, const std::string& finding, const char* way,
                         const std::string& status = "UpToDate") {
  EXPECT_EQ(Grave(result), finding.empty() ? Names{} : Names{finding}) << way << result.dump(1);
  const bool good = finding.empty() && status == "UpToDate";
  EXPECT_EQ(result["decision"], good ? "accept" : "reject") << way << result.dump(1);
  if (finding.empty()) {
    EXPECT_EQ(result["tcb_status"], status) << way << result.dump(1);
  }
}
inline void ExpectLibrary(const Result<Verdict>& verdict, const std::string& finding) {
  ASSERT_TRUE(verdict.ok()) << verdict.error().message;
  EXPECT_EQ(Grave(*verdict), finding.empty() ? Names{} : Names{finding});
}

class ThreeWays : public AmdWorld, public testing::Test {
 protected:
  void StartAt(Instant now) {
    now_ = now;
    config.policies["default"].caller_collateral = CallerCollateral::kAny;
    Start(now);
  }
  json ByCommand(const Bytes& evidence, const std::string& collateral, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"verify",   files.Write("evidence.bin", evidence),
                                       "--anchor", files / "roots.pem",
                                       "--at",     FormatRfc3339(now_),
                                       "--json",   "--collateral",
                                       collateral};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult run = RunThimble(arguments);
    const json result = json::parse(run.out, nullptr, false);
    EXPECT_TRUE(result.is_object()) << run.out << run.err;
    EXPECT_EQ(run.exit_code, result.is_object() && result["decision"] == "accept" ? 0 : 1) << run.err;
    return result;
  }
  // No verdict: something that is required is missing.
  void ExpectUnavailable(const Bytes& evidence, const std::string& collateral, const json& request,
                         const std::string& check) {
    const ProcessResult run =
        RunThimble({"verify", files.Write("evidence.bin", evidence), "--anchor", files / "roots.pem", "--at",
                    FormatRfc3339(now_), "--json", "--collateral", collateral});
    EXPECT_EQ(run.exit_code, 3) << run.out << run.err;
    EXPECT_EQ(json::parse(run.out, nullptr, false).value("check", ""), check) << run.out;
    const auto answer = Post(request);
    EXPECT_EQ(answer.status, 503) << answer.body;
    EXPECT_EQ(json::parse(answer.body)["check"], check);
  }
  // No request: told in these words.
  void ExpectRefused(const Bytes& evidence, const std::string& collateral, const json& request,
                     std::vector<std::string> more, const std::string& words) {
    std::vector<std::string> arguments{"verify",       files.Write("evidence.bin", evidence),
                                       "--anchor",     files / "roots.pem",
                                       "--collateral", collateral};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult run = RunThimble(arguments);
    EXPECT_EQ(run.exit_code, 2) << run.out;
    EXPECT_NE(run.err.find(words), std::string::npos) << run.err;
    const auto answer = Post(request);
    EXPECT_EQ(answer.status, 400);
    EXPECT_NE(answer.body.find(words), std::string::npos) << answer.body;
  }
  Instant now_{};
};

inline sim::Bend<sim::CrlSpec> CrlExtension(const char* oid, bool critical, const Bytes& value) {
  return [=](sim::CrlSpec& crl) {
    crl.bend = [=](sim::CrlParts& parts) {
      parts.extensions.push_back(sim::MakeExtension(oid, critical, value));
    };
  };
}

}  // namespace thimble::test
