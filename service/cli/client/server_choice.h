// SPDX-License-Identifier: Apache-2.0
//
// Which Thimble a command asks, how it is known, and what gives us a role there. Each item by itself from the first that
// says it: the command line, the environment (THIMBLE_SERVER, THIMBLE_CA, THIMBLE_TOKEN_FILE), client.toml. What
// client.toml says holds for the server that it names, and for no other: its token goes to nobody else.
//
// client.toml is looked for beside --config, or else in $XDG_CONFIG_HOME/thimble (~/.config/thimble) and /etc/thimble;
// the first that is there counts. Never in the current directory: whoever unpacks an archive there would choose.
#pragma once

#include <optional>
#include <string>

#include "service/cli/cli.h"
#include "tcb/base/result.h"

namespace thimble {

struct ServerChoice {
  std::string url;
  std::string ca, token_file, client_certificate, client_key;  // paths; empty: none
  std::string chosen_by;      // "" by the command line; "THIMBLE_SERVER", or the path of client.toml
  std::string left_out = {};  // why what client.toml names is not shown it; empty: it is
};

// How this server is asked, which the command line names. Errors: of client.toml; a certificate without its key.
Result<ServerChoice> ChoiceFor(const std::string& url, const ConfigFlags& flags);

// By the command line (`server`) or the environment; nullopt where none names one, or --data names a store.
Result<std::optional<ServerChoice>> NamedServer(const ConfigFlags& flags,
                                                const std::optional<std::string>& server);
// By client.toml; nullopt as above. A token or key that it names and this user cannot read is left out.
Result<std::optional<ServerChoice>> ServerOfFile(const ConfigFlags& flags);

// Flags that name neither a configuration nor a store: with the configuration of the installed service, where it is there
// and this user can read it; not where this user's own client.toml says whom to ask, or the current directory has the
// store of a `thimble serve` without a configuration.
inline constexpr const char* kInstalledConfig = "/etc/thimble/thimble.toml";
ConfigFlags WithInstalled(ConfigFlags flags, const std::string& installed = kInstalledConfig);

}  // namespace thimble
