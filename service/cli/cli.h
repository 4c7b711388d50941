// SPDX-License-Identifier: Apache-2.0
//
// The command line: one struct a verb, and the parser that fills one in. Options keep the text that was typed; what it
// means is each command's to say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "service/support/error_status.h"

namespace thimble {

// What stands on the command line for a key of the configuration, and goes before it. Each verb takes some of these.
struct ConfigFlags {
  std::optional<std::string> config;   // --config FILE
  std::optional<std::string> listen;   // server.listen
  std::optional<std::string> data;     // cache.data
  std::optional<std::string> pcs_url;  // the only intel.upstream
  std::optional<std::string> kds_url;  // the only amd.upstream
  std::vector<std::string> anchors;    // added to server.anchors
  // How --server is asked: by whose CA it is known, and what gives us a role there (client/server_choice.h).
  std::optional<std::string> server_ca, token_file;           // --ca FILE, --token-file FILE
  std::optional<std::string> client_certificate, client_key;  // --client-cert FILE, --client-key FILE
};

struct ServeOptions {
  ConfigFlags flags;
  bool ephemeral = false;
  std::optional<std::string> frozen_time;
};

struct VerifyOptions {
  ConfigFlags flags;
  std::string evidence;
  std::optional<std::string> each;  // in its place: a directory of evidence, or a list
  std::optional<std::string> collateral, server, policy, baseline, at, report_data, product, nonce,
      runtime_data, uvm_endorsement, security_policy;
  bool ear = false;
  bool verbose = false;
  bool json = false;
};

struct InspectOptions {
  std::vector<std::string> files;
  bool json = false;
};

struct FetchOptions {
  ConfigFlags flags;
  std::optional<std::string> quote, fmspc, product, hwid, tcb, kds_store, server;
  bool json = false;
};

struct StatusOptions {
  ConfigFlags flags;
  std::optional<std::string> server;
  bool ready = false;  // whether a server runs, and is ready
  bool all = false;    // every item, too
  std::optional<std::string> item;
  bool json = false;
};

struct RefreshOptions {
  ConfigFlags flags;
  std::optional<std::string> server, item, fmspc;
  bool all = false;
  bool json = false;
};

struct BaselineOptions {
  enum class Action { kList, kCandidate, kPromote, kRollBack } action = Action::kList;
  ConfigFlags flags;
  std::optional<std::string> server;
  std::string name = "default";
  std::optional<std::string> intel, amd;       // of a candidate
  std::vector<std::string> uvm;                // likewise: "FEED=SVN" each, all of them; "" alone: none
  std::optional<std::string> accept_refusals;  // of a promotion
  bool json = false;
};

struct ImpactOptions {
  ConfigFlags flags;
  std::optional<std::string> server;
  std::optional<std::string> baseline, intel, amd, policy, candidate_policy;
  std::optional<std::string> floors;                // a file: its bytes are sent, not its path
  std::optional<std::string> reports, product, at;  // a directory, judged in this process
  bool json = false;
};

struct FloorsOptions {
  enum class Action { kShow, kDiff, kCheck } action = Action::kShow;
  ConfigFlags flags;
  std::optional<std::string> cpu, file;  // show; the file in place of what the configuration names
  std::string before, after;             // diff: both; check: the first
  bool json = false;
};

struct PlatformOptions {  // thimble platform forget
  ConfigFlags flags;
  std::optional<std::string> server;
  std::string qe_id;
  bool json = false;
};

struct AuditOptions {
  enum class Action { kCheck, kShow, kFind, kRepeat } action = Action::kCheck;
  std::vector<std::string> paths;       // check
  std::optional<std::string> contains;  // check
  // All others: where the trail is, without a word of it as the configuration says.
  ConfigFlags flags;
  std::optional<std::string> directory;
  uint64_t seq = 0;                // show, repeat
  std::vector<std::string> words;  // repeat: of its command line, as they stand there
  std::string evidence_file;       // repeat
  std::optional<std::string> runtime_data, uvm_endorsement, security_policy;
  std::optional<std::string> kind, request, decision, jti, evidence, by, since,
      until;  // find; request: repeat, too
  size_t most = 100;
  bool json = false;
};

struct DoctorOptions {
  ConfigFlags flags;
  std::optional<std::string> server, fmspc, client, at;
  bool json = false;
};

struct ExportOptions {
  ConfigFlags flags;
  std::optional<std::string> server;
  std::string file;
  bool history = false;
};

struct ImportOptions {
  ConfigFlags flags;
  std::optional<std::string> server, min_remaining;
  std::string file;
  bool json = false;
};

struct BackupOptions {
  ConfigFlags flags;
  std::optional<std::string> server;
  std::string directory;  // with --server: a name, on its host
};

struct RestoreOptions {
  ConfigFlags flags;
  std::string directory;
};

struct VerifyResultOptions {
  ConfigFlags flags;
  std::string file;
  std::optional<std::string> jwks, server, at, nonce, policy, baseline, issuer;
  bool json = false;
};

struct ResultKeyOptions {  // thimble result-key rotate
  ConfigFlags flags;
  std::optional<std::string> server;
  bool json = false;
};

struct CheckConfigOptions {
  std::string file;
};

struct InitOptions {
  std::string directory;
  std::vector<std::string>
      hosts;  // names and addresses that the server's certificate is for; empty: this host's, to renew: those it has
  bool renew = false;    // a new server certificate under the CA that is there
  bool service = false;  // for the installed service: its paths, and its group can read what it needs
};

struct HashTokenOptions {};

struct SharedMigrateOptions {  // thimble shared migrate
  ConfigFlags flags;
};

struct VersionOptions {
  bool json = false;
};

struct ExplainOptions {
  std::optional<std::string> name;  // of a check, a status, a rule; absent: their list
  bool page = false;                // docs/CHECKS.md
  bool json = false;
};

using Command =
    std::variant<ServeOptions, VerifyOptions, InspectOptions, FetchOptions, StatusOptions, RefreshOptions,
                 BaselineOptions, ImpactOptions, FloorsOptions, AuditOptions, ExportOptions, ImportOptions,
                 BackupOptions, RestoreOptions, VerifyResultOptions, ResultKeyOptions, CheckConfigOptions,
                 DoctorOptions, InitOptions, HashTokenOptions, VersionOptions, ExplainOptions,
                 PlatformOptions, SharedMigrateOptions>;

// The command; or, after help, a completion script or a usage error has been printed, what to exit with.
std::variant<Command, ExitCode> ParseCommandLine(int argc, const char* const* argv);

}  // namespace thimble
