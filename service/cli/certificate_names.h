// SPDX-License-Identifier: Apache-2.0
//
// Whom the certificate in a file is for: the host names and addresses in it, whether it has expired or not.
#pragma once

#include <string>
#include <vector>

#include "tcb/base/result.h"

namespace thimble {

// Of the first certificate in PEM, as they stand there. Errors (request.invalid): it cannot be read, has no such name, or
// one of another type, which nobody could put into the next certificate.
Result<std::vector<std::string>> NamesInCertificate(const std::string& path);

}  // namespace thimble
