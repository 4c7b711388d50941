// SPDX-License-Identifier: Apache-2.0
#include "service/cli/evidence/answer.h"

#include "service/api/problem.h"
#include "service/cli/command_support.h"
#include "service/cli/text/verdict_text.h"
#include "service/results/explain.h"
#include "service/support/terminal.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {

Answer ResultAnswer(std::string result_json, bool accept) {
  return {accept ? ExitCode::kDone : ExitCode::kRejected, std::move(result_json), ""};
}

Answer ProblemAnswer(const Error& error, const CheckLog* checks) {
  const ExitCode code = ExitCodeOf(error);
  const std::string check = code == ExitCode::kUsage ? "" : StrCat(CheckName(error.check), ": ");
  return {code, ProblemJson(ProblemOf(error, checks)), StrCat(check, error.message)};
}

Answer AnswerOf(const HttpResponse& response) {
  if (response.status != 200) {
    Answer problem = ProblemAnswer(ErrorOf(response));
    if (response.Header("content-type") == "application/problem+json") problem.json = AsText(response.body);
    return problem;
  }
  const std::string_view body = AsText(response.body);
  const auto document =
      json::Document::Parse(body, "answer", ErrorKind::kUnavailable, Check::kUpstreamAnswer);
  if (!document) return ProblemAnswer(document.error());
  const auto decision = (*document)->root().GetString("decision");
  if (!decision) return ProblemAnswer(decision.error());
  return ResultAnswer(std::string(body), *decision == "accept");
}

ExitCode PrintAnswer(const Answer& answer, const std::string& judge, const AnswerForm& form) {
  if (form.json) {
    PrintJson(answer.json);
    return answer.code;
  }
  if (!answer.problem.empty()) {
    PrintError(answer.problem);
    return answer.code;
  }
  const auto verdict = VerdictText(answer.json, judge);
  if (!verdict) return Fail(verdict.error(), false);
  PrintStyled(*verdict);
  if (!form.verbose) {
    PrintStyled(
        {{},
         {0,
          0,
          {{Ink::kFaint,
            "--verbose shows every check, claim and rule; `thimble explain NAME` says what one means"}}}});
    return answer.code;
  }
  const auto all = ExplainResult(answer.json);
  if (!all) return Fail(all.error(), false);
  PrintLine("");
  Print(*all);
  return answer.code;
}

void PrintAnswerLine(const std::string& file, const Answer& answer, bool json) {
  if (json) {
    std::string out;
    json::Writer writer(&out);
    writer.BeginObject().Key("file").String(file);
    writer.Key(answer.problem.empty() ? "result" : "problem").Raw(answer.json).EndObject();
    return PrintJson(out);
  }
  if (!answer.problem.empty()) return PrintLine(StrCat("NO VERDICT  ", file, ": ", answer.problem));
  const auto verdict = VerdictText(answer.json, "");
  if (!verdict || verdict->empty() || verdict->front().spans.size() < 2)
    return PrintLine(StrCat("NO VERDICT  ", file, ": the result cannot be read"));
  std::vector<Span> spans = verdict->front().spans;
  spans.at(1).text = StrCat("  ", file, ": ", spans.at(1).text.substr(2));
  PrintStyled({{0, 8, std::move(spans)}});
}

}  // namespace thimble
