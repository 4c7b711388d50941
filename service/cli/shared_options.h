// SPDX-License-Identifier: Apache-2.0
//
// Options that several verbs have, each written once.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "service/cli/cli.h"

namespace thimble {

CLI::Option* AddAnchor(CLI::App& verb, ConfigFlags& flags);
CLI::Option* AddConfig(CLI::App& verb, ConfigFlags& flags);
// Where collateral comes from, for verbs that may ask upstreams.
std::vector<CLI::Option*> AddUpstreams(CLI::App& verb, ConfigFlags& flags);
void AddJson(CLI::App& verb, bool& json);
// A running Thimble, how it is known, and what gives us a role there.
CLI::Option* AddServer(CLI::App& verb, ConfigFlags& flags, std::optional<std::string>& server,
                       const std::string& what = "ask this running Thimble");
// A store: behind a server, or the directory itself.
CLI::Option* AddStore(CLI::App& verb, ConfigFlags& flags, std::optional<std::string>& server);
// The same, of verbs that ask no upstream.
CLI::Option* AddStoreAlone(CLI::App& verb, ConfigFlags& flags, std::optional<std::string>& server);
CLI::Option* AddProduct(CLI::App& verb, std::optional<std::string>& product);
// What a confidential container has beside its report, as files.
void AddContainerFiles(CLI::App& verb, std::optional<std::string>& uvm_endorsement,
                       std::optional<std::string>& security_policy);

}  // namespace thimble
