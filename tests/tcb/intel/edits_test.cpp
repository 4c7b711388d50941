// SPDX-License-Identifier: Apache-2.0
//
// 45 edits of three real quotes, and what Intel's own library says to each (corpus/intel/edits.md), beside what we say.
// Where we differ, the table says why; a difference that is no more fails, too.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "tcb/intel/reference_status.h"
#include "tests/tcb/corpus.h"
#include "tests/tcb/intel/reference_edits.h"

namespace thimble::test {
namespace {

struct Base {
  const char* name;
  const char* dir;
  const char* at;
  const char* other_tee;  // a case
  const char* other_ca;   // a case
};
constexpr const char* kSgx = "f8b81014-9ad0e9be";  // a client: Processor CA
constexpr const char* kTdx4 = "c42f9164-027ef6ca";
constexpr const char* kTdx5 = "d0010db6-a4c32be3";
constexpr Base kBases[] = {{"SGX v3", kSgx, "2025-07-04T10:28:44Z", kTdx4, kTdx4},
                           {"TDX v4", kTdx4, "2025-07-04T10:16:31Z", kSgx, kSgx},
                           {"TDX v5", kTdx5, "2025-06-26T21:50:26Z", kSgx, kSgx}};

Sample ReadSample(const Base& base) {
  const auto intel = CorpusDir() / "intel";
  return {base.name,
          ReadFile(intel / base.dir / "quote.bin"),
          ReadCollateralDir(intel / base.dir),
          *ParseRfc3339(base.at),
          ReadCollateralDir(intel / base.other_tee),
          ReadFile(intel / base.other_ca / "pck_crl.der")};
}

// A row of edits.md: the second column, by edit and base.
struct ReferenceAnswer {
  std::string status;  // "" for "= verdict of the unedited quote"
  bool expired = false;
};
using ReferenceTable = std::map<std::pair<std::string, std::string>, ReferenceAnswer>;

void AddRow(const std::string& edit_column, const std::string& reference, ReferenceTable* table) {
  std::string edit = edit_column;
  std::string bases = "SGX v3, TDX v4, TDX v5";
  if (const size_t open = edit.rfind(" (");
      open != std::string::npos && edit.find(" v", open) != std::string::npos) {
    bases = edit.substr(open + 2, edit.size() - open - 3);
    edit.resize(open);
  }
  ReferenceAnswer answer;
  answer.expired = reference.find("(expired)") != std::string::npos;
  if (reference.front() != '=') answer.status = "STATUS_" + reference.substr(0, reference.find(' '));
  for (const Base& base : kBases) {
    if (bases.find(base.name) != std::string::npos) (*table)[{edit, base.name}] = answer;
  }
}

ReferenceTable ReadReferenceTable() {
  ReferenceTable table;
  std::istringstream in(ReadText(CorpusDir() / "intel" / "edits.md"));
  for (std::string line; std::getline(in, line);) {
    const size_t first = line.find("| "), second = line.find(" | ", 2), third = line.find(" | ", second + 3);
    if (first != 0 || third == std::string::npos || line.starts_with("| edit ")) continue;
    AddRow(line.substr(2, second - 2), line.substr(second + 3, third - second - 3), &table);
  }
  return table;
}

Result<Verdict> VerifySample(const Sample& sample) {
  return intel::VerifyQuoteWith(sample.quote, sample.set, TrustAnchors::Pinned(), sample.at, nullptr);
}

std::string_view StatusOf(const Result<Verdict>& result) {
  return result.ok() ? intel::ReferenceStatus(*result) : intel::ReferenceStatus(result.error());
}

bool Found(const Verdict& verdict, Check check) {
  for (const Finding& finding : verdict.findings) {
    if (finding.check == check) return finding.severity != Severity::kHard;
  }
  return false;
}

void ExpectUnchanged(const Verdict& verdict, const Verdict& unedited, Check added) {
  EXPECT_EQ(verdict.authentic, unedited.authentic);
  EXPECT_EQ(verdict.tcb_status, unedited.tcb_status);
  EXPECT_EQ(verdict.advisories, unedited.advisories);
  EXPECT_TRUE(added == Check::kNone || Found(verdict, added)) << CheckName(added);
}

void ExpectAnswer(const Edit& edit, const Result<Verdict>& result, const Verdict& unedited) {
  if (edit.answer == Answer::kMalformed || edit.answer == Answer::kUnavailable) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(CheckName(result.error().check), CheckName(edit.check)) << result.error().message;
    EXPECT_EQ(result.error().kind,
              edit.answer == Answer::kMalformed ? ErrorKind::kMalformed : ErrorKind::kUnavailable);
    return;
  }
  ASSERT_TRUE(result.ok()) << result.error().message;
  if (edit.answer == Answer::kUnchanged) return ExpectUnchanged(*result, unedited, edit.check);
  ASSERT_NE(result->hard(), nullptr);
  EXPECT_EQ(CheckName(result->hard()->check), CheckName(edit.check)) << result->hard()->message;
  EXPECT_FALSE(result->authentic);
  EXPECT_FALSE(result->tcb_status.has_value());
}

class Edits : public testing::TestWithParam<Base> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(CorpusDir() / "intel" / "edits.md"))
      GTEST_SKIP() << "no corpus beside the project";
  }
};

TEST_P(Edits, AreAnsweredAsTheTableSays) {
  const Sample sample = ReadSample(GetParam());
  const auto unedited = VerifySample(sample);
  ASSERT_TRUE(unedited.ok()) << unedited.error().message;
  ASSERT_TRUE(unedited->authentic);
  const ReferenceTable reference = ReadReferenceTable();
  size_t made = 0;
  for (const Edit& edit : ReferenceEdits()) {
    SCOPED_TRACE(edit.name);
    const auto row = reference.find({std::string(edit.name), sample.base});
    ASSERT_NE(row, reference.end()) << "not in edits.md";
    Sample edited = sample;
    if (!edit.apply(edited)) continue;
    ++made;
    const auto result = VerifySample(edited);
    ExpectAnswer(edit, result, *unedited);
    const std::string wanted =
        row->second.status.empty() ? std::string(StatusOf(unedited)) : row->second.status;
    if (edit.differs.empty()) {
      EXPECT_EQ(StatusOf(result), wanted);
    } else {
      EXPECT_NE(StatusOf(result), wanted) << "no longer differs: " << edit.differs;
    }
    if (edited.at != sample.at) {
      EXPECT_EQ(!intel::ReferenceExpirations(*result).empty(), row->second.expired);
    }
  }
  EXPECT_EQ(made, sample.base == "SGX v3" ? 45u : 46u);  // v3 has no outer certification data
}

TEST_P(Edits, AtExactlyNextUpdateTheTcbInfoHolds) {
  Sample sample = ReadSample(GetParam());
  for (const Edit& edit : ReferenceEdits()) {
    if (edit.name == "exactly tcb nextUpdate") edit.apply(sample);
  }
  const auto result = VerifySample(sample);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(std::ranges::none_of(
      result->findings, [](const Finding& finding) { return finding.check == Check::kTcbInfoExpired; }));
}

INSTANTIATE_TEST_SUITE_P(OfRealQuotes, Edits, testing::ValuesIn(kBases), [](const auto& info) {
  std::string name = info.param.name;
  name.erase(name.find(' '), 1);
  return name;
});

}  // namespace
}  // namespace thimble::test
