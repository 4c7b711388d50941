// SPDX-License-Identifier: Apache-2.0
#include "service/cli/baseline_verbs.h"

#include "service/cli/shared_options.h"

namespace thimble {
namespace {

// What is tried in place of what is in force.
void AddCandidate(CLI::App& verb, std::optional<std::string>& intel, std::optional<std::string>& amd) {
  verb.add_option("--intel", intel, "standard, early, an evaluation number, or \"delayed: 30d\"")
      ->type_name("SET");
  verb.add_option("--amd", amd, "a file of floors.directory, builtin, signed, or \"\" for none")
      ->type_name("NAME");
}

}  // namespace

void AddBaseline(CLI::App& app, BaselineOptions& options) {
  CLI::App& verb =
      *app.add_subcommand("baseline", "list the baselines; stage, promote and roll back a change");
  AddStoreAlone(verb, options.flags, options.server);
  AddJson(verb, options.json);
  verb.require_subcommand(0, 1);
  const auto add = [&](const char* name, const char* text, BaselineOptions::Action action) {
    CLI::App* sub = verb.add_subcommand(name, text)->fallthrough();
    sub->add_option("name", options.name, "the baseline, default \"default\"")->type_name("NAME");
    sub->callback([&options, action] { options.action = action; });
    return sub;
  };
  using Action = BaselineOptions::Action;
  CLI::App& candidate = *add("candidate", "stage a change beside what is in force", Action::kCandidate);
  AddCandidate(candidate, options.intel, options.amd);
  candidate
      .add_option("--uvm", options.uvm,
                  "the least SVN of a utility VM of this feed; may be repeated, and replaces all that hold; "
                  "\"\" for none")
      ->type_name("FEED=SVN")
      ->allow_extra_args(false);
  add("promote", "put the candidate in force; exit code 1 if it would refuse platforms", Action::kPromote)
      ->add_option("--accept-refusals", options.accept_refusals, "promote although so many are refused")
      ->type_name("N|unknown");
  add("rollback", "go back to the version before", Action::kRollBack);
}

void AddImpact(CLI::App& app, ImpactOptions& options) {
  CLI::App& verb = *app.add_subcommand(
      "impact",
      "what a change would do to the platforms seen; without a choice, that of the candidate. Exit code 1 if "
      "any would be refused");
  auto* const server = AddStoreAlone(verb, options.flags, options.server);
  verb.add_option("--baseline", options.baseline, "the baseline to change, default \"default\"")
      ->type_name("NAME");
  AddCandidate(verb, options.intel, options.amd);
  verb.add_option("--floors", options.floors, "the floor document of AMD to try")->type_name("FILE");
  verb.add_option("--policy", options.policy, "the policy that holds, default \"default\"")
      ->type_name("NAME");
  verb.add_option("--candidate-policy", options.candidate_policy, "the policy to try")->type_name("NAME");
  auto* const reports =
      verb.add_option("--reports", options.reports, "judge the SNP reports in this directory, here, instead")
          ->type_name("DIR")
          ->excludes(server)
          ->excludes(verb.get_option("--intel"));
  verb.get_option("--floors")->excludes(verb.get_option("--amd"));
  AddProduct(verb, options.product)->needs(reports);
  verb.add_option("--at", options.at, "judge them as of this time (RFC 3339)")
      ->type_name("T")
      ->needs(reports);
  AddJson(verb, options.json);
}

void AddFloors(CLI::App& app, FloorsOptions& options) {
  CLI::App& verb =
      *app.add_subcommand("floors", "AMD's minimum TCBs: show, compare and check documents of them");
  AddConfig(verb, options.flags);
  AddJson(verb, options.json);
  verb.require_subcommand(1);
  using Action = FloorsOptions::Action;
  const auto add = [&](const char* name, const char* text, Action action) {
    CLI::App* sub = verb.add_subcommand(name, text)->fallthrough();
    sub->callback([&options, action] { options.action = action; });
    return sub;
  };
  CLI::App& show = *add("show", "what the document in force asks, of all CPU lines or of one", Action::kShow);
  show.add_option("cpu", options.cpu, "a line or product, as Genoa-X or Milan")->type_name("CPU");
  show.add_option("--file", options.file, "this document, or builtin; default: the configuration's")
      ->type_name("FILE");
  CLI::App& diff = *add("diff", "what changes from one document to another, in words", Action::kDiff);
  diff.add_option("from", options.before, "a document, or builtin")->required()->type_name("A");
  diff.add_option("to", options.after, "a document, or builtin")->required()->type_name("B");
  CLI::App& check =
      *add("check", "say which rule a document or an overlay breaks, and where", Action::kCheck);
  check.add_option("file", options.before, "the document or overlay")->required()->type_name("FILE");
}

}  // namespace thimble
