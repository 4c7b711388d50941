// SPDX-License-Identifier: Apache-2.0
//
// What the command line says of itself: help, suggestions, explanations, completion, version; and that output which
// cannot be written is a failure.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "service/cli/manual/explanations.h"
#include "service/cli/manual/similar.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/verdict.h"
#include "tests/service/testing/binary.h"
#include "tests/service/testing/process.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::ProcessResult;
using test::RunThimble;

TEST(Explanations, KnowEveryCheckStatusAndSomethingToDo) {
  std::set<std::string> names;
  for (const Explanation& e : Explanations()) {
    EXPECT_TRUE(names.insert(e.name).second) << e.name << " twice";
    EXPECT_NE(e.meaning, "") << e.name;
    EXPECT_NE(e.to_do, "") << e.name;
  }
  for (size_t i = static_cast<size_t>(Check::kNone) + 1; i < static_cast<size_t>(Check::kCount); ++i) {
    const std::string name(CheckName(static_cast<Check>(i)));
    EXPECT_TRUE(names.contains(name)) << name;
  }
  for (size_t i = 0; i < kTcbStatusCount; ++i) {
    const std::string name(TcbStatusName(static_cast<TcbStatus>(i)));
    EXPECT_TRUE(names.contains(name)) << name;
  }
  for (const char* const rule :
       {"accepted_statuses", "collateral_grace", "no_findings", "tdx.allow_migratable"}) {
    ASSERT_NE(FindExplanation(rule), nullptr) << rule;
    EXPECT_EQ(FindExplanation(rule), FindExplanation(StrCat("policy.", rule)));
  }
  EXPECT_EQ(FindExplanation("quote.signature")->section, "DCAP 5.10");
  EXPECT_EQ(FindExplanation("quote.signature")->meaning, "attestation key over header and body");
  EXPECT_EQ(FindExplanation("nothing"), nullptr);
}

TEST(Explanations, ArePrintedAndAreThePageOfTheDocuments) {
  std::ostringstream page;
  page << std::ifstream(test::SourceDir() / "docs/CHECKS.md").rdbuf();
  EXPECT_EQ(page.str(), ExplanationsPage()) << "write it anew: thimble explain --page > docs/CHECKS.md";
  EXPECT_EQ(RunThimble({"explain", "--page"}).out, page.str());
  const ProcessResult one = RunThimble({"explain", "OutOfDate"});
  EXPECT_EQ(one.exit_code, 0);
  EXPECT_NE(one.out.find("to do     update what the shortfalls name"), std::string::npos) << one.out;
  EXPECT_EQ(json::parse(RunThimble({"explain", "pck.root", "--json"}).out)["section"], "DCAP 2.2.5");
  const ProcessResult wrong = RunThimble({"explain", "quote.signatur"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_NE(wrong.err.find("quote.signature?"), std::string::npos) << wrong.err;
}

TEST(Explanations, HaveTheComponentsOfShortfallsAndTheKeysOfRules) {
  for (const char* const name : {"sgx.00", "sgx.15", "tdx.01", "tdx_module.isvsvn", "pcesvn", "qe.isvsvn",
                                 "snp.fmc", "snp.bootloader", "snp.tee", "snp.snp", "snp.microcode"}) {
    const Explanation* const found = FindExplanation(name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_TRUE(found->to_do.starts_with("update ")) << found->to_do;
  }
  EXPECT_EQ(FindExplanation("sgx.16"), nullptr);
  EXPECT_NE(FindExplanation("policy.accepted_statuses")->to_do.find("[policy.default] accepted_statuses = "),
            std::string::npos);
  EXPECT_NE(FindExplanation("policy.snp.measurement")->to_do.find("[policy.default.snp] measurement = "),
            std::string::npos);
  EXPECT_NE(FindExplanation("policy.authentic")->to_do.find("no key"), std::string::npos);
}

TEST(Similar, FindsWhatWasMeant) {
  EXPECT_EQ(Distance("verify", "vrify"), 1u);
  EXPECT_EQ(Distance("verify", "veriyf"), 1u);
  EXPECT_EQ(Distance("", "abc"), 3u);
  EXPECT_EQ(Similar("vrify", {"serve", "verify", "fetch"}), std::vector<std::string>{"verify"});
  EXPECT_TRUE(Similar("zzzz", {"serve", "verify", "fetch"}).empty());
  EXPECT_TRUE(Similar(std::string(1000, 'a'), {std::string(1000, 'a')}).empty()) << "bounded";
}

TEST(CommandLine, SaysWhatWasMeant) {
  const std::pair<std::vector<std::string>, const char*> wrongs[] = {
      {{"vrify"}, "thimble: no such command: vrify; verify?\n"},
      {{"baseline", "promte"}, "thimble: no such command: promte; promote?\n"},
      {{"help", "stauts"}, "thimble: no such command: stauts; status?\n"},
      {{"xyzzy"}, "thimble: no such command: xyzzy; `thimble help` lists them\n"},
  };
  for (const auto& [words, text] : wrongs) {
    const ProcessResult run = RunThimble(words);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.err, text);
    EXPECT_EQ(run.out, "");
  }
  const ProcessResult object = RunThimble({"vrify", "--json"});
  EXPECT_EQ(object.exit_code, 2);
  EXPECT_EQ(json::parse(object.out)["detail"], "no such command: vrify; verify?");
  EXPECT_EQ(json::parse(RunThimble({"verify", "--json"}).out)["check"], "request.invalid");
}

TEST(CommandLine, Helps) {
  const ProcessResult all = RunThimble({"help"}), alone = RunThimble({});
  EXPECT_EQ(all.exit_code, 0);
  EXPECT_NE(all.out.find("Judge evidence"), std::string::npos) << all.out;
  EXPECT_EQ(alone.exit_code, 2);
  EXPECT_EQ(alone.err, all.out);
  const ProcessResult one = RunThimble({"help", "baseline", "promote"});
  EXPECT_EQ(one.exit_code, 0);
  EXPECT_NE(one.out.find("--accept-refusals"), std::string::npos) << one.out;
}

TEST(CommandLine, TellsItsVersion) {
  const ProcessResult text = RunThimble({"version"});
  EXPECT_TRUE(text.out.starts_with("thimble ")) << text.out;
  EXPECT_NE(text.out.find("\nbuilt with OpenSSL 3."), std::string::npos) << text.out;
  const json object = json::parse(RunThimble({"version", "--json"}).out);
  EXPECT_TRUE(object["libraries"].contains("libcurl")) << object;
  EXPECT_TRUE(object["libraries"].contains("RocksDB")) << object;
}

// What bash completes this command line to.
std::set<std::string> Completed(const std::vector<std::string>& words) {
  const test::TempDir files;
  files.Write("completion", RunThimble({"completion", "bash"}).out);
  std::string script = StrCat("cd ", files.path(), "; source ./completion; COMP_WORDS=(thimble");
  for (const std::string& word : words) script += StrCat(" '", word, "'");
  script += StrCat("); COMP_CWORD=", words.size(), "; _thimble; printf '%s\\n' \"${COMPREPLY[@]}\"");
  files.Write("script", script);
  std::FILE* const out = ::popen(StrCat("bash --norc --noprofile ", files / "script", " 2>&1").c_str(), "r");
  std::string text;
  std::array<char, 4096> chunk;
  for (size_t count; (count = std::fread(chunk.data(), 1, chunk.size(), out)) > 0;)
    text.append(chunk.data(), count);
  EXPECT_EQ(::pclose(out), 0) << text;
  std::set<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) found.insert(line);
  }
  return found;
}

TEST(Completion, OfBashKnowsTheCommands) {
  using Set = std::set<std::string>;
  EXPECT_EQ(Completed({"ver"}), (Set{"verify", "verify-result", "version"}));
  EXPECT_EQ(Completed({"baseline", "pro"}), Set{"promote"});
  EXPECT_EQ(Completed({"baseline", "promote", "--acc"}), Set{"--accept-refusals"});
  EXPECT_EQ(Completed({"verify", "--token"}), Set{"--token-file"});
  EXPECT_EQ(Completed({"verify", "--collateral", "comp"}), Set{"completion"}) << "a file";
  EXPECT_EQ(Completed({"verify", "comp"}), Set{"completion"});
  EXPECT_EQ(Completed({"fetch", "--fmspc", ""}), Set{}) << "no file";
  EXPECT_EQ(Completed({"explain", "quote.si"}), Set{"quote.signature"});
  EXPECT_EQ(Completed({"completion", "z"}), Set{"zsh"});
  EXPECT_TRUE(RunThimble({"completion", "zsh"}).out.starts_with("#compdef thimble\n"));
  EXPECT_EQ(RunThimble({"completion", "fish"}).exit_code, 2);
}

TEST(CommandLine, OutputThatCannotBeWrittenIsAFailure) {
  if (!std::ifstream("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  for (const char* const command : {"version", "help", "explain --page"}) {
    const int status =
        std::system(StrCat(test::ThimbleBinary(), " ", command, " >/dev/full 2>/dev/null").c_str());
    EXPECT_EQ(WEXITSTATUS(status), 3) << command;
  }
}

}  // namespace
}  // namespace thimble
