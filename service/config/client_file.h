// SPDX-License-Identifier: Apache-2.0
//
// client.toml: the Thimble that commands ask, and what they show it. Keys, each a text:
//   server: its URL, "https://thimble.example:8081"
//   ca: a PEM file, the CA that its certificate is known by
//   token_file: a file whose first line is the token of a role there
//   client_certificate, client_key: PEM files of a certificate that has a role there
// A relative path begins at the file's own directory, so that the file and what it names can be copied together.
#pragma once

#include <optional>
#include <string>

#include "tcb/base/result.h"

namespace thimble {

struct ClientFile {
  std::string path;  // of the file itself
  std::string server, ca, token_file, client_certificate, client_key;
};

// nullopt when there is no such file. Errors (request.invalid): what is wrong with it; that it belongs to somebody else
// than root or this user; that others may write it. Whoever can write it chooses who answers, and who gets the token.
Result<std::optional<ClientFile>> ReadClientFile(const std::string& path);

}  // namespace thimble
