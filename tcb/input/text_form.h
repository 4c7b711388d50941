// SPDX-License-Identifier: Apache-2.0
//
// Bytes that were written down as text: hex, base64 of either alphabet, PEM of any label but those of certificates,
// CRLs and keys, or a JSON list of numbers. One layer, and strictly: every character counts.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"

namespace thimble::input {

enum class TextForm : uint8_t { kHex, kBase64, kBase64Url, kPem, kByteList };
std::string_view TextFormName(TextForm form);  // "hex", "base64", "base64url", "PEM", "a JSON list of bytes"

struct Reading {
  TextForm form;
  Bytes bytes;  // never empty
};

// All ways in which the text can be read, hex before base64: hex is base64, too, when its length fits. White space
// anywhere, "0x" before hex and quotation marks around either are no part of it. Empty: no such text.
std::vector<Reading> ReadingsOf(std::string_view text);

// Whether bytes are what somebody looks for.
using Fits = std::function<bool(ByteView)>;
// The bytes, where they fit or no reading of them does; else the first reading that fits.
Bytes BytesThatFit(ByteView input, const Fits& fits);

// Without white space and NULs around it, and without a byte order mark of UTF-8.
std::string_view Trimmed(std::string_view text);

// Nothing but printable ASCII and white space.
bool IsPlainText(std::string_view text);

// A DER object as long as certificates and CRLs are: text may begin with "0" (0x30), too.
bool LooksLikeDer(ByteView bytes);

// The label of the first PEM block, "CERTIFICATE"; empty: no PEM.
std::string_view PemLabel(std::string_view text);
// A certificate or CRL in PEM, which the decoders of those read themselves.
bool IsPkiPem(std::string_view text);

}  // namespace thimble::input
