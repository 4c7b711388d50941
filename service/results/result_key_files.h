// SPDX-License-Identifier: Apache-2.0
//
// The keys of signed results on the disk: the current one as PEM, and beside it the public parts of retired ones as JSON,
// {"keys":[{"kid","x","y","until"}],"sha256"}, the digest being of a line "<kid> <until>" for each.
#pragma once

#include <string>

#include "service/results/result_signer.h"
#include "tcb/base/result.h"

namespace thimble {

// From the kernel's randomness.
EcSigningKey MakeResultKey();

// As they are there; a current key that is not is made, and written. Errors (store.io): a file that is another user's or
// that others may change, or, of the key, read; one that is no key; a disk that takes none.
Result<ResultKeys> OpenResultKeys(const std::string& path);
// The retired keys first: whenever it is cut short, a key whose tokens live is in one of the files. Errors: store.io.
Status WriteResultKeys(const std::string& path, const ResultKeys& keys);

}  // namespace thimble
