// SPDX-License-Identifier: Apache-2.0
#include "service/cli/client/server_choice.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "fetchers/url.h"
#include "service/config/client_file.h"
#include "service/config/config.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

std::optional<fs::path> HomeDirectory() {
  // A relative one is to be ignored (XDG Base Directory Specification): it would be the current directory.
  const auto xdg = Environment("XDG_CONFIG_HOME"), home = Environment("HOME");
  if (xdg && fs::path(*xdg).is_absolute()) return fs::path(*xdg) / "thimble";
  if (home && fs::path(*home).is_absolute()) return fs::path(*home) / ".config" / "thimble";
  return std::nullopt;
}

std::vector<fs::path> Directories(const ConfigFlags& flags) {
  if (flags.config) return {fs::absolute(*flags.config).parent_path()};
  std::vector<fs::path> out;
  if (auto home = HomeDirectory()) out.push_back(*std::move(home));
  out.emplace_back("/etc/thimble");
  return out;
}

bool CanRead(const std::string& file) {
  return ::faccessat(AT_FDCWD, file.c_str(), R_OK, AT_EACCESS) == 0 || errno != EACCES;
}

Result<std::optional<ClientFile>> FindClientFile(const ConfigFlags& flags) {
  for (const fs::path& directory : Directories(flags)) {
    TRY_ASSIGN(auto file, ReadClientFile((directory / "client.toml").string()));
    if (file) return file;
  }
  return std::optional<ClientFile>();
}

bool SameOrigin(const std::string& a, const std::string& b) {
  const auto first = ParseUrl(a), second = ParseUrl(b);
  return first && second && first->Origin() == second->Origin();
}

// What client.toml names for another user of this host: root's token, beside a file that all may read. Other errors show
// where it is used.
void LeaveOutUnreadable(ClientFile& known, std::string& left_out) {
  for (std::string* const file : {&known.token_file, &known.client_key}) {
    if (file->empty() || CanRead(*file)) continue;
    left_out += StrCat(left_out.empty() ? "" : "\n", *file, ", of ", known.path,
                       ", cannot be read by this user: asked without it");
    file->clear();
  }
  if (known.client_key.empty()) known.client_certificate.clear();
}

std::string FirstOf(const std::optional<std::string>& flag, const std::optional<std::string>& variable,
                    const std::string& file) {
  return flag ? *flag : variable.value_or(file);
}

Result<ServerChoice> Complete(const std::string& url, std::string chosen_by, const ConfigFlags& flags,
                              const std::optional<ClientFile>& file) {
  ClientFile known = file && SameOrigin(file->server, url) ? *file : ClientFile();
  // What the environment says of its server is not for another.
  const auto named = Environment("THIMBLE_SERVER");
  const bool environment = !named || SameOrigin(*named, url);
  const auto token = environment ? Environment("THIMBLE_TOKEN_FILE") : std::nullopt;
  const bool own = flags.client_certificate || flags.client_key;  // a pair: of one place or of the other
  if (flags.token_file || token) known.token_file.clear();
  if (own) known.client_certificate = known.client_key = "";
  if (known.client_certificate.empty() != known.client_key.empty()) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(known.path, ": client_certificate and client_key are one pair: name both")};
  }
  ServerChoice out;
  LeaveOutUnreadable(known, out.left_out);
  out.url = url;
  out.chosen_by = std::move(chosen_by);
  out.ca = FirstOf(flags.server_ca, environment ? Environment("THIMBLE_CA") : std::nullopt, known.ca);
  out.token_file = FirstOf(flags.token_file, token, known.token_file);
  out.client_certificate = own ? flags.client_certificate.value_or("") : known.client_certificate;
  out.client_key = own ? flags.client_key.value_or("") : known.client_key;
  if (out.client_certificate.empty() != out.client_key.empty()) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 "--client-cert and --client-key are one pair: name both"};
  }
  return out;
}

}  // namespace

Result<ServerChoice> ChoiceFor(const std::string& url, const ConfigFlags& flags) {
  TRY_ASSIGN(const auto file, FindClientFile(flags));
  return Complete(url, "", flags, file);
}

Result<std::optional<ServerChoice>> NamedServer(const ConfigFlags& flags,
                                                const std::optional<std::string>& server) {
  if (!server && flags.data) return std::optional<ServerChoice>();
  const auto url = server ? server : Environment("THIMBLE_SERVER");
  if (!url) return std::optional<ServerChoice>();
  TRY_ASSIGN(ServerChoice choice, ChoiceFor(*url, flags));
  if (!server) choice.chosen_by = "THIMBLE_SERVER";
  return std::optional<ServerChoice>(std::move(choice));
}

Result<std::optional<ServerChoice>> ServerOfFile(const ConfigFlags& flags) {
  if (flags.data) return std::optional<ServerChoice>();
  TRY_ASSIGN(const auto file, FindClientFile(flags));
  if (!file) return std::optional<ServerChoice>();
  TRY_ASSIGN(ServerChoice choice, Complete(file->server, file->path, flags, file));
  return std::optional<ServerChoice>(std::move(choice));
}

ConfigFlags WithInstalled(ConfigFlags flags, const std::string& installed) {
  if (flags.config || flags.data) return flags;
  std::error_code ignored;  // what cannot be looked at is not there for us
  if (const auto home = HomeDirectory(); home && fs::exists(*home / "client.toml", ignored)) return flags;
  if (fs::exists(Config().cache.data, ignored)) return flags;
  if (::faccessat(AT_FDCWD, installed.c_str(), R_OK, AT_EACCESS) == 0) flags.config = installed;
  return flags;
}

}  // namespace thimble
