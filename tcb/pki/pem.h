// SPDX-License-Identifier: Apache-2.0
//
// PEM (RFC 7468), leniently around the blocks and strictly inside them: explanatory text before each block, CRLF and
// trailing NULs are all met in real quotes and files. After the last block only white space and NULs may come.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble {

// The decoded blocks with this label, in order. Malformed (with `check`) when a block does not end or is not
// base64, when there are more than `limit`, or when something comes after the last. No block at all is an empty list.
Result<std::vector<Bytes>> DecodePem(std::string_view text, std::string_view label, size_t limit,
                                     Check check);

std::string EncodePem(ByteView der, std::string_view label);  // 64 columns, "\n" line ends

// A certificate list in whatever form it comes: PEM blocks, or one certificate in DER.
Result<std::vector<Bytes>> DecodeCertificates(ByteView input, size_t limit, Check check);
// A CRL in DER, PEM, or hex of DER, with an optional trailing NUL or white space
// (DCAP 2.4).
Result<Bytes> DecodeCrl(ByteView input, Check check);

}  // namespace thimble
