// SPDX-License-Identifier: Apache-2.0
//
// What `thimble doctor` looks at on this host: proxies, the data directory, the certificate, the roles; and what to paste
// into the configuration of clients.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "service/cli/cli.h"
#include "service/cli/doctor/symptom.h"
#include "service/config/config.h"

namespace thimble {

// What the environment says of proxies, passwords left out, and which upstreams go through them.
Diagnosis LookAtProxies(const Config& config);
// Owner, space, and whether there is a store. A fix repeats the flags.
Diagnosis LookAtData(const Config& config, const ConfigFlags& flags);
// Why this user does not open a store that no server runs on; nullopt: it is this user's.
std::optional<Symptom> OfAnotherUser(const std::string& data, const ConfigFlags& flags);
// The certificate that the configuration names, and whom it lets in.
Diagnosis LookAtServing(const Config& config, Instant now);

// A proxy's address without its user and password.
std::string WithoutPassword(std::string_view url);
// Whether NO_PROXY, as libcurl reads it, exempts this host.
bool IsExempt(std::string_view host, std::string_view no_proxy);

// Where this host reaches the configured server; and where clients do: of one that listens on all addresses, by this
// host's name.
std::string UrlFromHere(const ServerConfig& server);
std::string UrlForClients(const ServerConfig& server);
// For clients of the server that is asked: where it was named by what reaches only from here, as client.toml does, its
// address is that of the configuration that was named.
std::string UrlOfRecipes(const std::string& asked, const ConfigFlags& flags, const ServerConfig& server);
// What to paste into the configuration of clients that are to use the Thimble at this URL.
std::string ClientRecipes(std::string_view url);

}  // namespace thimble
