// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/pem.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

bool IsSpace(char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; }

// Line by line; what other white space there is ends up in the base64 decoder, unless it ends a line.
std::string JoinLines(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    while (!line.empty() && IsSpace(line.back())) line.remove_suffix(1);
    out += line;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string_view TrimTail(std::string_view text) {
  while (!text.empty() && (text.back() == '\0' || IsSpace(text.back()))) text.remove_suffix(1);
  return text;
}

Error Malformed(Check check, std::string message) {
  return {ErrorKind::kMalformed, check, std::move(message)};
}

}  // namespace

Result<std::vector<Bytes>> DecodePem(std::string_view text, std::string_view label, size_t limit,
                                     Check check) {
  const std::string begin = StrCat("-----BEGIN ", label, "-----");
  const std::string end = StrCat("-----END ", label, "-----");
  std::vector<Bytes> blocks;
  std::string_view rest;
  for (size_t pos = text.find(begin); pos != std::string_view::npos; pos = text.find(begin, pos)) {
    const size_t start = pos + begin.size();
    const size_t stop = text.find(end, start);
    if (stop == std::string_view::npos) return Malformed(check, StrCat("PEM block ", label, " does not end"));
    if (blocks.size() == limit) return Malformed(check, StrCat("more than ", limit, " PEM blocks ", label));
    auto block = FromBase64(JoinLines(text.substr(start, stop - start)));
    if (!block || block->empty()) return Malformed(check, StrCat("PEM block ", label, " is not base64"));
    blocks.push_back(std::move(*block));
    pos = stop + end.size();
    rest = text.substr(pos);
  }
  if (!TrimTail(rest).empty())
    return Malformed(check, StrCat(rest.size(), " bytes after the last PEM block ", label));
  return blocks;
}

std::string EncodePem(ByteView der, std::string_view label) {
  const std::string base64 = Base64(der);
  std::string out = StrCat("-----BEGIN ", label, "-----\n");
  for (size_t i = 0; i < base64.size(); i += 64) {
    out += std::string_view(base64).substr(i, 64);
    out += '\n';
  }
  return out + StrCat("-----END ", label, "-----\n");
}

Result<std::vector<Bytes>> DecodeCertificates(ByteView input, size_t limit, Check check) {
  if (!input.empty() && input[0] == 0x30) return std::vector<Bytes>{Bytes(input.begin(), input.end())};
  TRY_ASSIGN(auto blocks, DecodePem(AsText(input), "CERTIFICATE", limit, check));
  if (blocks.empty()) return Malformed(check, "no certificate: neither DER nor PEM");
  return blocks;
}

Result<Bytes> DecodeCrl(ByteView input, Check check) {
  // A SEQUENCE begins with 0x30; its hex with '3' (0x33), and PEM or text before it with something else
  // again.
  if (!input.empty() && input[0] == 0x30) return Bytes(input.begin(), input.end());
  const std::string_view text = TrimTail(AsText(input));
  if (auto der = FromHex(text); der && !der->empty()) return std::move(*der);
  TRY_ASSIGN(auto blocks, DecodePem(text, "X509 CRL", 1, check));
  if (blocks.empty()) return Malformed(check, "no CRL: neither DER, PEM nor hex");
  return std::move(blocks.front());
}

}  // namespace thimble
