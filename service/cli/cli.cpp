// SPDX-License-Identifier: Apache-2.0
#include "service/cli/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <sstream>

#include "service/cli/audit/options.h"
#include "service/cli/baseline_verbs.h"
#include "service/cli/command_support.h"
#include "service/cli/manual/command_tree.h"
#include "service/cli/manual/completion.h"
#include "service/cli/shared_options.h"
#include "service/support/terminal.h"
#include "service/support/version.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

void AddServe(CLI::App& app, ServeOptions& options) {
  CLI::App& verb = *app.add_subcommand("serve", "serve collateral and verify evidence over HTTP");
  AddUpstreams(verb, options.flags);
  verb.add_option("--listen", options.flags.listen, "address to listen on, default 127.0.0.1:8081")
      ->type_name("ADDR:PORT");
  auto* const data =
      verb.add_option("--data", options.flags.data, "directory of the store, default thimble-data")
          ->type_name("DIR");
  verb.add_flag("--ephemeral", options.ephemeral, "keep everything in memory only")->excludes(data);
  verb.add_option("--frozen-time", options.frozen_time, "judge as if it were always this time (RFC 3339)")
      ->type_name("T");
}

// What the evidence is expected to say.
void AddExpectations(CLI::App& verb, VerifyOptions& options) {
  verb.add_option("--at", options.at, "verify as of this time (RFC 3339, or a date)")->type_name("T");
  verb.add_option("--report-data", options.report_data,
                  "expected report data, hex; what it leaves open must be zero")
      ->type_name("HEX");
  verb.add_option("--runtime-data", options.runtime_data, "the report data has to be the hash of this file")
      ->type_name("FILE");
  AddContainerFiles(verb, options.uvm_endorsement, options.security_policy);
  AddProduct(verb, options.product);
  verb.add_option("--nonce", options.nonce, "expected in the vTPM quote beside an HCL report, hex")
      ->type_name("HEX");
}

void AddVerify(CLI::App& app, VerifyOptions& options) {
  CLI::App& verb = *app.add_subcommand("verify", "verify evidence and appraise it by a policy");
  CLI::App& what = *verb.add_option_group("What to verify, one of these");
  what.add_option("evidence", options.evidence, "a quote, SNP report or HCL report")->type_name("EVIDENCE");
  what.add_option("--each", options.each, "each file of a directory, or of a list; one line of output each")
      ->type_name("DIR|LIST");
  what.require_option(1);
  auto* const collateral = verb.add_option("--collateral", options.collateral,
                                           "collateral to verify with: a JSON file or a directory")
                               ->type_name("FILE.json|DIR");
  verb.add_option("--policy", options.policy,
                  "a policy of the configuration, or of the server; or a file with [policy.default]")
      ->type_name("NAME|FILE");
  verb.add_option("--baseline", options.baseline, "a baseline of the configuration, or of the server")
      ->type_name("NAME");
  AddExpectations(verb, options);
  auto* const server = AddServer(verb, options.flags, options.server,
                                 "let this running Thimble verify; else this process does");
  // A server has its own of these. Beside --config is client.toml.
  for (CLI::Option* own : AddUpstreams(verb, options.flags)) {
    if (own->get_name() != "--config") server->excludes(own);
  }
  auto* const data =
      verb.add_option(
              "--data", options.flags.data,
              "verify with what this store has, and ask nobody but --pcs-url and --kds-url; it is left as it "
              "is, and a server may run on it")
          ->type_name("DIR");
  server->excludes(collateral)->excludes(data);
  verb.add_flag("--ear", options.ear, "ask for the signed result too, the member \"ear\" of --json")
      ->needs(server);
  verb.add_flag("--verbose", options.verbose, "also every check, rule, claim and item");
  AddJson(verb, options.json);
}

void AddInspect(CLI::App& app, InspectOptions& options) {
  CLI::App& verb = *app.add_subcommand("inspect", "say what a file is and what it says, without judging it");
  verb.add_option("files", options.files, "quotes, reports, certificates, CRLs, TCB infos, identities")
      ->required()
      ->type_name("FILE...");
  AddJson(verb, options.json);
}

void AddFetch(CLI::App& app, FetchOptions& options) {
  CLI::App& verb = *app.add_subcommand("fetch", "fill the cache, and print what is stored");
  CLI::App& what = *verb.add_option_group("What to fetch, one of these");
  what.add_option("--quote", options.quote, "what this quote or report needs")->type_name("FILE");
  what.add_option("--fmspc", options.fmspc, "what SGX and TDX quotes of this platform need")
      ->type_name("HEX");
  auto* const hwid =
      what.add_option("--hwid", options.hwid, "the VCEK of this chip, its chain and CRL")->type_name("HEX");
  what.add_option("--kds-store", options.kds_store,
                  "the VCEKs in this directory, as trustee's offline store has them")
      ->type_name("DIR");
  what.require_option(1);
  auto* const product = AddProduct(verb, options.product);
  auto* const tcb =
      verb.add_option("--tcb", options.tcb, "bl04-tee00-snp24-ucode219, and for Turin -fmc01 after it")
          ->type_name("TCB")
          ->needs(hwid);
  hwid->needs(product)->needs(tcb);
  AddUpstreams(verb, options.flags);
  AddStore(verb, options.flags, options.server);
  AddJson(verb, options.json);
}

void AddStatus(CLI::App& app, StatusOptions& options) {
  CLI::App& verb =
      *app.add_subcommand("status", "how it is going, on one screen; exit code 3 when nothing can be served");
  verb.add_flag("--all", options.all, "every item, too: freshness, next update, source, last error");
  verb.add_option("--item", options.item, "these items alone: a name, or how it begins")->type_name("KEY");
  verb.add_flag("--ready", options.ready,
                "only ask the running server whether it is ready: exit code 0 or 3");
  AddStoreAlone(verb, options.flags, options.server);
  AddJson(verb, options.json);
}

void AddRefresh(CLI::App& app, RefreshOptions& options) {
  CLI::App& verb = *app.add_subcommand(
      "refresh", "renew all due items once; exit code 3 if one failed or is stale. For cron and timers");
  CLI::App& what = *verb.add_option_group("What to ask for, due or not");
  what.add_flag("--all", options.all, "all that platforms share");
  what.add_option("--item", options.item, "this item, named as by status")->type_name("KEY");
  what.add_option("--fmspc", options.fmspc, "TCB infos and PCK certificates of these platforms")
      ->type_name("HEX");
  what.require_option(0, 1);
  AddUpstreams(verb, options.flags);
  AddStore(verb, options.flags, options.server);
  AddJson(verb, options.json);
}

void AddInit(CLI::App& app, InitOptions& options) {
  CLI::App& verb = *app.add_subcommand(
      "init",
      "make a local CA, a server certificate, tokens and a configuration, and say how clients trust it");
  verb.add_option("directory", options.directory, "where they go; with --service /etc/thimble")
      ->type_name("DIR");
  verb.add_flag("--service", options.service, "for the installed service, which keeps its store in /var/lib");
  verb.add_option("--host", options.hosts, "name or address that clients use; default: this host's")
      ->type_name("NAME");
  verb.add_flag("--renew", options.renew, "make a new server certificate under the CA that is there");
}

void AddPlatform(CLI::App& app, PlatformOptions& options) {
  CLI::App& verb = *app.add_subcommand("platform", "registered platforms");
  AddConfig(verb, options.flags);
  AddAnchor(verb, options.flags);
  AddStore(verb, options.flags, options.server);
  AddJson(verb, options.json);
  verb.require_subcommand(1);
  verb.add_subcommand("forget", "forget a platform, so that its QE id may be registered for another board")
      ->fallthrough()
      ->add_option("qe_id", options.qe_id, "as it registered")
      ->required()
      ->type_name("QEID");
}

void AddDoctor(CLI::App& app, DoctorOptions& options) {
  CLI::App& verb = *app.add_subcommand(
      "doctor", "look at each upstream and at a running Thimble, and print what clients need");
  AddUpstreams(verb, options.flags);
  AddServer(verb, options.flags, options.server, "the running Thimble; default: the configured address");
  verb.add_option("--fmspc", options.fmspc, "whose TCB info to try, default 00806F050000")->type_name("HEX");
  verb.add_option("--at", options.at, "judge what ends as of this time (RFC 3339), default now")
      ->type_name("T");
  verb.add_option("--client", options.client,
                  "send what this client sends, to the server alone: qcnl, azure-dcap, ...")
      ->type_name("NAME");
  AddJson(verb, options.json);
}

void AddExport(CLI::App& app, ExportOptions& options) {
  CLI::App& verb =
      *app.add_subcommand("export", "write all collateral into one file, for a place without network");
  verb.add_option("file", options.file, "the file to write")->required()->type_name("FILE");
  verb.add_flag("--history", options.history, "with the past versions");
  AddStoreAlone(verb, options.flags, options.server);
}

void AddImport(CLI::App& app, ImportOptions& options) {
  CLI::App& verb = *app.add_subcommand(
      "import",
      "take collateral from a file of `thimble export`, a PCCS's pckcache.db or a platformcollateral bundle");
  verb.add_option("file", options.file, "the file to read")->required()->type_name("FILE");
  verb.add_option("--min-remaining", options.min_remaining,
                  "refuse a file with an item that ends sooner, as 7d")
      ->type_name("DURATION");
  AddStoreAlone(verb, options.flags, options.server);
  AddJson(verb, options.json);
}

void AddBackup(CLI::App& app, BackupOptions& options) {
  CLI::App& verb = *app.add_subcommand("backup", "copy store, audit trail and result keys, while in use");
  verb.add_option("directory", options.directory, "a new one; with --server a name, on that host")
      ->required()
      ->type_name("DIR");
  AddStoreAlone(verb, options.flags, options.server);
}

void AddRestore(CLI::App& app, RestoreOptions& options) {
  CLI::App& verb = *app.add_subcommand("restore", "put a back-up into an empty or a new data directory");
  verb.add_option("directory", options.directory, "what `thimble backup` made")->required()->type_name("DIR");
  AddConfig(verb, options.flags);
  verb.add_option("--data", options.flags.data, "the store's directory")->type_name("DIR");
}

void AddVerifyResult(CLI::App& app, VerifyResultOptions& options) {
  CLI::App& verb = *app.add_subcommand("verify-result", "check a signed attestation result (EAR)");
  verb.add_option("file", options.file, "the token, or a result with the member \"ear\"")
      ->required()
      ->type_name("FILE");
  auto* const jwks = verb.add_option("--jwks", options.jwks, "the keys that are trusted")->type_name("FILE");
  AddServer(verb, options.flags, options.server, "trust this Thimble's keys, as it serves them now")
      ->excludes(jwks);
  verb.add_option("--at", options.at, "check as of this time (RFC 3339)")->type_name("T");
  verb.add_option("--nonce", options.nonce, "the nonce that is expected, hex")->type_name("HEX");
  verb.add_option("--policy", options.policy, "the policy that is expected, default \"default\"")
      ->type_name("NAME[@DIGEST]");
  verb.add_option("--baseline", options.baseline, "the baseline that is expected, default \"default\"")
      ->type_name("NAME[@VERSION]");
  verb.add_option("--issuer", options.issuer, "the issuer that is expected, default \"Thimble\"")
      ->type_name("NAME");
  AddJson(verb, options.json);
}

void AddResultKey(CLI::App& app, ResultKeyOptions& options) {
  CLI::App& verb = *app.add_subcommand("result-key", "the key that results are signed with");
  verb.require_subcommand(1);
  CLI::App& rotate = *verb.add_subcommand(
      "rotate", "sign with a new key from now on; the old one is shown until its last token has ended");
  AddStoreAlone(rotate, options.flags, options.server);
  AddJson(rotate, options.json);
}

void AddCheckConfig(CLI::App& app, CheckConfigOptions& options) {
  app.add_subcommand("check-config", "read a configuration file and say what is wrong with it")
      ->add_option("file", options.file)
      ->required()
      ->type_name("FILE");
}

void AddHashToken(CLI::App& app, HashTokenOptions&) {
  app.add_subcommand("hash-token", "read a token from standard input, and print its digest for [[role]]");
}

void AddShared(CLI::App& app, SharedMigrateOptions& options) {
  CLI::App& verb = *app.add_subcommand("shared", "the database that several replicas share");
  verb.require_subcommand(1);
  AddConfig(*verb.add_subcommand("migrate", "make its tables, or bring them up to date"), options.flags);
}

void AddVersion(CLI::App& app, VersionOptions& options) {
  AddJson(*app.add_subcommand("version", "print the version, the commit and the libraries"), options.json);
}

void AddExplain(CLI::App& app, ExplainOptions& options) {
  CLI::App& verb =
      *app.add_subcommand("explain", "say what a check, a TCB status or a rule means, and what to do");
  verb.add_option("name", options.name, "as a result has it; without it all are listed")
      ->type_name("CHECK|STATUS|RULE");
  verb.add_flag("--page", options.page, "print docs/CHECKS.md");
  AddJson(verb, options.json);
}

// The verb that `add` adds; when it stands on the command line, its options become `chosen`.
template <class Options>
void AddVerb(CLI::App& app, Command& chosen, void (*add)(CLI::App&, Options&)) {
  auto options = std::make_shared<Options>();
  add(app, *options);
  app.get_subcommands([](const CLI::App*) { return true; }).back()->callback([options, &chosen] {
    chosen = *options;
  });
}

// Commands by what they are for, as `thimble help` lists them.
void Group(CLI::App& app) {
  const std::pair<const char*, std::vector<const char*>> groups[] = {
      {"Judge evidence", {"verify", "inspect", "explain", "verify-result"}},
      {"Serve", {"init", "serve", "check-config", "hash-token", "shared"}},
      {"Look", {"status", "doctor", "audit", "version", "help"}},
      {"Collateral", {"fetch", "refresh", "export", "import", "backup", "restore", "platform"}},
      {"Policy", {"baseline", "impact", "floors", "result-key"}},
      {"Shell", {"completion"}},
  };
  for (const auto& [title, names] : groups) {
    for (const char* const name : names) app.get_subcommand(name)->group(title);
  }
}

void AddVerbs(CLI::App& app, Command& chosen) {
  AddVerb(app, chosen, AddServe);
  AddVerb(app, chosen, AddVerify);
  AddVerb(app, chosen, AddInspect);
  AddVerb(app, chosen, AddExplain);
  AddVerb(app, chosen, AddFetch);
  AddVerb(app, chosen, AddStatus);
  AddVerb(app, chosen, AddRefresh);
  AddVerb(app, chosen, AddBaseline);
  AddVerb(app, chosen, AddImpact);
  AddVerb(app, chosen, AddFloors);
  AddVerb(app, chosen, AddAudit);
  AddVerb(app, chosen, AddPlatform);
  AddVerb(app, chosen, AddDoctor);
  AddVerb(app, chosen, AddExport);
  AddVerb(app, chosen, AddImport);
  AddVerb(app, chosen, AddBackup);
  AddVerb(app, chosen, AddRestore);
  AddVerb(app, chosen, AddVerifyResult);
  AddVerb(app, chosen, AddResultKey);
  AddVerb(app, chosen, AddCheckConfig);
  AddVerb(app, chosen, AddInit);
  AddVerb(app, chosen, AddHashToken);
  AddVerb(app, chosen, AddShared);
  AddVerb(app, chosen, AddVersion);
}

// The words behind the program's name; `help CMD` is `CMD --help`, and `help` alone `--help`.
std::vector<std::string> WordsOf(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (words.empty() || words.front() != "help") return words;
  words.erase(words.begin());
  words.emplace_back("--help");
  return words;
}

// What is wrong with a command line: an object with --json, which its reader waits for.
ExitCode Complain(const std::vector<std::string>& words, const Lines& text, std::string_view message) {
  const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
  if (json) return Fail({ErrorKind::kMalformed, Check::kRequest, std::string(message)}, true);
  PrintErrorLines(text);
  return ExitCode::kUsage;
}

}  // namespace

std::variant<Command, ExitCode> ParseCommandLine(int argc, const char* const* argv) {
  CLI::App app{"Thimble: collateral and verification for Intel SGX and TDX, and AMD SEV-SNP", "thimble"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(kVersion));
  app.footer("`thimble help COMMAND` has a command's options.");
  Command chosen;
  AddVerbs(app, chosen);
  app.add_subcommand("help", "say what a command does, and which options it has");
  std::string shell;
  CLI::App& completion =
      *app.add_subcommand("completion", "print what bash or zsh complete command lines by");
  completion.add_option("shell", shell, "which shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}))
      ->type_name("SHELL");
  Group(app);

  std::vector<std::string> words = WordsOf(argc, argv);
  if (words.empty()) return Complain(words, Lines::Of(app.help()), "");
  if (const auto unknown = UnknownCommand(app, words))
    return Complain(words, {StrCat("thimble: ", *unknown)}, *unknown);
  try {
    std::vector<std::string> last_first(words.rbegin(), words.rend());  // as CLI11 wants them
    app.parse(last_first);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, complaint;
    const int code = app.exit(error, out, complaint);
    Print(Lines::Of(out.str()));
    return code == 0 ? ExitCode::kDone : Complain(words, Lines::Of(complaint.str()), error.what());
  }
  if (!completion.parsed()) return chosen;
  Print(Lines::Of(CompletionScript(shell, CommandTree(app))));
  return ExitCode::kDone;
}

}  // namespace thimble
