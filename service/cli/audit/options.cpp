// SPDX-License-Identifier: Apache-2.0
#include "service/cli/audit/options.h"

#include <charconv>

#include "service/cli/shared_options.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

void AddTrail(CLI::App& verb, AuditOptions& options, AuditOptions::Action action) {
  verb.add_option("--dir", options.directory, "where the trail is; default: as the configuration says")
      ->type_name("DIR");
  AddConfig(verb, options.flags);
  verb.add_option("--data", options.flags.data, "the store's directory")->type_name("DIR");
  AddJson(verb, options.json);
  verb.callback([&options, action] { options.action = action; });
}

void AddAuditFind(CLI::App& verb, AuditOptions& options) {
  verb.add_option("--kind", options.kind, "decision, baseline, floors, in_force, ...")->type_name("KIND");
  verb.add_option("--request", options.request, "the Request-ID of an answer")->type_name("ID");
  verb.add_option("--evidence", options.evidence, "a file of evidence, or its SHA-256")
      ->type_name("FILE|SHA256");
  verb.add_option("--decision", options.decision, "accept or reject")->type_name("D");
  verb.add_option("--jti", options.jti, "of a signed result")->type_name("ID");
  verb.add_option("--by", options.by, "a label, user, address or certificate")->type_name("WHO");
  verb.add_option("--since", options.since, "RFC 3339")->type_name("T");
  verb.add_option("--until", options.until, "RFC 3339")->type_name("T");
  verb.add_option("--last", options.most, "so many at most, default 100")->type_name("N");
}

// The record by its number or by its request, and the evidence behind it.
void TakeWords(AuditOptions& options) {
  if (options.words.size() != (options.request ? 1 : 2))
    throw CLI::ValidationError("repeat",
                               "name the record, by SEQ or by --request ID, and the evidence's FILE");
  options.evidence_file = options.words.back();
  if (options.request) return;
  const std::string& text = options.words.front();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), options.seq);
  if (error != std::errc() || end != text.data() + text.size())
    throw CLI::ValidationError("SEQ", StrCat("\"", text, "\" is not the number of a record"));
}

}  // namespace

void AddAudit(CLI::App& app, AuditOptions& options) {
  CLI::App& verb = *app.add_subcommand("audit", "the audit trail");
  verb.require_subcommand(1);
  CLI::App& check = *verb.add_subcommand("check", "check that each record follows from the one before");
  check
      .add_option("path", options.paths,
                  "a file of the trail, or its directory; of several, each is a trail by itself")
      ->required()
      ->type_name("FILE|DIR");
  check.add_option("--contains", options.contains, "also look for the record with this digest")
      ->type_name("SHA256");
  AddJson(check, options.json);
  CLI::App& show = *verb.add_subcommand("show", "print one record");
  show.add_option("seq", options.seq, "its number")->required()->type_name("SEQ");
  AddTrail(show, options, AuditOptions::Action::kShow);
  CLI::App& find = *verb.add_subcommand("find", "print the records that match, one a line, oldest first");
  AddAuditFind(find, options);
  AddTrail(find, options, AuditOptions::Action::kFind);
  CLI::App& repeat = *verb.add_subcommand(
      "repeat", "decide a recorded decision again, as of its time and by its rules, and compare");
  repeat
      .add_option("what", options.words,
                  "the number of its record, or --request; the evidence that it was about")
      ->required()
      ->expected(1, 2)
      ->type_name("[SEQ] FILE");
  repeat.add_option("--request", options.request, "in place of the number: the Request-ID of the answer")
      ->type_name("ID");
  repeat.add_option("--runtime-data", options.runtime_data, "what came beside the evidence")
      ->type_name("FILE");
  AddContainerFiles(repeat, options.uvm_endorsement, options.security_policy);
  AddAnchor(repeat, options.flags);
  AddTrail(repeat, options, AuditOptions::Action::kRepeat);
  repeat.callback([&options] {
    options.action = AuditOptions::Action::kRepeat;
    TakeWords(options);
  });
}

}  // namespace thimble
