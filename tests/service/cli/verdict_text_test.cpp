// SPDX-License-Identifier: Apache-2.0
//
// The verdict for a person: one cause, one line; plain into a pipe, in colour and as wide as the terminal on one.
#include "service/cli/text/verdict_text.h"

#include <gtest/gtest.h>

#include "service/cli/text/causes.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// A result of Thimble's, with these members in place of the usual ones.
struct Sample {
  std::string decision = "reject", authentic = "true", status = "\"OutOfDate\"", findings = {},
              shortfalls = {}, rules = {};

  std::string Json() const {
    return StrCat(
        R"({"about":"now","decision":")", decision, R"(","authentic":)", authentic,
        R"(,"tee":"sgx","tcb_status":)", status, R"(,"status_source":"intel","findings":[)", findings,
        R"(],"checks":[],"shortfalls":[)", shortfalls,
        R"(],"collateral":[{"item":"intel/crl/root","issued":"2026-05-20T00:00:00Z",)",
        R"("next_update":"2026-06-19T00:00:00Z","source":"https://pcs"}],"evaluation":{"baseline":"default",)",
        R"("tcb_info":17},"trust_anchor":"Intel SGX Root CA","at":"2026-06-01T00:00:00Z",)",
        R"("earliest_expiry":"2026-06-19T00:00:00Z","policy":{"id":"default","rules":[)", rules, "]}}");
  }
  std::string Text(const TerminalForm& form = {}) const {
    const auto lines = VerdictText(Json(), "this process");
    EXPECT_TRUE(lines) << (lines ? "" : lines.error().message);
    return lines ? Styled(*lines, form) : "";
  }
};

std::string Rule(std::string_view name, std::string_view wanted, std::string_view found, bool ok = false) {
  return StrCat(R"({"rule":")", name, R"(","wanted":)", wanted, R"(,"found":)", found, R"(,"ok":)",
                ok ? "true" : "false", "}");
}

const std::string kStatusRule = Rule("accepted_statuses", R"(["UpToDate"])", R"("OutOfDate")");
const std::string kShort = R"({"component":"sgx.00","have":8,"need":10,"update":"BIOS"})";

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }
size_t LinesWith(const std::string& text, std::string_view words) {
  size_t count = 0;
  for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
  return count;
}

TEST(VerdictText, SaysInTheFirstLineWhatIsShort) {
  const std::string text = Sample{.shortfalls = kShort, .rules = kStatusRule}.Text();
  EXPECT_EQ(FirstLine(text),
            "REJECT  OutOfDate: sgx.00 is 8, needs 10 (BIOS); policy default accepts UpToDate");
  for (const char* const words : {"\nwhy\n  policy.accepted_statuses: the TCB status is OutOfDate",
                                  "\nto fix\n  update the BIOS; or accept it, in "
                                  "[policy.default]: accepted_statuses = [\"UpToDate\", \"OutOfDate\"]\n",
                                  "\nrests on\n  judged by this process at 2026-06-01T00:00:00Z, on what "
                                  "holds until 2026-06-19T00:00:00Z\n",
                                  "  intel/crl/root: 2026-05-20 to 2026-06-19, first from https://pcs\n",
                                  "  baseline default, tcb_info 17\n"}) {
    EXPECT_NE(text.find(words), std::string::npos) << words << " in\n" << text;
  }
}

// A report without a status that is accepted says why it has none, and what lets it pass.
TEST(VerdictText, AnAcceptedReportWithoutAStatusSaysWhatIsUnproven) {
  std::string result = Sample{.decision = "accept", .status = "null"}.Json();
  result.insert(1, R"("advisories_unproven":["AMD-SB-1","AMD-SB-2"],)");
  const auto lines = VerdictText(result, "this process");
  ASSERT_TRUE(lines);
  EXPECT_EQ(
      FirstLine(Styled(*lines, {})),
      "ACCEPT  no TCB status: short of nothing known, 2 bulletins are unproven; policy default accepts that "
      "(amd_floor)");
  EXPECT_EQ(FirstLine(Sample{.decision = "accept", .status = "null"}.Text()),
            "ACCEPT  no TCB status; policy default");
}

TEST(VerdictText, SaysWhetherItsRootIsPinned) {
  EXPECT_NE(Sample{}.Text().find("root: Intel SGX Root CA (pinned)\n"), std::string::npos);
  const std::string added =
      R"({"check":"trust_anchor.extra","severity":"note","message":"rests on an anchor that the operator added"})";
  EXPECT_NE(Sample{.findings = added}.Text().find("root: Intel SGX Root CA (added by the operator)\n"),
            std::string::npos);
}

TEST(VerdictText, NoPolicyLineAcceptsARevokedPlatform) {
  const std::string rule = Rule("accepted_statuses", R"(["UpToDate"])", R"("Revoked")");
  const std::string text = Sample{.status = "\"Revoked\"", .shortfalls = kShort, .rules = rule}.Text();
  EXPECT_TRUE(text.starts_with("REJECT  Revoked: sgx.00 is 8")) << text;
  EXPECT_EQ(text.find("or accept it"), std::string::npos) << text;
}

TEST(VerdictText, AForgedSignatureIsOneCause) {
  const std::string forged =
      R"({"check":"quote.signature","severity":"hard","message":"the quote is not signed by its attestation key"})";
  const std::string rules = StrCat(Rule("authentic", "true", "false"), ",", kStatusRule, ",",
                                   Rule("no_findings", "[]", R"(["quote.signature"])"), ",",
                                   Rule("min_tcb_evaluation", "17", "null"));
  const std::string text =
      Sample{.authentic = "false", .status = "null", .findings = forged, .rules = rules}.Text();
  EXPECT_EQ(FirstLine(text),
            "REJECT  not authentic: the quote is not signed by its attestation key (quote.signature)");
  EXPECT_EQ(LinesWith(text, "\n  quote.signature: "), 1u) << text;
  EXPECT_EQ(LinesWith(text, "policy."), 0u) << text;
  EXPECT_NE(text.find("4 rules of policy default cannot hold because of this"), std::string::npos) << text;
  EXPECT_NE(text.find("\nto fix\n  do not trust it"), std::string::npos) << text;
}

TEST(VerdictText, EachBrokenRuleOfAuthenticEvidenceIsALine) {
  const std::string findings =
      R"({"check":"tcb_info.expired","severity":"soft","message":"next update was 2026-05-01"},)"
      R"({"check":"quote.trailing_bytes","severity":"note","message":"3 bytes"})";
  const std::string rules =
      StrCat(Rule("collateral_grace", R"("0s")", R"("31d")"), ",", Rule("min_tcb_evaluation", "18", "17"),
             ",", Rule("authentic", "true", "true", true));
  const std::string text = Sample{.status = "\"UpToDate\"", .findings = findings, .rules = rules}.Text();
  EXPECT_EQ(
      FirstLine(text),
      "REJECT  UpToDate, but next update was 2026-05-01; policy default allows 0s past the end; and 1 more");
  EXPECT_EQ(LinesWith(text, "\n  tcb_info.expired: "), 1u) << text;
  EXPECT_EQ(
      LinesWith(text,
                "\n  policy.min_tcb_evaluation: min_tcb_evaluation is 17, and policy default wants 18\n"),
      1u)
      << text;
  EXPECT_NE(text.find("\nnotes\n  quote.trailing_bytes: 3 bytes\n"), std::string::npos) << text;
}

// Two CRLs that have ended have one remedy.
TEST(VerdictText, WhatMendsTwoCausesIsSaidOnce) {
  const std::string findings = R"({"check":"crl.pck.expired","severity":"soft","message":"root"},)"
                               R"({"check":"crl.pck.expired","severity":"soft","message":"platform"})";
  const std::string text = Sample{.status = "\"UpToDate\"",
                                  .findings = findings,
                                  .rules = Rule("collateral_grace", R"("0s")", R"("31d")")}
                               .Text();
  EXPECT_EQ(LinesWith(text, "\n  crl.pck.expired: "), 2u) << text;
  const size_t fix = text.find("\nto fix\n  ") + 1, advice = text.find('\n', fix) + 1;
  EXPECT_EQ(text[text.find('\n', advice) + 1], '\n') << "one line, then the next section: " << text;
}

TEST(VerdictText, AnAcceptSaysNothingOfCauses) {
  const std::string text = Sample{.decision = "accept", .status = "\"UpToDate\""}.Text();
  EXPECT_EQ(FirstLine(text), "ACCEPT  UpToDate; policy default");
  EXPECT_EQ(text.find("why"), std::string::npos);
  EXPECT_EQ(text.find("to fix"), std::string::npos);
}

TEST(VerdictText, ARejectThatSaysNotWhySaysThat) {
  EXPECT_NE(Sample{}.Text().find("the result does not say why"), std::string::npos);
  EXPECT_FALSE(VerdictText("{", "this process"));
}

TEST(VerdictText, IsAsWideAsTheTerminalAndColouredThere) {
  const Sample sample{.shortfalls = kShort, .rules = kStatusRule};
  const std::string plain = sample.Text(), narrow = sample.Text({.colour = false, .width = 40});
  for (size_t begin = 0; begin < narrow.size(); begin = narrow.find('\n', begin) + 1)
    EXPECT_LE(narrow.find('\n', begin) - begin, 40u) << narrow.substr(begin, 60);
  const auto words = [](std::string text) {
    std::string out;
    for (const char c : text) out += c == '\n' || c == ' ' ? "" : std::string(1, c);
    return out;
  };
  EXPECT_EQ(words(plain), words(narrow)) << "nothing is left out";
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  const std::string coloured = sample.Text({.colour = true, .width = 0});
  EXPECT_TRUE(coloured.starts_with("\x1b[1;31mREJECT\x1b[0m")) << coloured;
}

TEST(VerdictText, ShowsHostileTextAsText) {
  const std::string evil = "x\\u001b[2J\\nACCEPT\\u202e";
  const std::string finding = StrCat(R"({"check":"pck.root","severity":"hard","message":")", evil, "\"}");
  const std::string text =
      Sample{.authentic = "false", .findings = finding}.Text({.colour = true, .width = 80});
  EXPECT_EQ(text.find("\nACCEPT"), std::string::npos) << text;
  EXPECT_EQ(text.find("\x1b[2J"), std::string::npos);
  EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
}

}  // namespace
}  // namespace thimble
