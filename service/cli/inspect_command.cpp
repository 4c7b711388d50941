// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/inspection/inspect.h"
#include "service/support/json_text.h"
#include "service/verification/evidence_files.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxBytes = 8u << 20;

// One object a file: {"file": ..., "kind": ..., ...}.
Status InspectFile(json::Writer& json, const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadInput(path, kMaxBytes));
  json.BeginObject();
  json.Key("file").String(path);
  const Status written = WriteInspection(json, AsBytes(text));
  if (!written) {
    return Error{written.error().kind, written.error().check, StrCat(path, ": ", written.error().message)};
  }
  json.EndObject();
  return {};
}

}  // namespace

ExitCode Run(const InspectOptions& options) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("files").BeginArray();
  for (const std::string& path : options.files) {
    const Status inspected = InspectFile(json, path);
    if (!inspected) return Fail(inspected.error(), options.json);
  }
  json.EndArray();
  json.EndObject();
  if (options.json) {
    PrintJson(out);
    return ExitCode::kDone;
  }
  const auto document =
      json::Document::Parse(out, "inspection", ErrorKind::kInternal, Check::kEvidenceFormat);
  if (!document) return Fail(document.error(), false);
  const auto files = (*document)->root().Get("files");
  if (!files) return Fail(files.error(), false);
  const auto list = files->Array();
  if (!list) return Fail(list.error(), false);
  for (const json::Value& file : *list) {
    Print(IndentedText(file));
    PrintLine("");
  }
  return ExitCode::kDone;
}

}  // namespace thimble
