// SPDX-License-Identifier: Apache-2.0
#include "service/cli/shared_options.h"

namespace thimble {

CLI::Option* AddAnchor(CLI::App& verb, ConfigFlags& flags) {
  return verb
      .add_option("--anchor", flags.anchors,
                  "trust this root certificate (PEM) too, tpm=PEM or vbs=PEM for that alone; may be repeated")
      ->type_name("PEM")
      ->allow_extra_args(false);
}

CLI::Option* AddConfig(CLI::App& verb, ConfigFlags& flags) {
  return verb.add_option("--config", flags.config, "configuration file (TOML)")->type_name("FILE");
}

std::vector<CLI::Option*> AddUpstreams(CLI::App& verb, ConfigFlags& flags) {
  return {AddConfig(verb, flags),
          verb.add_option("--pcs-url", flags.pcs_url,
                          "Intel's PCS or another cache: https://HOST/sgx/certification/v4/")
              ->type_name("URL"),
          verb.add_option("--kds-url", flags.kds_url, "AMD's KDS or another cache")->type_name("URL"),
          AddAnchor(verb, flags)};
}

void AddJson(CLI::App& verb, bool& json) { verb.add_flag("--json", json, "print one JSON object on stdout"); }

CLI::Option* AddServer(CLI::App& verb, ConfigFlags& flags, std::optional<std::string>& server,
                       const std::string& what) {
  auto* const url = verb.add_option("--server", server, what)->type_name("URL");
  verb.add_option("--ca", flags.server_ca, "the CA of that server (PEM)")->type_name("FILE");
  verb.add_option("--token-file", flags.token_file, "a token that has the role there; the file's first line")
      ->type_name("FILE");
  verb.add_option("--client-cert", flags.client_certificate, "a certificate that has the role there (PEM)")
      ->type_name("FILE");
  verb.add_option("--client-key", flags.client_key, "its key (PEM)")->type_name("FILE");
  return url;
}

CLI::Option* AddStore(CLI::App& verb, ConfigFlags& flags, std::optional<std::string>& server) {
  auto* const url = AddServer(verb, flags, server);
  auto* const data = verb.add_option("--data", flags.data,
                                     "the store's directory; a server on it is asked through its socket")
                         ->type_name("DIR");
  for (const char* const name : {"--server", "--ca", "--token-file", "--client-cert", "--client-key"})
    data->excludes(verb.get_option(name));
  return url;
}

CLI::Option* AddStoreAlone(CLI::App& verb, ConfigFlags& flags, std::optional<std::string>& server) {
  AddConfig(verb, flags);
  AddAnchor(verb, flags);
  return AddStore(verb, flags, server);
}

CLI::Option* AddProduct(CLI::App& verb, std::optional<std::string>& product) {
  return verb.add_option("--product", product, "AMD's: Milan, Genoa (Bergamo, Siena) or Turin")
      ->type_name("P");
}

}  // namespace thimble
