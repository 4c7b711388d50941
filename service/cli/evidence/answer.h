// SPDX-License-Identifier: Apache-2.0
//
// What was said of one piece of evidence, here or by a server, and how it leaves the process.
#pragma once

#include <string>

#include "fetchers/http_client.h"
#include "service/support/error_status.h"
#include "tcb/base/result.h"
#include "tcb/verdict.h"

namespace thimble {

struct Answer {
  ExitCode code = ExitCode::kDone;
  std::string json;     // the result, or the problem object
  std::string problem;  // in a line; empty: there is a result
  std::string request =
      {};  // its id at the server that judged, which the audit trail there has; empty: none did
};

Answer ResultAnswer(std::string result_json, bool accept);
Answer ProblemAnswer(const Error& error, const CheckLog* checks = nullptr);
// Of what a server answered to POST /v1/verify.
Answer AnswerOf(const HttpResponse& response);

struct AnswerForm {
  bool json = false, verbose = false;
};
// `judge`: who judged. The answer's exit code, unless it cannot be shown.
ExitCode PrintAnswer(const Answer& answer, const std::string& judge, const AnswerForm& form);
// The same in one line that names the file.
void PrintAnswerLine(const std::string& file, const Answer& answer, bool json);

}  // namespace thimble
