// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/raw_http.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "tcb/base/text.h"

namespace thimble::test {

std::optional<std::string> RawAnswer::Header(std::string_view exact_name) const {
  for (const auto& [name, value] : headers) {
    if (name == exact_name) return value;
  }
  return std::nullopt;
}

RawConnection::RawConnection(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket_);
    socket_ = -1;
  }
}

RawConnection::RawConnection(const std::string& unix_path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, unix_path.c_str(), sizeof address.sun_path - 1);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket_);
    socket_ = -1;
  }
}

RawConnection::~RawConnection() {
  if (socket_ >= 0) ::close(socket_);
}

void RawConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;  // the peer has closed: Receive() shows what it said
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

bool RawConnection::Fill() {
  pollfd entry{socket_, POLLIN, 0};
  if (!connected() || ::poll(&entry, 1, 10'000) <= 0) return false;
  std::array<char, 65536> chunk;
  const ssize_t count = ::recv(socket_, chunk.data(), chunk.size(), 0);
  if (count <= 0) return false;
  buffer_.append(chunk.data(), static_cast<size_t>(count));
  return true;
}

RawAnswer RawConnection::Receive(bool head) {
  size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return {};
  }
  RawAnswer answer;
  std::string_view rest = std::string_view(buffer_).substr(0, end);
  bool first = true;
  while (!rest.empty()) {
    const size_t line_end = std::min(rest.find("\r\n"), rest.size());
    const std::string_view line = rest.substr(0, line_end);
    rest.remove_prefix(std::min(line_end + 2, rest.size()));
    if (first) {
      answer.status = std::stoi(std::string(line.substr(9, 3)));
      answer.reason = line.substr(13);
      first = false;
    } else {
      const size_t colon = line.find(": ");
      answer.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
  }
  buffer_.erase(0, end + 4);
  if (answer.Header("Transfer-Encoding") == "chunked") {
    ReceiveChunks(answer);
    return answer;
  }
  const size_t length = head ? 0 : std::stoul(answer.Header("Content-Length").value_or("0"));
  while (buffer_.size() < length && Fill()) {
  }
  answer.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return answer;
}

// An answer whose last chunk does not come has no status: it is not whole.
void RawConnection::ReceiveChunks(RawAnswer& answer) {
  for (;;) {
    size_t end;
    while ((end = buffer_.find("\r\n")) == std::string::npos) {
      if (Fill()) continue;
      answer.status = 0;
      return;
    }
    const size_t size = std::stoul(buffer_.substr(0, end), nullptr, 16);
    while (buffer_.size() < end + 2 + size + 2 && Fill()) {
    }
    answer.body += buffer_.substr(end + 2, size);
    buffer_.erase(0, end + 2 + size + 2);
    if (size == 0) return;
  }
}

void RawConnection::Abort() {
  const linger now{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  close(socket_);
  socket_ = -1;
}

bool RawConnection::ClosedByPeer() {
  pollfd entry{socket_, POLLIN, 0};
  if (!buffer_.empty() || ::poll(&entry, 1, 5000) <= 0) return false;
  char byte;
  return ::recv(socket_, &byte, 1, 0) <= 0;
}

RawAnswer Get(uint16_t port, std::string_view target, std::string_view extra_headers) {
  RawConnection connection(port);
  connection.Send(StrCat("GET ", target, " HTTP/1.1\r\nHost: localhost\r\n", extra_headers, "\r\n"));
  return connection.Receive();
}

RawAnswer Post(uint16_t port, std::string_view target, std::string_view content_type, std::string_view body) {
  RawConnection connection(port);
  connection.Send(StrCat("POST ", target, " HTTP/1.1\r\nHost: localhost\r\nContent-Type: ", content_type,
                         "\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  return connection.Receive();
}

}  // namespace thimble::test
