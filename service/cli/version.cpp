// SPDX-License-Identifier: Apache-2.0
#include "service/support/version.h"

#include "service/cli/commands.h"
#include "service/cli/manual/build_facts.h"
#include "service/support/terminal.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"

namespace thimble {

namespace {

std::string Json() {
  std::string out;
  json::Writer json(&out);
  json.BeginObject().Key("version").String(kVersion);
  if (!BuiltCommit().empty()) json.Key("commit").String(BuiltCommit());
  json.Key("libraries").BeginObject();
  for (const auto& [name, version] : BuiltWith()) {
    if (!version.empty()) json.Key(name).String(version);
  }
  json.EndObject().EndObject();
  return out;
}

}  // namespace

ExitCode Run(const VersionOptions& options) {
  if (options.json) {
    PrintJson(Json());
    return ExitCode::kDone;
  }
  const std::string commit =
      BuiltCommit().empty() ? "a build for development" : StrCat("commit ", BuiltCommit());
  PrintLine(StrCat("thimble ", kVersion, " (", commit, ")"));
  std::string libraries;
  for (const auto& [name, version] : BuiltWith()) {
    if (!version.empty()) libraries += StrCat(libraries.empty() ? "" : ", ", name, " ", version);
  }
  PrintLine(StrCat("built with ", libraries));
  return ExitCode::kDone;
}

}  // namespace thimble
