// SPDX-License-Identifier: Apache-2.0
//
// The head of an HTTP/1.1 request (RFC 9112), parsed strictly: whatever two parsers could read differently is
// refused, so that no request can hide inside another (spec/cpp-httplib.md).
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "service/http/types.h"

namespace thimble::http {

struct Head {
  Request request;           // without body, id and client
  uint64_t body_length = 0;  // Content-Length
  bool chunked = false;      // Transfer-Encoding: chunked
  bool keep_alive = true;
  bool takes_chunks = true;  // HTTP/1.1
  bool expects_continue = false;
};

struct RefusedHead {
  int status;  // 400, 431, 501 or 505
  std::string_view why;
};

constexpr size_t kMaxHeadBytes = 16 * 1024;
constexpr size_t kMaxHeaderCount = 64;

// Of a token (RFC 9110 section 5.6.2), and of a field's value (section 5.5).
bool IsTokenChar(char c);
bool IsValueChar(char c);
// "NAME: VALUE", also of a trailer.
bool IsFieldLine(std::string_view line);

// `text` is everything up to and including the empty line.
std::variant<Head, RefusedHead> ParseHead(std::string_view text);

}  // namespace thimble::http
