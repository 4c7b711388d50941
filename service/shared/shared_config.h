// SPDX-License-Identifier: Apache-2.0
//
// [shared]: the database that several replicas share.
#pragma once

#include <string>

#include "tcb/base/result.h"

namespace thimble {

struct SharedConfig {
  // url: "postgresql://thimble@db.example/thimble?sslmode=verify-full", as libpq takes it, "service=NAME" too; without a
  // password. Default: none, and nothing is shared.
  std::string url;
  // password_file: a file whose first line is the password, this user's or root's; nobody else may read it, but a group that
  // the server is of. Default: none; libpq has its own.
  std::string password_file;
  bool operator==(const SharedConfig&) const = default;
};

// Malformed (request.invalid): libpq cannot read it, or it has a password in it. The message has nothing of the URL.
Status CheckSharedUrl(const std::string& url);
// What it names is there, and only whom it concerns may read it.
Status CheckSharedFiles(const SharedConfig& config);

}  // namespace thimble
