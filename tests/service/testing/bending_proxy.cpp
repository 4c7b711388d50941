// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/bending_proxy.h"

#include <sys/socket.h>

#include <array>
#include <optional>

#include "tcb/base/ascii.h"
#include "tcb/base/text.h"

namespace thimble::test {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n", kExpects = "Expect: 100-continue\r\n";

void SendAll(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

bool Fill(int from, std::string& buffer) {
  std::array<char, 65536> chunk;
  const ssize_t count = ::recv(from, chunk.data(), chunk.size(), 0);
  if (count > 0) buffer.append(chunk.data(), static_cast<size_t>(count));
  return count > 0;
}

struct Received {
  std::string head;  // with its empty line, without Expect
  AskedRequest asked;
};

// nullopt: the client has gone.
std::optional<Received> Receive(int client) {
  std::string buffer;
  size_t end;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill(client, buffer)) return std::nullopt;
  }
  Received out{buffer.substr(0, end + 4), {}};
  std::string body = buffer.substr(end + 4);
  if (const size_t at = out.head.find(kExpects); at != std::string::npos) {
    out.head.erase(at, kExpects.size());
    SendAll(client, kContinue);
  }
  constexpr std::string_view kLength = "Content-Length: ";
  const size_t at = out.head.find(kLength);
  const size_t length = at == std::string::npos ? 0 : std::stoul(out.head.substr(at + kLength.size()));
  while (body.size() < length) {
    if (!Fill(client, body)) return std::nullopt;
  }
  const size_t space = out.head.find(' ');
  out.asked = {out.head.substr(0, space),
               out.head.substr(space + 1, out.head.find(' ', space + 1) - space - 1), std::move(body)};
  return out;
}

std::string Text(const RawAnswer& answer) {
  std::string out = StrCat("HTTP/1.1 ", answer.status, " ", answer.reason, "\r\n");
  for (const auto& [name, value] : answer.headers) {
    if (!EqualIgnoringCase(name, "Content-Length") && !EqualIgnoringCase(name, "Connection"))
      out += StrCat(name, ": ", value, "\r\n");
  }
  return out + StrCat("Content-Length: ", answer.body.size(), "\r\nConnection: close\r\n\r\n", answer.body);
}

}  // namespace

std::string BendingProxy::url() const { return StrCat("http://127.0.0.1:", listener_.port()); }

void BendingProxy::Serve(int client) const {
  const auto received = Receive(client);
  if (!received) return;
  RawConnection server(server_);
  server.Send(received->head);
  server.Send(received->asked.body);
  RawAnswer answer = server.Receive();
  if (fault_) fault_(received->asked, answer);
  SendAll(client, Text(answer));
}

void Refuse(RawAnswer& answer, int status, std::string_view cause) {
  answer = {.status = status, .reason = "Refused", .headers = {}, .body = ""};
  if (!cause.empty()) SetHeader(answer, "X-Thimble-Cause", cause);
}

void RemoveHeader(RawAnswer& answer, std::string_view name) {
  std::erase_if(answer.headers, [&](const auto& header) { return EqualIgnoringCase(header.first, name); });
}

void SetHeader(RawAnswer& answer, std::string_view name, std::string_view value) {
  RemoveHeader(answer, name);
  answer.headers.emplace_back(name, value);
}

}  // namespace thimble::test
