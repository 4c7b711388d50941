// SPDX-License-Identifier: Apache-2.0
//
// Requests and responses as handlers see them. Nothing here depends on the HTTP library.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/http/role.h"
#include "tcb/base/bytes.h"

namespace thimble::http {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// A [[role]] that a request has shown the credential of.
struct ShownGrant {
  Role role = Role::kRead;
  std::string label;               // of it
  std::string token, certificate;  // where it has none: as Author's
};

struct Request {
  std::string method;
  std::string path;    // raw: as it came, up to the first '?'
  std::string query;   // raw: all after it
  HeaderList headers;  // names in lower case
  std::string body;
  std::string id;                               // 32 hex digits, also in the answer's Request-ID
  std::string client;                           // the peer's address
  bool admin = false;                           // came over the Unix socket
  std::optional<Digest256> client_sha256 = {};  // of the client's certificate, where it has shown one
  std::optional<uint32_t> uid = {};             // of the Unix socket's peer
  bool may_wait = true;                         // false: it is to be answered at once, or Later()
  // Found out before a route sees it: what it is let in by, and whether it has shown a token that nobody was given.
  std::vector<ShownGrant> grants = {};
  bool token_refused = false;

  // The value of the first header of this (lower-case) name.
  std::optional<std::string_view> Header(std::string_view name) const;
  std::string_view MediaType() const;  // of the Content-Type, without its parameters; empty: none is given
};

// A body with the headers that belong to it, prepared once and shared by every response that carries it.
// Immutable.
class Content {
 public:
  static std::shared_ptr<const Content> Make(std::string type, std::string body, HeaderList headers = {});

  const std::string& body() const { return body_; }
  const HeaderList& headers() const { return headers_; }  // with Content-Type
  const std::string& head() const { return head_; }       // the same as header lines, with Content-Length

 private:
  Content() = default;
  std::string body_, head_;
  HeaderList headers_;
};
using ContentPtr = std::shared_ptr<const Content>;

struct Response {
  int status = 200;
  HeaderList headers;  // of this response alone
  ContentPtr content;  // null: an empty body
  // Called when the client has read the whole answer, for what must not happen when it was lost. The connection ends
  // with such an answer.
  std::function<void()> delivered = {};
  // The body of an answer whose length is not known before: one piece after the other, each asked for when the one before
  // it is written. An empty one ends it. Then there is no `content`, and its type is among the headers.
  std::function<std::string()> pieces = {};

  // No answer: the request may not wait, and would have to. Nothing has been done for it, and it is asked again.
  bool later = false;

  // The value of the first header of this name (any case), here or in the content.
  std::optional<std::string_view> Header(std::string_view name) const;
};

Response Later();

// How large the body of a request may be, how long it may take, and what is answered when it is larger.
struct BodyLimit {
  size_t bytes = 0;
  std::chrono::milliseconds time{0};
  Response refusal = {.status = 413, .headers = {}, .content = nullptr};
};

// An answer for this request alone, which no cache may keep: Cache-Control: no-store.
Response NoStore(int status, ContentPtr content);
Response NoStore(int status, std::string type, std::string body);

// The request is the handler's to complete: who is behind it is found out there.
using Handler = std::function<Response(Request&)>;

std::string_view ReasonPhrase(int status);

}  // namespace thimble::http
