// SPDX-License-Identifier: Apache-2.0
//
// Reading and writing whole files, and who else may touch them.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "tcb/base/result.h"

namespace thimble {

// request.invalid when it cannot be read or is longer than `limit`: what the user named is wrong.
Result<std::string> ReadFile(const std::string& path, size_t limit);
// nullopt when there is no such file.
Result<std::optional<std::string>> ReadFileIfThere(const std::string& path, size_t limit);

// Whole or not at all, and on the disk when it returns; with this mode, less the umask, from its first byte on. Errors:
// store.io.
Status WriteFile(const std::string& path, std::string_view text);  // as ReplaceFile, for all to read
Status WriteNewFile(const std::string& path, std::string_view text, mode_t mode);  // nothing may be there
Status ReplaceFile(const std::string& path, std::string_view text,
                   mode_t mode);  // the old one, until all is there

// That a file was made there, renamed or removed is on the disk. Errors: store.io.
Status SyncDirectoryOf(const std::string& path);

enum class OthersMay : uint8_t { kRead, kNothing };
// That `path`, a file or directory, is the user's that this process runs as, and that others, its group too, may do no
// more than that. What is not there is nobody's. Errors (store.io) say whose it is, or how to mend it; `what` names it.
Status CheckOnlyOurs(const std::string& path, std::string_view what, OthersMay others);
// A secret that an administrator or an orchestrator has put there: root's or this user's, of whom nobody else may write it,
// and a group of this process alone may read it. Who runs as root looks for others, and takes any owner. Errors likewise.
Status CheckSecretFile(const std::string& path, std::string_view what);

}  // namespace thimble
