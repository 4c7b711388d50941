// SPDX-License-Identifier: Apache-2.0
//
// HTTP by hand over a loopback socket, so that tests see answers exactly as they were sent and can send what no client
// would.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thimble::test {

struct RawAnswer {
  int status = 0;  // 0: no answer, the connection was closed
  std::string reason;
  std::vector<std::pair<std::string, std::string>> headers;  // as spelled, in order
  std::string body;

  // The value of the header of exactly this spelling; nullopt when there is none.
  std::optional<std::string> Header(std::string_view exact_name) const;
};

class RawConnection {
 public:
  explicit RawConnection(uint16_t port);
  explicit RawConnection(const std::string& unix_path);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  bool connected() const { return socket_ >= 0; }
  void Send(std::string_view bytes);
  // The next answer; waits for it at most 10 s. An answer to HEAD has no body.
  RawAnswer Receive(bool head = false);
  // Resets the connection instead of ending it: what the peer sends is lost.
  void Abort();
  // True when the peer closes within 5 s, and sends nothing before.
  bool ClosedByPeer();

 private:
  bool Fill();
  void ReceiveChunks(RawAnswer& answer);
  int socket_ = -1;
  std::string buffer_;
};

// One request on a connection of its own.
RawAnswer Get(uint16_t port, std::string_view target, std::string_view extra_headers = "");
RawAnswer Post(uint16_t port, std::string_view target, std::string_view content_type, std::string_view body);

}  // namespace thimble::test
